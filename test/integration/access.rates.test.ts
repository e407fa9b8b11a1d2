import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openRedis } from '../../src/http/redis.ts';
import { overSockets } from '../support/live.ts';
import { type OpenApp, type OpenAppOptions, openApp } from '../support/rest-app.ts';
import { type Json, uniqueSlug } from '../support/rest-world.ts';
import { freePort } from '../support/server-process.ts';

const opened: OpenApp[] = [];
afterEach(async () => {
  for (const app of opened.splice(0).reverse()) {
    await app.close();
  }
});

async function open(options: OpenAppOptions): Promise<OpenApp> {
  const app = await openApp(options);
  opened.push(app);
  return app;
}

const urlOf = ({ database }: OpenApp) => database.pool.options.connectionString ?? '';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: Json;
}

async function send({ app }: OpenApp, key: string | null, url = '/api/v1/tenants', body?: object): Promise<Answer> {
  const answer = await app.server.inject({
    method: body === undefined ? 'GET' : 'POST',
    url,
    headers: { ...(key !== null && { 'x-api-key': key }), ...(body && { 'content-type': 'application/json' }) },
    ...(body && { payload: JSON.stringify(body) }),
  });
  return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(answer.body) };
}

const statuses = async (count: number, request: () => Promise<Answer>) => {
  const seen: number[] = [];
  for (let n = 0; n < count; n += 1) {
    seen.push((await request()).status);
  }
  return seen;
};

/** A key of the installation with these limits, made on a server that lets much through. */
async function newKey(databaseUrl: string, limits: object = {}): Promise<string> {
  const app = await open({ databaseUrl });
  const { body } = await send(app, 'sk_test_bootstrap', '/api/v1/api-keys', { tenant_id: null, ...limits });
  return body.plaintext_key;
}

const graphql = (app: OpenApp, key: string) => send(app, key, '/graphql', { query: '{ viewer { id } }' });

describe('every caller', () => {
  test('may send so many requests over both doors together, and is told how many are left', async () => {
    const app = await open({ settings: { RATE_LIMIT_MAX: '3', RATE_LIMIT_WINDOW: '2 hours' } });
    const key = await newKey(urlOf(app));
    const first = await send(app, key);
    expect(first.headers).toMatchObject({
      'ratelimit-limit': '3',
      'ratelimit-remaining': '2',
      'ratelimit-reset': '7200',
      'x-ratelimit-limit': '3',
      'x-ratelimit-remaining': '2',
      'x-ratelimit-reset': '7200',
    });
    expect((await graphql(app, key)).headers['ratelimit-remaining']).toBe('1');
    expect((await send(app, key)).headers['ratelimit-remaining']).toBe('0');

    const [rest, door] = [await send(app, key), await graphql(app, key)];
    for (const { status, headers } of [rest, door]) {
      expect(status).toBe(429);
      expect(Number(headers['retry-after'])).toBeGreaterThan(7_000);
      expect(headers['x-request-id']).toEqual(expect.any(String));
    }
    expect(rest.body.error).toMatchObject({ code: 'RATE_LIMITED', details: { limit: 3 } });
    expect(door.body.errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', details: { limit: 3 } } }]);
    expect((await send(app, 'sk_test_bootstrap')).status).toBe(200);
  });

  test('has the limit of its own key, be it lower or higher', async () => {
    const app = await open({ settings: { RATE_LIMIT_MAX: '3' } });
    const [low, high] = [
      await newKey(urlOf(app), { rate_limit_max: 1, rate_limit_window: '1 day' }),
      await newKey(urlOf(app), { rate_limit_max: 5 }),
    ];
    expect((await send(app, low)).headers).toMatchObject({ 'ratelimit-limit': '1', 'ratelimit-reset': '86400' });
    const { status, headers, body } = await send(app, low);
    expect(status).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(86_300);
    expect(body.error.details).toEqual({ limit: 1, retry_after_seconds: Number(headers['retry-after']) });
    expect(await statuses(6, () => send(app, high))).toEqual([200, 200, 200, 200, 200, 429]);
  });

  test('may send no more over a WebSocket: each of its operations counts, and so does opening it', async () => {
    const app = await open({ settings: { RATE_LIMIT_MAX: '4' } });
    const key = await newKey(urlOf(app));
    const transport = overSockets(await app.app.server.listen({ host: '127.0.0.1', port: 0 }));
    expect(await statuses(2, () => send(app, key))).toEqual([200, 200]);
    const first = transport.follow('{ viewer { id } }', {}, key);
    expect((await first.next()).data.viewer.id).toBeDefined();
    const second = transport.follow('{ viewer { id } }', {}, key);
    const failure = await second.next().catch(({ message }: Error) => message);
    expect(failure).toContain('RATE_LIMITED');
    expect((await send(app, key)).status).toBe(429);
    await transport.close();
  });

  test('begins anew when the window is over', async () => {
    const app = await open({ settings: { RATE_LIMIT_MAX: '1', RATE_LIMIT_WINDOW: '1 second' } });
    const key = await newKey(urlOf(app));
    expect(await statuses(2, () => send(app, key))).toEqual([200, 429]);
    await sleep(1_050);
    expect((await send(app, key)).status).toBe(200);
  });

  test('leaves nothing behind with what was one too many', async () => {
    const app = await open({ settings: { RATE_LIMIT_MAX: '1' } });
    const key = await newKey(urlOf(app));
    const create = () => send(app, key, '/api/v1/tenants', { name: 'T', slug: uniqueSlug() });
    expect(await statuses(3, create)).toEqual([201, 429, 429]);
    const query = `mutation { createTenant(input: { name: "T", slug: "${uniqueSlug()}" }) { id } }`;
    const answer = await send(app, key, '/graphql', { query });
    expect(answer).toMatchObject({ status: 429, body: { errors: [{ extensions: { code: 'RATE_LIMITED' } }] } });
    const { rows } = await app.database.pool.query(
      'select (select count(*)::int from tenants) as tenants, (select count(*)::int from events where tenant_id is not null) as events',
    );
    expect(rows).toEqual([{ tenants: 1, events: 1 }]);
  });
});

test('a changed limit of a key holds for its next request', async () => {
  const app = await open({ settings: { RATE_LIMIT_MAX: '3' } });
  const key = await newKey(urlOf(app), { rate_limit_max: 1 });
  expect(await statuses(2, () => send(app, key))).toEqual([200, 429]);
  await app.database.pool.query('update api_keys set rate_limit_max = 4');
  expect(await statuses(3, () => send(app, key))).toEqual([200, 200, 429]);
});

test('the subjects of tokens are counted each by itself, in each tenant', async () => {
  const secret = 'k7Qz-2mfPx_9LwRt4Vb8Yc1Nd6Hs0Jg3';
  const app = await open({ settings: { RATE_LIMIT_MAX: '2', JWT_SECRET: secret } });
  const admin = await open({ databaseUrl: urlOf(app) });
  const newTenant = async (): Promise<string> =>
    (await send(admin, 'sk_test_bootstrap', '/api/v1/tenants', { name: 'T', slug: uniqueSlug() })).body.id;
  const statusOf = async (tenant_id: string, sub: string, exp = '1h') => {
    const token = new SignJWT({ tenant_id, sub }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime(exp);
    const authorization = `Bearer ${await token.sign(new TextEncoder().encode(secret))}`;
    return (await app.app.server.inject({ url: '/api/v1/tenants', headers: { authorization } })).statusCode;
  };
  const [one, other] = [await newTenant(), await newTenant()];
  const seen = [await statusOf(one, 'alice'), await statusOf(one, 'alice', '2h'), await statusOf(one, 'alice')];
  expect(seen).toEqual([200, 200, 429]);
  expect([await statusOf(one, 'bob'), await statusOf(other, 'alice')]).toEqual([200, 200]);
});

test.each([
  ['a wrong key', (app: OpenApp) => send(app, 'sk_test_nobody', '/graphql', { query: '{ viewer { id } }' })],
  ['a wrong key and a document that is none', (app: OpenApp) => send(app, 'x', '/graphql', { query: '{' })],
  ['a wrong key and a body that is none', (app: OpenApp) => send(app, 'x', '/api/v1/tenants', [])],
])('whoever comes with %s is counted by address', async (_what, request) => {
  const app = await open({ settings: { RATE_LIMIT_MAX: '1' } });
  expect((await request(app)).headers).toMatchObject({ 'ratelimit-remaining': '0' });
  expect((await request(app)).status).toBe(429);
});

test('health is never limited, whoever asks', async () => {
  const app = await open({ settings: { RATE_LIMIT_MAX: '1' } });
  for (const url of ['/api/v1/health', '/api/v1/health/live', '/api/v1/health/ready']) {
    for (const key of [null, null, 'sk_test_nobody', 'sk_test_bootstrap', 'sk_test_bootstrap']) {
      const { status, headers } = await send(app, key, url);
      expect(status).toBe(200);
      expect(headers).not.toHaveProperty('ratelimit-limit');
    }
  }
});

test('who is nobody is counted by address, and takes nothing from those who are somebody', async () => {
  const app = await open({ settings: { RATE_LIMIT_MAX: '4' } });
  const key = await newKey(urlOf(app));
  const wrong = 'sk_test_0123456789012345678901234567890123456789abc';
  expect(await statuses(2, () => send(app, wrong))).toEqual([401, 401]);
  expect(await statuses(1, () => send(app, null, '/api/v1/openapi.json'))).toEqual([200]);
  expect(await statuses(2, () => send(app, null))).toEqual([401, 429]);
  expect(await statuses(1, () => send(app, null, '/api/v1/openapi.json'))).toEqual([429]);
  expect((await send(app, wrong)).status).toBe(429);
  expect(await statuses(4, () => send(app, key))).toEqual([200, 200, 200, 200]);
  expect((await send(app, null, '/api/v1/health')).status).toBe(200);
});

test.each(['/api/v1/openapi.json', '/api/v1/nothing', '/api/docs/json'])(
  'everybody is counted by address at %s, where nobody is asked',
  async (url) => {
    const app = await open({ settings: { RATE_LIMIT_MAX: '1' } });
    const [first, second] = [await send(app, 'anything', url), await send(app, 'anything', url)];
    expect(first.status).not.toBe(429);
    expect(second.status).toBe(429);
  },
);

const redisUrl = 'redis://127.0.0.1:6379';
const isRedisThere = await probe();

async function probe(): Promise<boolean> {
  const redis = openRedis(redisUrl, { warn: () => {}, info: () => {} });
  const answer = await Promise.race([new Promise((resolve) => redis.once('ready', resolve)), sleep(500, 'none')]);
  redis.disconnect();
  return answer !== 'none';
}

/** Speaks as much of the protocol of Redis as counting takes, until it is told to be silent. */
async function fakeRedis() {
  let [counted, isSilent] = [0, false];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.setEncoding('utf8').on('data', (text: string) => {
      const isCount = /\r\neval(sha)?\r\n/i.test(text);
      counted += isCount && !isSilent ? 1 : 0;
      if (!isSilent) {
        const info = 'redis_version:7.0.0\r\nloading:0';
        const answers = (text.match(/^\*\d+\r$/gm) ?? []).map(() => '+OK\r\n').join('');
        const other = /\r\ninfo\r\n/i.test(text) ? `$${info.length}\r\n${info}\r\n` : answers;
        socket.write(isCount ? `*2\r\n:${counted}\r\n:60000\r\n` : other);
      }
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  return {
    url: `redis://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    counted: () => counted,
    fallSilent: () => {
      isSilent = true;
    },
    close: () => void server.close(),
  };
}

describe('with Redis', () => {
  test.skipIf(!isRedisThere)('all processes count together', async () => {
    const settings = { RATE_LIMIT_MAX: '3', REDIS_URL: redisUrl };
    const one = await open({ settings });
    const other = await open({ settings, databaseUrl: urlOf(one) });
    const key = await newKey(urlOf(one));
    expect((await send(one, null, '/api/v1/health')).body.redis).toBe('connected');
    expect(await statuses(2, () => send(one, key))).toEqual([200, 200]);
    expect(await statuses(2, () => send(other, key))).toEqual([200, 429]);
    expect((await send(one, key)).status).toBe(429);
  });

  test('that is out of reach each counts for itself: nobody is turned away, nobody goes uncounted, and the log says so once', async () => {
    const lines: string[] = [];
    const app = await open({
      settings: { RATE_LIMIT_MAX: '2', REDIS_URL: `redis://127.0.0.1:${await freePort()}`, STRATUM_LOG_LEVEL: 'warn' },
      onLog: (line) => lines.push(line),
    });
    const key = await newKey(urlOf(app));
    expect(await statuses(3, () => send(app, key))).toEqual([200, 200, 429]);
    expect((await send(app, null, '/api/v1/health')).body.redis).toBe('disconnected');
    await sleep(700); // it is tried again meanwhile
    expect(lines.filter((line) => line.includes("Redis can't be reached"))).toHaveLength(1);
  });

  test('that takes connections and never answers nobody is held up for long', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const app = await open({ settings: { RATE_LIMIT_MAX: '2', REDIS_URL: `redis://127.0.0.1:${port}` } });
    const key = await newKey(urlOf(app));
    expect(await statuses(3, () => send(app, key))).toEqual([200, 200, 429]);
    silent.close();
  });

  test('that falls silent in the middle holds nobody up for long, and all are counted still', async () => {
    const redis = await fakeRedis();
    const lines: string[] = [];
    const app = await open({
      settings: { RATE_LIMIT_MAX: '2', REDIS_URL: redis.url, STRATUM_LOG_LEVEL: 'warn' },
      onLog: (line) => lines.push(line),
    });
    const key = await newKey(urlOf(app));
    await vi.waitFor(async () => expect((await send(app, null, '/api/v1/health')).body.redis).toBe('connected'));
    expect((await send(app, key)).headers['ratelimit-remaining']).toBe('1');
    expect(redis.counted()).toBe(1);

    redis.fallSilent();
    const times = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const start = performance.now();
        const { status } = await send(app, key);
        return { status, isQuick: performance.now() - start < 2_000 };
      }),
    );
    expect(times.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429]);
    expect(times.every(({ isQuick }) => isQuick)).toBe(true);

    await vi.waitFor(
      async () => expect((await send(app, null, '/api/v1/health')).body.redis).toBe('disconnected'),
      5_000,
    );
    const start = performance.now();
    expect(await statuses(5, () => send(app, key))).toEqual([429, 429, 429, 429, 429]);
    expect(performance.now() - start).toBeLessThan(2_000); // nobody waits any more
    expect(lines.filter((line) => line.includes("Redis can't be reached"))).toHaveLength(1);
    redis.close();
  });
});
