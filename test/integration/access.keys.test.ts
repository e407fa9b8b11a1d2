import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenApp, openApp } from '../support/rest-app.ts';
import { type Json, uniqueSlug } from '../support/rest-world.ts';

/** Two processes would share no more than these two do: the database. */
let one: OpenApp;
let other: OpenApp;
const lines: string[] = [];
beforeAll(async () => {
  one = await openApp({ settings: { STRATUM_LOG_LEVEL: 'trace' }, onLog: (line) => lines.push(line) });
  other = await openApp({ databaseUrl: one.database.pool.options.connectionString ?? '' });
});
afterAll(async () => {
  await other.close();
  await one.close();
});

async function send(
  app: OpenApp,
  key: string,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Json> {
  const answer = await app.app.server.inject({
    method: method as 'GET',
    url: `/api/v1${path}`,
    headers: { 'x-api-key': key, ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { payload: JSON.stringify(body) }),
  });
  return { ...(answer.body === '' ? {} : { body: answer.json() }), status: answer.statusCode };
}

const ask = ({ app }: OpenApp, key: string, query: string, variables: object = {}) =>
  app.server.inject({
    method: 'POST',
    url: '/graphql',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    payload: JSON.stringify({ query, variables }),
  });

const admin = (method: string, path: string, body?: object) => send(one, 'sk_test_bootstrap', method, path, body);

async function newTenant(): Promise<string> {
  return (await admin('POST', '/tenants', { name: 'T', slug: uniqueSlug() })).body.id;
}

async function newKey(scopes = ['read', 'write']): Promise<{ id: string; key: string; tenant: string }> {
  const tenant = await newTenant();
  const { body } = await admin('POST', '/api-keys', { tenant_id: tenant, scopes });
  return { id: body.id, key: body.plaintext_key, tenant };
}

describe('the very next request in another process', () => {
  const ends: readonly [string, (id: string) => Promise<unknown>][] = [
    ['was revoked', (id) => admin('DELETE', `/api-keys/${id}`)],
    ['was rotated', (id) => admin('POST', `/api-keys/${id}/rotate`)],
    ['has expired', (id) => one.database.pool.query('update api_keys set expires_at = now() where id = $1', [id])],
  ];
  test.each(ends)('refuses a key that %s', async (_what, end) => {
    const { id, key } = await newKey();
    expect((await send(other, key, 'GET', '/tenants')).status).toBe(200);
    await end(id);
    expect((await send(other, key, 'GET', '/tenants')).status).toBe(401);
    expect((await send(one, key, 'GET', '/tenants')).status).toBe(401);
  });

  test('knows what a changed role lets a key do', async () => {
    const { id, key, tenant } = await newKey();
    const rename = async () => (await send(other, key, 'PATCH', `/tenants/${tenant}`, { name: uniqueSlug() })).status;
    const { body: role } = await admin('POST', '/roles', { name: uniqueSlug(), scopes: ['write'] });
    await admin('POST', `/roles/assign/${id}`, { role_id: role.id });
    expect(await rename()).toBe(200);
    await admin('PATCH', `/roles/${role.id}`, { scopes: ['read'] });
    expect(await rename()).toBe(403);
    await admin('DELETE', `/roles/${role.id}`);
    expect(await rename()).toBe(200);
  });

  test('accepts what a rotation made of a key, with the scopes it has by then', async () => {
    const { id, key, tenant } = await newKey(['read']);
    const { body } = await admin('POST', `/api-keys/${id}/rotate`);
    expect((await send(other, body.plaintext_key, 'GET', `/tenants/${tenant}`)).status).toBe(200);
    const rename = async () =>
      (await send(other, body.plaintext_key, 'PATCH', `/tenants/${tenant}`, { name: 'N' })).status;
    expect(await rename()).toBe(403);
    await one.database.pool.query("update api_keys set scopes = '{write}' where id = $1", [body.id]);
    expect(await rename()).toBe(200);
    expect((await send(other, key, 'GET', '/tenants')).status).toBe(401);
  });

  test('is refused while the tenant of its key is suspended, and served again after', async () => {
    const { key, tenant } = await newKey();
    await admin('POST', `/tenants/${tenant}/suspend`);
    for (const app of [one, other]) {
      expect(await send(app, key, 'GET', '/tenants')).toMatchObject({ body: { error: { code: 'TENANT_SUSPENDED' } } });
    }
    await admin('POST', `/tenants/${tenant}/resume`);
    expect((await send(other, key, 'GET', '/tenants')).status).toBe(200);
  });

  test('finds a key where its tenant has moved to', async () => {
    const { key, tenant } = await newKey();
    const parent = await newTenant();
    await admin('POST', `/tenants/${tenant}/move`, { new_parent_id: parent });
    expect((await send(other, key, 'GET', `/tenants/${tenant}`)).status).toBe(200);
    expect((await send(other, key, 'GET', `/tenants/${parent}`)).status).toBe(404);
  });
});

describe('finding out who calls', () => {
  /** The statements that a request takes. */
  async function statementsOf(key: string): Promise<string[]> {
    other.statements.length = 0;
    await send(other, key, 'GET', '/roles?limit=1');
    return [...other.statements];
  }

  test('takes one statement for a key, none for one of the configuration, and no write', async () => {
    const { key } = await newKey();
    const [configured, known] = [await statementsOf('sk_test_bootstrap'), await statementsOf(key)];
    expect(known).toHaveLength(configured.length + 1);
    expect(known.filter((text) => /api_keys/.test(text) && !/^\s*select/i.test(text))).toEqual([]);
    expect(await statementsOf('sk_test_0123456789012345678901234567890123456789abc')).toHaveLength(1);
    expect(await statementsOf('no key at all')).toEqual([]);
  });

  test('is shared by requests of the same moment', async () => {
    const { key } = await newKey();
    other.statements.length = 0;
    await Promise.all(Array.from({ length: 30 }, () => send(other, key, 'GET', '/tenants/none')));
    expect(other.statements.length).toBeLessThan(10);
  });

  test('takes nobody for another whose request came at the same moment', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => newKey(['read'])));
    const nobody = { id: undefined, key: 'sk_test_0123456789012345678901234567890123456789abc' };
    const callers = [...keys, nobody, ...keys.toReversed()];
    const answers = await Promise.all(callers.map(({ key }) => ask(other, key, '{ viewer { id home { id } } }')));
    const seen = answers.map((answer) => answer.json<Json>().data?.viewer);
    expect(seen.map((viewer) => viewer?.id)).toEqual(callers.map(({ id }) => id));
    expect(seen.slice(0, 8).map((viewer) => viewer.home.id)).toEqual(keys.map(({ tenant }) => tenant));
  });

  test('takes as little over GraphQL, however much is asked', async () => {
    const { key } = await newKey(['read']);
    const statementsFor = async (caller: string) => {
      other.statements.length = 0;
      const { data } = (await ask(other, caller, '{ a: viewer { id } b: viewer { id type scopes } }')).json<Json>();
      expect(data.a.id).toBe(data.b.id);
      return other.statements.length;
    };
    expect([await statementsFor(key), await statementsFor('sk_test_bootstrap')]).toEqual([1, 0]);
  });

  test('writes down when a key was used, once for many requests', async () => {
    const app = await openApp({ databaseUrl: one.database.pool.options.connectionString ?? '' });
    const { id, key } = await newKey();
    for (let n = 0; n < 50; n += 1) {
      expect((await send(app, key, 'GET', '/tenants')).status).toBe(200);
    }
    const used = async () =>
      (await admin('GET', '/api-keys?limit=1')).body.find((one: Json) => one.id === id).last_used_at;
    expect(await used()).toBeNull();
    await app.close();
    expect(app.statements.filter((text) => text.includes('update api_keys'))).toHaveLength(1);
    expect(Date.now() - new Date(await used()).getTime()).toBeLessThan(60_000);
  });
});

/** Keys that were made and rotated under an `Idempotency-Key`, whose repetition answers them again. */
async function keptKeys(): Promise<{ keys: string[]; tenant: string }> {
  const tenant = await newTenant();
  const repeated = async (path: string, body: object): Promise<Json> => {
    const idempotency = { 'idempotency-key': uniqueSlug() };
    const first = await send(one, 'sk_test_bootstrap', 'POST', path, body, idempotency);
    expect(first.body.plaintext_key).toMatch(/^sk_test_.{20}/);
    expect(await send(other, 'sk_test_bootstrap', 'POST', path, body, idempotency)).toEqual(first);
    return first.body;
  };
  const made = await repeated('/api-keys', { tenant_id: tenant, scopes: ['read'], name: 'Kept' });
  const rotated = await repeated(`/api-keys/${made.id}/rotate`, {});
  expect((await send(one, rotated.plaintext_key, 'GET', '/tenants')).status).toBe(200);
  return { keys: [made.plaintext_key, rotated.plaintext_key], tenant };
}

test('no key is anywhere but with its holder: not in the database, the log, events or the description of the API', async () => {
  const { id, key, tenant } = await newKey(['admin']);
  await send(one, key, 'PATCH', `/tenants/${tenant}`, { name: 'New' });
  await send(one, key, 'POST', '/tenants', { name: 'T' });
  await send(one, `${key}x`, 'GET', '/tenants');
  await one.app.server.inject({ url: '/api/v1/tenants', headers: { authorization: `Bearer ${key}` } });
  await one.app.server.inject({ url: `/api/v1/${key.slice(0, 12)}`, headers: { 'x-api-key': [key, key] as never } });
  const { keys: kept, tenant: keptTenant } = await keptKeys();
  const events = `query ($tenantId: ID) {
    events(tenantId: $tenantId, first: 100) { nodes { type before after resourceId actorId } }
  }`;
  const { rows: tables } = await one.database.pool.query("select tablename from pg_tables where schemaname = 'public'");
  const rows = await Promise.all(
    tables.map(({ tablename }) => one.database.pool.query(`select t::text as text from "${tablename}" t`)),
  );
  const told = [
    ...rows.flatMap(({ rows }) => rows.map(({ text }) => text)),
    ...lines,
    JSON.stringify(await admin('GET', `/tenants/${tenant}/export`)),
    JSON.stringify(await admin('GET', `/api-keys?tenant_id=${tenant}`)),
    JSON.stringify(await admin('GET', '/openapi.json')),
    JSON.stringify(await admin('GET', `/tenants/${keptTenant}/export`)),
    (await ask(one, 'sk_test_bootstrap', events, { tenantId: keptTenant })).body,
    (await ask(one, 'sk_test_bootstrap', events, { tenantId: null })).body,
  ];
  expect(lines.length).toBeGreaterThan(10);
  expect(told.some((text) => text.includes(id))).toBe(true);
  for (const secret of [key, ...kept].map((one) => one.slice('sk_test_'.length))) {
    const forms = [secret, Buffer.from(secret).toString('hex'), Buffer.from(`sk_test_${secret}`).toString('base64')];
    expect(told.filter((text) => forms.some((form) => text.includes(form)))).toEqual([]);
  }
});
