// One file, though it is long: all of it asks the same servers, which are started once.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/db/database.ts';
import { overSockets } from '../support/live.ts';
import { readMetrics, type Sample } from '../support/metrics-text.ts';
import { type OpenApp, openApp, secrets } from '../support/rest-app.ts';
import { uniqueSlug, unknownId } from '../support/rest-world.ts';

const token = 'a-token-for-reading-metrics';
const key = { 'x-api-key': 'sk_test_bootstrap' };
const json = { 'content-type': 'application/json' };
const here = { host: 'localhost:3001' };

let measured: OpenApp;
let guarded: OpenApp;
let plain: OpenApp;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stratum-metrics-'));
  const documents = join(folder, 'documents.json');
  await writeFile(documents, JSON.stringify({ mine: 'query WhoAmI { viewer { id } }' }));
  measured = await openApp({ settings: { STRATUM_METRICS: 'on' } });
  guarded = await openApp({
    settings: {
      STRATUM_METRICS: 'on',
      STRATUM_METRICS_TOKEN: token,
      STRATUM_TRUSTED_DOCUMENTS: documents,
      RATE_LIMIT_MAX: '20',
    },
  });
  plain = await openApp();
});
afterAll(async () => {
  await Promise.all([measured, guarded, plain].map((opened) => opened.close()));
  await rm(folder, { recursive: true });
});

interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Record<string, string>;
  readonly payload?: object | string;
  readonly remoteAddress?: string;
}

async function ask({ app }: OpenApp, url: string, { method = 'GET', headers = key, ...rest }: Ask = {}) {
  const { statusCode, body, headers: answered } = await app.server.inject({ method, url, headers, ...rest });
  return { status: statusCode, body, headers: answered };
}

async function graphql(query: string, opened: OpenApp = measured, headers: Record<string, string> = key) {
  return ask(opened, '/graphql', { method: 'POST', headers: { ...headers, ...json }, payload: { query } });
}

async function newTenant(name: string): Promise<string> {
  const { body } = await ask(measured, '/api/v1/tenants', { method: 'POST', payload: { name, slug: uniqueSlug() } });
  return JSON.parse(body).id;
}

async function scrape(opened: OpenApp = measured, headers: Record<string, string> = here): Promise<Sample[]> {
  const { status, body } = await ask(opened, '/metrics', { headers });
  expect(status, body).toBe(200);
  return readMetrics(body);
}

function totalOf(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number {
  const found = samples.filter(
    (one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
  );
  return found.reduce((sum, { value }) => sum + value, 0);
}

/** How much a number has risen by what was done. */
async function rise(name: string, labels: Record<string, string>, work: () => Promise<unknown>): Promise<number> {
  const before = totalOf(await scrape(), name, labels);
  await work();
  return totalOf(await scrape(), name, labels) - before;
}

const labelsOf = (samples: readonly Sample[], label: string) =>
  new Set(samples.filter(({ name }) => name === 'stratum_requests_total').map(({ labels }) => labels[label]));

describe('off', () => {
  test('there are no metrics, and nothing listens for any', async () => {
    const answer = await ask(plain, '/metrics', { headers: here });

    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toEqual({ error: { code: 'NOT_FOUND', message: 'There is nothing here' } });
    expect(plain.app.metrics).toBeNull();
  });

  test.each([
    ['off', false],
    ['on', true],
  ])('connections are watched when metrics are %s: %s', async (metrics, isWatched) => {
    const database = openDatabase({ url: plain.database.pool.options.connectionString! });
    const config = readConfig({ STRATUM_LOG_LEVEL: 'silent', STRATUM_METRICS: metrics });
    const app = await createApp({ config, database, ...secrets });

    expect(Object.hasOwn(database.pool, 'connect')).toBe(isWatched);

    await app.close();
    await database.close();
  });
});

describe('who may read', () => {
  test.each([
    ['an address elsewhere', here, '203.0.113.7'],
    ['a request that was forwarded', { ...here, 'x-forwarded-for': '127.0.0.1' }, '127.0.0.1'],
    ['a name that points here', { host: 'rebound.example.com' }, '127.0.0.1'],
    ['a key with every right', { host: 'stratum.example.com', ...key }, '203.0.113.7'],
  ])('without a token, not %s', async (_what, headers, remoteAddress) => {
    const answer = await ask(measured, '/metrics', { headers, remoteAddress });

    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body).error).toEqual({ code: 'NOT_FOUND', message: 'There is nothing here' });
  });

  test.each([
    ['nothing', here],
    ['another token', { ...here, authorization: `Bearer ${token}x` }],
    ['an API key', { ...here, ...key }],
    ['the token as a key', { ...here, 'x-api-key': token }],
  ])('with a token, not those who send %s, wherever they are', async (_what, headers) => {
    const answer = await ask(guarded, '/metrics', { headers });

    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body).error).toMatchObject({ code: 'UNAUTHORIZED' });
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  test('with the token, everybody from everywhere', async () => {
    const headers = { host: 'stratum.example.com', authorization: `Bearer ${token}` };
    const answer = await ask(guarded, '/metrics', { headers, remoteAddress: '203.0.113.8' });

    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('tokens can not be tried without end, and readers are not counted', async () => {
    const from = (authorization: string) =>
      ask(guarded, '/metrics', { headers: { ...here, authorization }, remoteAddress: '203.0.113.9' });
    const guesses = [];
    for (let guess = 0; guess < 25; guess += 1) {
      guesses.push((await from(`Bearer guess-${guess}`)).status);
    }

    expect(guesses.slice(0, 20)).toEqual(Array(20).fill(401));
    expect(guesses.slice(20)).toEqual(Array(5).fill(429));
    expect((await from(`Bearer ${token}`)).status).toBe(200);
    const samples = await scrape(guarded, { authorization: `Bearer ${token}` });
    expect(totalOf(samples, 'stratum_rate_limited_total', { by: 'address' })).toBe(5);
  });
});

describe('requests', () => {
  test('a reading of REST counts under the pattern of its route', async () => {
    const id = await newTenant('Read');
    const labels = { door: 'rest', operation: 'GET /api/v1/tenants/:id/config', code: '200' };

    const risen = await rise('stratum_requests_total', labels, () => ask(measured, `/api/v1/tenants/${id}/config`));

    expect(risen).toBe(1);
    const { door, operation } = labels;
    const samples = await scrape();
    expect(totalOf(samples, 'stratum_request_duration_seconds_count', { door, operation })).toBe(1);
    expect(totalOf(samples, 'stratum_request_duration_seconds_sum', { door, operation })).toBeGreaterThan(0);
  });

  test.each([
    ['a refusal', '/api/v1/tenants', { headers: {} }, { door: 'rest', operation: 'GET /api/v1/tenants', code: '401' }],
    [
      'no such thing',
      `/api/v1/tenants/${unknownId}`,
      {},
      { door: 'rest', operation: 'GET /api/v1/tenants/:id', code: '404' },
    ],
    ['no such route', `/api/v1/${uniqueSlug()}`, {}, { door: 'other', operation: 'other', code: '404' }],
    ['no such path', `/${uniqueSlug()}`, {}, { door: 'other', operation: 'other', code: '404' }],
    ['no such method', '/api/v1/tenants', { method: 'DELETE' }, { door: 'other', operation: 'other', code: '405' }],
    ['health', '/api/v1/health', {}, { door: 'other', operation: 'GET /api/v1/health', code: '200' }],
    ['no method of GraphQL', '/graphql', { method: 'PUT' }, { door: 'graphql', operation: 'other', code: '405' }],
  ] satisfies [string, string, Ask, Record<string, string>][])('%s counts too', async (_what, url, options, labels) => {
    expect(await rise('stratum_requests_total', labels, () => ask(measured, url, options))).toBe(1);
  });

  test.each([
    ['fields of ours', '{ viewer { id } tenants { nodes { id } } }', 'tenants,viewer', 'ok'],
    ['a stored operation', 'query ListTenants { tenants { nodes { id } } }', 'ListTenants', 'ok'],
    ['a name of the caller', 'query Acme_Secret_42 { viewer { id } }', 'viewer', 'ok'],
    ['many fields', '{ a: viewer { id } b: viewer { id } c: viewer { id } d: viewer { id } }', 'other', 'ok'],
    ['a fragment', 'query Q { ...F } fragment F on Query { viewer { id } }', 'other', 'ok'],
    ['the schema', '{ __schema { queryType { name } } }', 'other', 'ok'],
    ['a refusal', `{ viewer { id } tenant(id: "${unknownId}") { id } }`, 'tenant,viewer', 'TENANT_NOT_FOUND'],
    ['what is not valid', '{ nothing }', 'other', 'VALIDATION_ERROR'],
    ['what is no document', '{', 'other', 'VALIDATION_ERROR'],
    [
      'what costs too much',
      '{ tenants(first: 100) { nodes { descendants(first: 100) { nodes { children(first: 100) { nodes { id } } } } } } }',
      'tenants',
      'VALIDATION_ERROR',
    ],
  ])('GraphQL counts %s under a name that was there before', async (_what, query, operation, code) => {
    const labels = { door: 'graphql', operation, code };
    expect(await rise('stratum_requests_total', labels, () => graphql(query))).toBe(1);
  });

  test('GraphQL counts strangers by the code they get', async () => {
    const labels = { door: 'graphql', operation: 'other', code: 'UNAUTHORIZED' };
    expect(await rise('stratum_requests_total', labels, () => graphql('{ viewer { id } }', measured, {}))).toBe(1);
  });

  test('operations over a WebSocket count one by one, and are no requests of HTTP', async () => {
    const sockets = overSockets(await measured.app.server.listen({ port: 0, host: '127.0.0.1' }));
    try {
      const over = async (query: string) => sockets.follow(query).next();
      const refused = `{ tenant(id: "${unknownId}") { id } }`;
      const graphql = { door: 'graphql' };
      expect(await rise('stratum_requests_total', graphql, () => over('{ viewer { id } }'))).toBe(1);
      const code = { ...graphql, operation: 'tenant', code: 'TENANT_NOT_FOUND' };
      expect(await rise('stratum_requests_total', code, () => over(refused))).toBe(1);
      const headers = { ...key, ...json, upgrade: 'websocket' };
      const payload = { query: '{ viewer { id } }' };
      const pretended = () => ask(measured, '/graphql', { method: 'POST', headers, payload });
      expect(await rise('stratum_requests_total', graphql, pretended)).toBe(1);
    } finally {
      await sockets.close();
    }
  });

  test('a trusted document counts by its name, others by their refusal', async () => {
    const payload = { extensions: { persistedQuery: { version: 1, sha256Hash: 'mine' } } };
    await ask(guarded, '/graphql', { method: 'POST', headers: { ...key, ...json }, payload });
    await graphql('query WhoAmI { viewer { type } }', guarded);

    const samples = await scrape(guarded, { authorization: `Bearer ${token}` });
    const door = { door: 'graphql' };
    expect(totalOf(samples, 'stratum_requests_total', { ...door, operation: 'WhoAmI', code: 'ok' })).toBe(1);
    expect(totalOf(samples, 'stratum_requests_total', { ...door, code: 'DOCUMENT_NOT_TRUSTED' })).toBe(1);
  });

  test('nothing that callers make up becomes a name', async () => {
    const before = labelsOf(await scrape(), 'operation');
    for (let n = 0; n < 30; n += 1) {
      await graphql(`query Hostile${n} { x${n}: viewer { id } }`);
      await graphql(`query ($v${n}: ID!) { hostile${n}(id: $v${n}) { id } }`);
      await ask(measured, `/api/v1/hostile${n}`);
      await ask(measured, `/api/v1/tenants/hostile${n}/descendants?hostile${n}=1`);
      await ask(measured, `/hostile${n}`, { headers: { host: `hostile${n}.example.com` } });
    }

    const added = [...labelsOf(await scrape(), 'operation')].filter((name) => !before.has(name));
    expect(added).toEqual(['GET /api/v1/tenants/:id/descendants']);
  });

  test('a caller with too many requests is counted as that', async () => {
    const counted = async () =>
      totalOf(await scrape(guarded, { authorization: `Bearer ${token}` }), 'stratum_rate_limited_total', {
        by: 'caller',
      });
    const before = await counted();
    const statuses = [];
    for (let n = 0; n < 25; n += 1) {
      statuses.push((await ask(guarded, '/api/v1/tenants')).status);
    }

    const refused = statuses.filter((status) => status === 429).length;
    expect(refused).toBeGreaterThan(0);
    expect((await counted()) - before).toBe(refused);
  });
});

describe('what the server is made of', () => {
  test('statements are counted by what they do', async () => {
    const before = await scrape();
    const sent = measured.statements.length;
    await newTenant('Statements');
    const samples = await scrape();

    const risen = (kind: string) =>
      totalOf(samples, 'stratum_statements_total', { kind }) - totalOf(before, 'stratum_statements_total', { kind });
    expect(risen('write')).toBeGreaterThan(0);
    expect(risen('other')).toBeGreaterThan(0); // the transaction
    expect(risen('read') + risen('write') + risen('other')).toBe(measured.statements.length - sent);
    const durations = totalOf(samples, 'stratum_statement_duration_seconds_count');
    expect(durations).toBe(totalOf(samples, 'stratum_statements_total'));
  });

  test('connections are told by pool and by what they do', async () => {
    const client = await measured.database.pool.connect();
    const busy = { pool: 'reads', state: 'busy' };
    try {
      expect(totalOf(await scrape(), 'stratum_pool_connections', busy)).toBe(1);
    } finally {
      client.release();
    }
    const samples = await scrape();
    expect(totalOf(samples, 'stratum_pool_connections', busy)).toBe(0);
    expect(samples.filter(({ name }) => name === 'stratum_pool_connections')).toHaveLength(6);
  });

  test('the process is measured, its event loop too', async () => {
    const names = new Set((await scrape()).map(({ name }) => name));
    expect([...names]).toEqual(
      expect.arrayContaining([
        'process_cpu_seconds_total',
        'nodejs_eventloop_lag_p99_seconds',
        'nodejs_heap_size_used_bytes',
      ]),
    );
  });

  test('deliveries start at nothing and count by outcome', async () => {
    const before = await scrape();
    expect(before.filter(({ name }) => name === 'stratum_deliveries_total')).toHaveLength(3);

    measured.app.metrics!.delivery('retry', 0.2);

    const samples = await scrape();
    const retry = { outcome: 'retry' };
    expect(totalOf(samples, 'stratum_deliveries_total', retry)).toBe(
      totalOf(before, 'stratum_deliveries_total', retry) + 1,
    );
    expect(totalOf(samples, 'stratum_delivery_duration_seconds_sum', retry)).toBeCloseTo(0.2);
  });

  test('others add numbers of their own, which are asked for at each reading', async () => {
    let [lag, subscribers] = [7, [{ labels: { transport: 'sse' }, value: 2 }]];
    measured.app.metrics!.gauge('test_lag', 'How far behind.', () => lag);
    measured.app.metrics!.gauge('test_subscribers', 'Who listens.', async () => subscribers, ['transport']);
    expect(totalOf(await scrape(), 'test_lag')).toBe(7);

    [lag, subscribers] = [3, [{ labels: { transport: 'ws' }, value: 1 }]];

    const samples = await scrape();
    expect(totalOf(samples, 'test_lag')).toBe(3);
    expect(samples.filter(({ name }) => name === 'test_subscribers')).toEqual([
      { name: 'test_subscribers', labels: { transport: 'ws' }, value: 1 },
    ]);
  });
});

test('the text tells of no tenant, no key and no value', async () => {
  const id = await newTenant('Acme Confidential');
  const slug = JSON.parse((await ask(measured, `/api/v1/tenants/${id}`)).body).slug;
  const config = `/api/v1/tenants/${id}/config/payment_password`;
  const payload = { value: 'hunter2-hunter2', sensitive: true };
  expect((await ask(measured, config, { method: 'PUT', payload })).status).toBeLessThan(300);
  await graphql(`query AcmeConfidential { tenantBySlug(slug: "${slug}") { name } }`);

  const { body } = await ask(measured, '/metrics', { headers: here });

  for (const hidden of [id, slug, 'Acme', 'payment_password', 'hunter2', 'sk_test_bootstrap', 'an encryption key']) {
    expect(body).not.toContain(hidden);
  }
});
