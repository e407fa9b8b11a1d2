// One file, though it is long: all of it asks two servers, which are started once.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { growSubtree } from '../support/grow-subtree.ts';
import { type OpenApp, openApp } from '../support/rest-app.ts';
import { uniqueSlug } from '../support/rest-world.ts';

const origin = 'https://app.example.com';
/** More than the buffers between server and reader can hold. */
const descendants = 15_000;
const bootstrapKey = 'a-bootstrap-key-of-this-test';
const lines: string[] = [];

let opened: OpenApp;
beforeAll(async () => {
  opened = await openApp({
    settings: { ALLOWED_ORIGINS: origin, STRATUM_BOOTSTRAP_KEY: bootstrapKey, STRATUM_LOG_LEVEL: 'trace' },
    onLog: (line) => lines.push(line),
  });
});
afterAll(() => opened.close());

const key = { 'x-api-key': 'sk_test_bootstrap' };
const json = { 'content-type': 'application/json' };

interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'OPTIONS' | 'DELETE';
  readonly headers?: Record<string, string>;
  readonly payload?: string | object;
}

async function ask(url: string, { method = 'GET', headers = key, payload }: Ask = {}) {
  const answer = await opened.app.server.inject({ url, method, headers, ...(payload !== undefined && { payload }) });
  const isJson = String(answer.headers['content-type']).includes('json');
  return { status: answer.statusCode, headers: answer.headers, body: isJson ? answer.json() : answer.body };
}

async function newTenant(): Promise<string> {
  const payload = { name: 'Tenant', slug: uniqueSlug() };
  return (await ask('/api/v1/tenants', { method: 'POST', payload })).body.id;
}

const large = JSON.stringify({ query: 'x'.repeat(1_100_000) });
const poisoned = '{"query":"{ __typename }","variables":{"__proto__":{"a":1}}}';
const escaped = '{"query":"{ __typename }","variables":{"\\u005f_proto__":{"a":1}}}';

/** Every way an answer can come about, with the status it has. */
const ways: readonly [what: string, url: string, ask: Ask, status: number][] = [
  ['a reading', '/api/v1/tenants', {}, 200],
  ['health', '/api/v1/health', { headers: {} }, 200],
  ['GraphQL', '/graphql?query={__typename}', {}, 200],
  [
    'a preflight',
    '/api/v1/tenants',
    { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } },
    204,
  ],
  ['no key', '/api/v1/tenants', { headers: {} }, 401],
  [
    'no key for GraphQL',
    '/graphql',
    { method: 'POST', headers: json, payload: { query: '{ tenants { nodes { id } } }' } },
    401,
  ],
  ['no such path', '/nothing', {}, 404],
  ['no such path of REST', '/api/v1/nothing', {}, 404],
  ['no such method', '/api/v1/tenants', { method: 'DELETE' }, 405],
  ['no such method of GraphQL', '/graphql', { method: 'DELETE' }, 405],
  ['a broken path', '/api/v1/tenants/%zz', {}, 400],
  ['a path that is too long', `/api/v1/tenants/${'x'.repeat(5_000)}`, {}, 400],
  ['broken JSON', '/api/v1/tenants', { method: 'POST', headers: { ...key, ...json }, payload: '{' }, 400],
  ['a poisoned body', '/api/v1/tenants', { method: 'POST', headers: { ...key, ...json }, payload: poisoned }, 400],
  ['broken JSON for GraphQL', '/graphql', { method: 'POST', headers: { ...key, ...json }, payload: '{' }, 400],
  ['a poisoned body for GraphQL', '/graphql', { method: 'POST', headers: { ...key, ...json }, payload: poisoned }, 400],
  ['an escaped one for GraphQL', '/graphql', { method: 'POST', headers: { ...key, ...json }, payload: escaped }, 400],
  [
    'a body that is too large',
    '/api/v1/tenants',
    { method: 'POST', headers: { ...key, ...json }, payload: large },
    413,
  ],
  ['a large body for GraphQL', '/graphql', { method: 'POST', headers: { ...key, ...json }, payload: large }, 413],
  [
    'a body of another kind',
    '/api/v1/tenants',
    { method: 'POST', headers: { ...key, 'content-type': 'text/xml' }, payload: '<a/>' },
    415,
  ],
  [
    'another kind for GraphQL',
    '/graphql',
    { method: 'POST', headers: { ...key, 'content-type': 'text/xml' }, payload: '<a/>' },
    415,
  ],
];

describe('every answer', () => {
  test.each(ways)('to %s has its status, its shape, and the id of its request', async (_what, url, options, status) => {
    const headers = { ...(options.headers ?? key), 'x-request-id': 'mine-1' };
    const answer = await ask(url, { ...options, headers });

    expect(answer.status).toBe(status);
    expect(answer.headers['x-request-id']).toBe('mine-1');
    if (status >= 400 && url.startsWith('/graphql')) {
      expect(answer.body).toMatchObject({ errors: [{ message: expect.any(String) }] });
    } else if (status >= 400) {
      expect(answer.body).toEqual({ error: { code: expect.any(String), message: expect.any(String) } });
    }
  });

  test('to what is no HTTP at all is an error with an id too', async () => {
    const { port } = new URL(await opened.app.server.listen({ port: 0, host: '127.0.0.1' }));
    const socket = connect(Number(port), '127.0.0.1');
    socket.end('GET / nonsense\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(/\r\nx-request-id: [\da-f-]{36}\r\n/i);
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({ error: { code: 'VALIDATION_ERROR' } });
  });
});

describe('X-Request-Id', () => {
  test.each(['a', 'x'.repeat(128), 'trace:1/2;3'])('is the caller’s when it is sane: %#', async (id) => {
    expect((await ask('/api/v1/tenants', { headers: { ...key, 'x-request-id': id } })).headers['x-request-id']).toBe(
      id,
    );
  });

  test.each(['', ' ', 'two words', 'x'.repeat(129), 'ünï'])('is a new one otherwise: %#', async (id) => {
    const { headers } = await ask('/api/v1/tenants', { headers: { ...key, 'x-request-id': id } });
    expect(headers['x-request-id']).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  });

  test('is in the log and in the event of the change', async () => {
    const id = uniqueSlug();
    const payload = { name: 'Tenant', slug: uniqueSlug() };
    await ask('/api/v1/tenants', { method: 'POST', headers: { ...key, 'x-request-id': id }, payload });
    const { rows } = await opened.database.pool.query('select type from events where request_id = $1', [id]);
    expect(rows).toEqual([{ type: 'tenant.created' }]);
    expect(lines.map((line) => JSON.parse(line)).filter(({ requestId }) => requestId === id)).toMatchObject([
      { method: 'POST', url: '/api/v1/tenants', status: 201 },
    ]);
  });
});

describe('browsers', () => {
  test('pages of an allowed origin may call, with credentials, and see what they need', async () => {
    const { headers } = await ask('/api/v1/tenants', { headers: { ...key, origin } });
    expect(headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
    });
    expect(headers['vary']).toContain('Origin');
    const exposed = String(headers['access-control-expose-headers']).split(/, */);
    expect(exposed).toEqual(expect.arrayContaining(['X-Request-Id', 'ETag', 'X-Next-Cursor', 'Link', 'Location']));
  });

  test.each(['/api/v1/tenants', '/graphql'])('a preflight of %s allows methods and headers to them', async (url) => {
    const asked = { origin, 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'x-api-key' };
    const { status, headers } = await ask(url, { method: 'OPTIONS', headers: asked });
    expect(status).toBe(204);
    expect(headers['access-control-allow-methods']).toContain('PATCH');
    expect(headers['access-control-allow-headers']).toContain('x-api-key');
  });

  test('pages of other origins may not', async () => {
    for (const other of ['https://evil.example', 'null', `${origin}.evil.example`]) {
      const { headers } = await ask('/api/v1/tenants', { headers: { ...key, origin: other } });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('answers say how they are to be treated', async () => {
    for (const url of ['/api/v1/tenants', '/graphql?query={__typename}', '/nothing', '/api/docs']) {
      expect((await ask(url)).headers).toMatchObject({
        'content-security-policy': expect.stringContaining("script-src 'self'"),
        'strict-transport-security': expect.stringContaining('max-age=31536000'),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'SAMEORIGIN',
      });
    }
  });

  test.each(['/graphql', '/api/docs'])('the page %s holds nothing that its own policy forbids', async (url) => {
    const { status, headers, body } = await ask(url, { headers: { accept: 'text/html' } });
    const policy = policyOf(String(headers['content-security-policy']));
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/html/);

    const html = String(body);
    for (const [, attributes = '', script = ''] of html.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)) {
      const source = /src="?([^"\s>]+)/.exec(attributes)?.[1];
      const allowed = source === undefined ? `'sha256-${await sha256(script)}'` : originOf(source);
      expect(policy['script-src'], source ?? script).toContain(allowed);
      if (allowed === "'self'") {
        expect((await ask(new URL(source!, 'http://x').pathname, { headers: {} })).status, source).toBe(200);
      }
    }
    for (const [, source = ''] of html.matchAll(/<link[^>]*rel="?stylesheet"?[^>]*href="?([^"\s>]+)/g)) {
      expect(policy['style-src'], source).toContain(originOf(source));
    }
    expect(html).not.toMatch(/\son\w+=/);
    expect(policy['script-src']).not.toContain("'unsafe-inline'");
  });
});

describe('the log', () => {
  test('has a line of JSON for every answer, and no key in any', async () => {
    const bearer = { authorization: `Bearer ${bootstrapKey}`, cookie: 'session=a-secret-cookie' };
    const before = lines.length;
    await ask('/api/v1/tenants', { headers: bearer });
    await ask('/api/v1/tenants', { headers: { 'x-api-key': 'sk_test_wrong_key' } });
    await ask('/graphql', { method: 'POST', headers: bearer, payload: { query: '{ nonsense }' } });
    opened.app.server.log.info({ headers: bearer, req: { headers: { ...bearer, ...key } } }, 'somebody logs headers');

    expect(lines.slice(before).map((line) => JSON.parse(line))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ url: '/api/v1/tenants', status: 200, requestId: expect.any(String) }),
        expect.objectContaining({ url: '/api/v1/tenants', status: 401 }),
        expect.objectContaining({ url: '/graphql' }),
        expect.objectContaining({ headers: { authorization: '[hidden]', cookie: '[hidden]' } }),
      ]),
    );
    for (const secret of ['sk_test_bootstrap', 'sk_test_wrong_key', bootstrapKey, 'a-secret-cookie']) {
      expect(lines.filter((line) => line.includes(secret))).toEqual([]);
    }
  });

  test('has the particulars of a fault, under the id of the request; the answer has none', async () => {
    const id = await newTenant();
    await opened.database.pool.query('alter table config_entries rename to elsewhere');
    const requestId = uniqueSlug();
    const query = `{ tenant(id: "${id}") { resolvedConfigMap } }`;
    const headers = { ...key, 'x-request-id': requestId };
    const answers = await Promise.all([
      ask(`/api/v1/tenants/${id}/config`, { headers }),
      ask('/graphql', { method: 'POST', headers, payload: { query } }),
    ]);
    await opened.database.pool.query('alter table elsewhere rename to config_entries');

    expect(answers[0]).toMatchObject({
      status: 500,
      body: { error: { code: 'INTERNAL_SERVER_ERROR', message: 'An unexpected error occurred' } },
    });
    expect(answers[1].body).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] });
    expect(JSON.stringify(answers.map(({ body }) => body))).not.toMatch(/config_entries|\bat |select/i);
    const logged = lines
      .map((line) => JSON.parse(line))
      .filter((line) => line.requestId === requestId && line.level === 50);
    expect(logged).toHaveLength(2);
    expect(logged.map((line) => JSON.stringify(line.err))).toEqual(
      logged.map(() => expect.stringContaining('config_entries')),
    );
  });
});

describe('a body that is not there', () => {
  test('is fine where none is needed, with and without a type', async () => {
    for (const headers of [key, { ...key, ...json }]) {
      const id = await newTenant();
      expect((await ask(`/api/v1/tenants/${id}/suspend`, { method: 'POST', headers, payload: '' })).status).toBe(200);
    }
  });

  test('is a mistake where one is', async () => {
    const id = await newTenant();
    for (const headers of [key, { ...key, ...json }]) {
      expect(await ask(`/api/v1/tenants/${id}`, { method: 'PATCH', headers, payload: '' })).toMatchObject({
        status: 400,
        body: { error: { code: 'VALIDATION_ERROR' } },
      });
    }
  });
});

test('config keys of 255 characters of four bytes fit into a path', async () => {
  const id = await newTenant();
  const name = '𐍈'.repeat(255);
  const url = `/api/v1/tenants/${id}/config/${encodeURIComponent(name)}`;
  expect(await ask(url, { method: 'PUT', payload: { value: 1 } })).toMatchObject({ status: 200, body: { key: name } });
});

test('the two configured keys are known by name, each in both headers; X-API-Key goes first', async () => {
  const use = async (headers: Record<string, string>) => {
    const payload = { name: 'Tenant', slug: uniqueSlug() };
    const { status, body, headers: answered } = await ask('/api/v1/tenants', { method: 'POST', headers, payload });
    const { rows } = await opened.database.pool.query('select actor_type, actor_id from events where tenant_id = $1', [
      body.id ?? null,
    ]);
    return status === 201 ? rows[0] : { status, challenge: answered['www-authenticate'] };
  };
  const development = { actor_type: 'api_key', actor_id: 'development' };
  const bootstrap = { actor_type: 'api_key', actor_id: 'bootstrap' };
  const refused = { status: 401, challenge: 'Bearer' };

  expect(await use(key)).toEqual(development);
  expect(await use({ authorization: 'Bearer sk_test_bootstrap' })).toEqual(development);
  expect(await use({ 'x-api-key': bootstrapKey, authorization: 'Bearer wrong' })).toEqual(bootstrap);
  expect(await use({ authorization: `bearer ${bootstrapKey}` })).toEqual(bootstrap);
  expect(await use({ 'x-api-key': 'wrong', authorization: `Bearer ${bootstrapKey}` })).toEqual(refused);
  expect(await use({ authorization: `Basic ${bootstrapKey}` })).toEqual(refused);
  expect(await use({ 'x-api-key': `${bootstrapKey} ` })).not.toEqual(development);
});

test.each([
  ['off', '127.0.0.1'],
  ['10.0.0.0/8', '127.0.0.1'],
  ['loopback', '203.0.113.7'],
])('with STRATUM_TRUST_PROXY=%s a change that a proxy on this machine passed on comes from %s', async (proxies, ip) => {
  const behind = await openApp({ settings: { STRATUM_TRUST_PROXY: proxies } });
  const headers = { ...key, 'x-forwarded-for': '198.51.100.9, 203.0.113.7' };
  const payload = { name: 'Tenant', slug: uniqueSlug() };
  await behind.app.server.inject({ method: 'POST', url: '/api/v1/tenants', headers, payload });
  const { rows } = await behind.database.pool.query('select host(source_ip::inet) as ip from events');
  await behind.close();
  expect(rows).toEqual([{ ip }]);
});

test('the development key opens nothing but a development server', async () => {
  const environment = { DATABASE_URL: 'postgresql://db.example.com/stratum' };
  const elsewhere = await openApp({ settings: environment });
  const { statusCode } = await elsewhere.app.server.inject({ url: '/api/v1/tenants', headers: key });
  await elsewhere.close();
  expect(statusCode).toBe(401);
});

describe('the deadline', () => {
  let slow: OpenApp;
  let locker: pg.Client;
  beforeAll(async () => {
    // The database's own limits come too late here: only the deadline is left.
    const times = { statementTimeoutMs: 30_000, connectTimeoutMs: 30_000 };
    slow = await openApp({ settings: { REQUEST_TIMEOUT_MS: '400' }, times });
    locker = new pg.Client({ connectionString: slow.database.pool.options.connectionString });
    await locker.connect();
    await locker.query('begin; lock table tenants, ledgers in access exclusive mode');
  });
  afterAll(async () => {
    await locker.end();
    await slow.close();
  });

  test('answers 503 for REST and for GraphQL', async () => {
    const rest = await slow.app.server.inject({ url: '/api/v1/tenants', headers: key });
    const payload = { query: '{ tenants { nodes { id } } }' };
    const graphql = await slow.app.server.inject({ method: 'POST', url: '/graphql', headers: key, payload });

    expect({ status: rest.statusCode, body: rest.json() }).toMatchObject({
      status: 503,
      body: { error: { code: 'SERVICE_UNAVAILABLE' } },
    });
    expect({ status: graphql.statusCode, body: graphql.json() }).toMatchObject({
      status: 503,
      body: { errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }] },
    });
    expect(rest.headers['retry-after']).toBe('1');
  });
});

test('a list that has begun may take longer than the deadline', async () => {
  const patient = await openApp({ settings: { REQUEST_TIMEOUT_MS: '1000' }, times: { statementTimeoutMs: 30_000 } });
  try {
    const payload = { name: 'Parent', slug: uniqueSlug() };
    const created = await patient.app.server.inject({ method: 'POST', url: '/api/v1/tenants', headers: key, payload });
    const { id } = created.json();
    await growSubtree(patient.database, id, descendants);
    const url = await patient.app.server.listen({ port: 0, host: '127.0.0.1' });
    const request = get(`${url}/api/v1/tenants/${id}/descendants`, { agent: false, headers: key });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.pause();
    await sleep(1_500);

    expect(JSON.parse(await text(response))).toHaveLength(descendants);
  } finally {
    await patient.close();
  }
});

function policyOf(header: string): Record<string, string[]> {
  const parts = header.split(';').map((part) => part.trim().split(/\s+/));
  return Object.fromEntries(parts.map(([name = '', ...values]) => [name, values]));
}

function originOf(source: string): string {
  return /^https?:/.test(source) ? new URL(source).origin : "'self'";
}

async function sha256(script: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(script))).toString('base64');
}
