import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { openRedis } from '../../src/http/redis.ts';
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
    expect(await statuses(2, () => send(app, low))).toEqual([200, 429]);
    expect(await statuses(6, () => send(app, high))).toEqual([200, 200, 200, 200, 200, 429]);
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
    expect((await app.database.pool.query('select 1 from tenants')).rows).toHaveLength(1);
  });
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

const redisUrl = 'redis://127.0.0.1:6379';
const isRedisThere = await probe();

async function probe(): Promise<boolean> {
  const redis = openRedis(redisUrl, { warn: () => {}, info: () => {} });
  const answer = await Promise.race([new Promise((resolve) => redis.once('ready', resolve)), sleep(500, 'none')]);
  redis.disconnect();
  return answer !== 'none';
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
});
