import { AsyncLocalStorage } from 'node:async_hooks';
import { SpanKind } from '@opentelemetry/api';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type OpenApp, openApp } from '../support/rest-app.ts';
import { uniqueSlug, unknownId } from '../support/rest-world.ts';
import { type Recorded, recordSpans } from '../support/spans.ts';

const key = { 'x-api-key': 'sk_test_bootstrap' };

let plain: OpenApp;
let traced: OpenApp;
let recording: ReturnType<typeof recordSpans>;
beforeAll(async () => {
  plain = await openApp(); // before anybody wants to know
  recording = recordSpans();
  traced = await openApp({ settings: { STRATUM_POOL_SIZE: '2' } });
});
afterAll(async () => {
  await Promise.all([plain, traced].map((opened) => opened.close()));
  recording.stop();
});
beforeEach(() => {
  recording.ended.length = 0;
});

interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly headers?: Record<string, string>;
  readonly payload?: object;
}

async function ask(url: string, { method = 'GET', headers = {}, payload }: Ask = {}, { app }: OpenApp = traced) {
  const request = { method, url, headers: { ...key, ...headers }, ...(payload && { payload }) };
  const { statusCode, body } = await app.server.inject(request);
  return { status: statusCode, body };
}

const graphql = (query: string, opened?: OpenApp) => ask('/graphql', { method: 'POST', payload: { query } }, opened);

/** The spans of everything asked since the test began, once the last of them has ended. */
async function spans(): Promise<readonly Recorded[]> {
  await vi.waitFor(() => expect(recording.open.size).toBe(0));
  return recording.ended;
}

async function spanNamed(name: string): Promise<Recorded> {
  const found = (await spans()).filter((span) => span.name === name);
  expect(found).toHaveLength(1);
  return found[0]!;
}

async function newTenant(fields: object = {}): Promise<string> {
  const payload = { name: 'Tenant', slug: uniqueSlug(), ...fields };
  const { body } = await ask('/api/v1/tenants', { method: 'POST', payload });
  return JSON.parse(body).id;
}

test('a server that was opened before there was a provider makes no spans', async () => {
  expect((await ask('/api/v1/tenants', {}, plain)).status).toBe(200);
  expect((await graphql('{ viewer { id } }', plain)).status).toBe(200);

  expect(await spans()).toEqual([]);
});

describe('REST', () => {
  test('a request is a span of its route, with its statements in it', async () => {
    const id = await newTenant();
    await spans();
    recording.ended.length = 0;
    const sent = traced.statements.length;

    await ask(`/api/v1/tenants/${id}/config`);

    const request = await spanNamed('GET /api/v1/tenants/:id/config');
    expect(request.kind).toBe(SpanKind.SERVER);
    expect(request.parentId).toBeUndefined();
    expect(request.attributes).toEqual({
      'http.request.method': 'GET',
      'http.route': '/api/v1/tenants/:id/config',
      'http.response.status_code': 200,
    });
    const statements = recording.ended.filter(({ name }) => name === 'db.statement');
    expect(statements).toHaveLength(traced.statements.length - sent);
    for (const statement of statements) {
      expect(statement).toMatchObject({ kind: SpanKind.CLIENT, traceId: request.traceId, parentId: request.spanId });
      expect(statement.attributes).toEqual({ 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT' });
    }
  });

  test('a write with a body shows its transaction', async () => {
    await newTenant();

    const request = await spanNamed('POST /api/v1/tenants');
    const within = (await spans()).filter(({ parentId }) => parentId === request.spanId);
    const operations = within.map(({ attributes }) => attributes['db.operation.name']);
    expect(operations).toEqual(expect.arrayContaining(['BEGIN', 'INSERT', 'COMMIT']));
  });

  test('it continues the trace that a caller has begun', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    await ask('/api/v1/tenants', { headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } });

    expect(await spanNamed('GET /api/v1/tenants')).toMatchObject({ traceId, parentId: 'b7ad6b7169203331' });
  });

  test('what a caller did wrong is no error of ours', async () => {
    await ask(`/api/v1/tenants/${unknownId}`);

    const { attributes, isError } = await spanNamed('GET /api/v1/tenants/:id');
    expect(attributes['http.response.status_code']).toBe(404);
    expect(isError).toBe(false);
  });

  test('health, documents and paths where nothing stands are no operations', async () => {
    for (const url of ['/api/v1/health', '/api/v1/openapi.json', '/api/docs', '/nothing', '/api/v1/nothing']) {
      await ask(url);
    }

    expect(await spans()).toEqual([]);
  });
});

describe('GraphQL', () => {
  test('an execution is a span within that of its request, and has the statements', async () => {
    await graphql('query ListTenants { tenants { nodes { id } } }');

    const request = await spanNamed('POST /graphql');
    const execution = await spanNamed('graphql.execute');
    expect(execution.parentId).toBe(request.spanId);
    expect(execution.attributes).toEqual({
      'stratum.operation': 'ListTenants',
      'graphql.operation.name': 'ListTenants',
      'graphql.operation.type': 'query',
    });
    const statements = recording.ended.filter(({ parentId }) => parentId === execution.spanId);
    expect(statements.map(({ name }) => name)).toEqual(statements.map(() => 'db.statement'));
    expect(statements.length).toBeGreaterThan(0);
  });

  test('a refusal is told by its code', async () => {
    await graphql(`{ tenant(id: "${unknownId}") { id } }`);

    const { attributes, isError } = await spanNamed('graphql.execute');
    expect(attributes['error.type']).toBe('TENANT_NOT_FOUND');
    expect(isError).toBe(true);
  });

  test('what is refused before it is executed has no span of an execution', async () => {
    await graphql('{ nothing }');

    expect((await spans()).map(({ name }) => name)).toEqual(['POST /graphql']);
  });
});

test('a statement that has waited for a connection belongs to who sent it, not to who gave the connection back', async () => {
  const { database } = traced; // with one connection for each way in
  const sender = new AsyncLocalStorage<string>();
  const seen: [sender: string | undefined, text: string][] = [];
  database.observe((text) => {
    seen.push([sender.getStore(), text]);
    return undefined;
  });
  const texts = Array.from({ length: 20 }, (_, n) => `select ${n} as n`);

  await Promise.all(
    texts.map((text, n) =>
      sender.run(text, async () =>
        n % 2 === 0 ? database.query({ text, values: [] }) : database.prisma.$queryRawUnsafe(text),
      ),
    ),
  );

  expect(seen.map(([, text]) => text).sort()).toEqual(texts.toSorted());
  expect(seen.filter(([from, text]) => from !== text)).toEqual([]);
});

test('a statement that fails is told by its SQLSTATE, without its text', async () => {
  const taken = uniqueSlug();
  await newTenant({ slug: taken });
  await ask('/api/v1/tenants', { method: 'POST', payload: { name: 'Again', slug: taken } });

  const failed = (await spans()).filter(({ name, isError }) => name === 'db.statement' && isError);
  expect(failed.map(({ attributes }) => attributes)).toEqual([
    {
      'db.system.name': 'postgresql',
      'db.operation.name': 'INSERT',
      'db.response.status_code': '23505',
      'error.type': '23505',
    },
  ]);
});

test('no span tells of a tenant, a key, a value or a document', async () => {
  const slug = uniqueSlug();
  const id = await newTenant({ name: 'Acme Confidential', slug });
  const config = `/api/v1/tenants/${id}/config/payment_password`;
  const payload = { value: 'hunter2-hunter2', sensitive: true };
  expect((await ask(config, { method: 'PUT', payload })).status).toBeLessThan(300);
  await ask(`${config}?note=hunter2`);
  await ask(`/api/v1/tenants`, { method: 'POST', payload: { name: 'Acme', slug } });
  await graphql(`query AcmeConfidential { acme: tenantBySlug(slug: "${slug}") { name } }`);

  const text = JSON.stringify(await spans());

  expect(text).toContain('tenantBySlug');
  for (const secret of [id, slug, /acme/i, 'payment_password', 'hunter2', 'sk_test_bootstrap', 'encryption key']) {
    expect(text).not.toMatch(secret);
  }
});
