import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Json, RestWorld, uniqueSlug, unknownId } from '../support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await RestWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

/** A new key, as its answer shows it. */
async function newKey(fields: Record<string, unknown>): Promise<Json> {
  const { status, body } = await world.post('/api-keys', fields);
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}

async function newRole(fields: Record<string, unknown> = {}): Promise<Json> {
  const { status, body } = await world.post('/roles', { name: uniqueSlug(), scopes: ['read'], ...fields });
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}

const as = ({ plaintext_key: key }: Json) => ({ 'x-api-key': key });

describe('/api-keys', () => {
  test('issues a key that works at once, with the scopes of v1 unless told', async () => {
    const tenant = await world.tenant();
    const key = await newKey({ tenant_id: tenant.id, name: 'Billing' });

    expect(key).toMatchObject({
      tenant_id: tenant.id,
      name: 'Billing',
      key_prefix: 'sk_test_',
      scopes: ['read', 'write'],
    });
    expect(key.plaintext_key).toMatch(/^sk_test_[A-Za-z0-9_-]{43}$/);
    expect((await world.get(`/tenants/${tenant.id}`, as(key))).status).toBe(200);
    expect((await world.get('/tenants', as(key))).body.data.map(({ id }: Json) => id)).toEqual([tenant.id]);
  });

  test('lists keys newest first, page by page, without what they are', async () => {
    const tenant = await world.tenant();
    const keys = [];
    for (let n = 0; n < 3; n += 1) {
      keys.unshift(await newKey({ tenant_id: tenant.id }));
    }
    const { body } = await world.get(`/api-keys?tenant_id=${tenant.id}`);
    expect(body.map(({ id }: Json) => id)).toEqual(keys.map(({ id }) => id));
    expect(JSON.stringify(body)).not.toContain('plaintext');
    const page = await world.get(`/api-keys?tenant_id=${tenant.id}&limit=2`);
    const rest = await world.get(`/api-keys?tenant_id=${tenant.id}&limit=2&cursor=${page.headers['x-next-cursor']}`);
    expect([...page.body, ...rest.body]).toEqual(body);
  });

  test('names dormant keys, those that never were used first', async () => {
    const tenant = await world.tenant();
    const [never, old, used] = [1, 2, 3].map(() => newKey({ tenant_id: tenant.id }));
    const ids = (await Promise.all([never, old, used])).map(({ id }) => id);
    await world.sql("update api_keys set last_used_at = now() - interval '100 days' where id = $1", [ids[1]]);
    await world.sql('update api_keys set last_used_at = now() where id = $1', [ids[2]]);

    const dormant = (await world.get('/api-keys/dormant')).body.map(({ id }: Json) => id);
    expect(dormant.filter((id: string) => ids.includes(id))).toEqual([ids[0], ids[1]]);
    expect(dormant.at(-1)).toBe(ids[1]);
    expect((await world.get('/api-keys/dormant?days=365')).body.map(({ id }: Json) => id)).not.toContain(ids[1]);
    await world.refused('GET', '/api-keys/dormant?days=0', {}, 400, 'VALIDATION_ERROR');
    const page = await world.get('/api-keys/dormant?limit=1');
    const next = await world.get(`/api-keys/dormant?limit=100&cursor=${page.headers['x-next-cursor']}`);
    expect([...page.body, ...next.body].map(({ id }: Json) => id)).toEqual(dormant);
  });

  test('rotates a key without a body, and with one', async () => {
    const tenant = await world.tenant();
    const old = await newKey({ tenant_id: tenant.id, name: 'Billing', scopes: ['read'], rate_limit_max: 50 });
    const { status, body: next } = await world.request('POST', `/api-keys/${old.id}/rotate`);

    expect(status).toBe(201);
    expect(next).toMatchObject({ name: 'Billing (rotated)', scopes: ['read'], rate_limit_max: 50 });
    expect((await world.get('/tenants', as(old))).status).toBe(401);
    expect((await world.get('/tenants', as(next))).status).toBe(200);
    const last = await world.post(`/api-keys/${next.id}/rotate`, { name: 'New', overlap_seconds: 60 });
    expect(last.body.name).toBe('New');
    expect((await world.get('/tenants', as(next))).status).toBe(200);
  });

  test('revokes a key for the very next request; a second time there is none', async () => {
    const tenant = await world.tenant();
    const key = await newKey({ tenant_id: tenant.id });
    expect((await world.delete(`/api-keys/${key.id}`)).status).toBe(204);

    const refused = await world.get('/tenants', as(key));
    expect(refused).toMatchObject({ status: 401, body: { error: { message: 'Invalid or revoked API key' } } });
    await world.refused('DELETE', `/api-keys/${key.id}`, {}, 404, 'NOT_FOUND');
    await world.refused('DELETE', `/api-keys/${unknownId}`, {}, 404, 'NOT_FOUND');
    await world.refused('DELETE', '/api-keys/none', {}, 400, 'VALIDATION_ERROR');
    await world.refused('POST', `/api-keys/${key.id}/rotate`, {}, 404, 'NOT_FOUND');
  });

  test.each([
    [{}, 'tenant_id'],
    [{ tenant_id: null, scopes: ['root'] }, 'scopes'],
    [{ tenant_id: null, expires_at: '2001-01-01T00:00:00Z' }, 'expires_at'],
    [{ tenant_id: null, rate_limit_max: 100_001 }, 'rate_limit_max'],
    [{ tenant_id: null, rate_limit_max: 1, rate_limit_window: '1 fortnight' }, 'rate_limit_window'],
  ])('refuses %j by the name of what is wrong', async (body, field) => {
    const answer = await world.refused('POST', '/api-keys', { body }, 400, 'VALIDATION_ERROR');
    expect(answer.error.issues[0].path[0]).toBe(field);
  });

  test('repeats the answer to a repeated POST, key included, and keeps it sealed meanwhile', async () => {
    const tenant = await world.tenant();
    const headers = { 'idempotency-key': uniqueSlug() };
    const first = await world.post('/api-keys', { tenant_id: tenant.id }, headers);
    const again = await world.post('/api-keys', { tenant_id: tenant.id }, headers);

    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotency-replayed']).toBe('true');
    const kept = await world.sql<{ text: string }>('select k::text as text from idempotency_keys k');
    expect(kept.some(({ text }) => text.includes(first.body.plaintext_key))).toBe(false);
  });
});

describe('keys of a tenant', () => {
  test.each([
    ['suspended', 403, 'TENANT_SUSPENDED'],
    ['archived', 410, 'TENANT_ARCHIVED'],
  ] as const)('that is %s answer %i in both doors, until it is resumed', async (status, code, name) => {
    const tenant = await world.tenant();
    const key = await newKey({ tenant_id: tenant.id });
    await world.post(`/tenants/${tenant.id}/${status === 'suspended' ? 'suspend' : 'archive'}`);

    for (const url of ['/tenants', `/tenants/${tenant.id}/config`, '/roles']) {
      expect(await world.get(url, as(key))).toMatchObject({ status: code, body: { error: { code: name } } });
    }
    const graphql = await world.app.server.inject({
      method: 'POST',
      url: '/graphql',
      headers: { ...as(key), 'content-type': 'application/json' },
      payload: JSON.stringify({ query: '{ viewer { id } }' }),
    });
    expect(graphql.statusCode).toBe(code);
    expect(graphql.json().errors).toMatchObject([{ extensions: { code: name } }]);
    await world.post(`/tenants/${tenant.id}/resume`);
    expect((await world.get('/tenants', as(key))).status).toBe(200);
  });
});

describe('/roles', () => {
  test('are made, read, listed by name, changed and removed', async () => {
    const tenant = await world.tenant();
    const role = await newRole({ tenant_id: tenant.id, name: 'B', description: 'Looks at things' });
    await newRole({ tenant_id: tenant.id, name: 'A' });
    expect(Object.keys(role)).toEqual(['id', 'name', 'description', 'scopes', 'tenant_id', 'created_at', 'updated_at']);

    expect((await world.get(`/roles/${role.id}`)).body).toEqual(role);
    const names = (await world.get(`/roles?tenant_id=${tenant.id}`)).body.map(({ name }: Json) => name);
    expect(names.filter((name: string) => name.length === 1)).toEqual(['A', 'B']);
    const changed = await world.patch(`/roles/${role.id}`, { description: null, scopes: ['write'] });
    expect(changed.body).toMatchObject({ name: 'B', description: null, scopes: ['write'] });
    expect((await world.delete(`/roles/${role.id}`)).status).toBe(204);
    await world.refused('GET', `/roles/${role.id}`, {}, 404, 'NOT_FOUND');
    await world.refused('POST', '/roles', { body: { name: 'C', scopes: [] } }, 400, 'VALIDATION_ERROR');
    await world.refused(
      'POST',
      '/roles',
      { body: { tenant_id: tenant.id, name: 'A', scopes: ['read'] } },
      409,
      'ROLE_ALREADY_EXISTS',
    );
  });

  test('are given to keys and taken away again, also where there is none', async () => {
    const tenant = await world.tenant();
    const [key, role] = [await newKey({ tenant_id: tenant.id }), await newRole()];
    const rename = () => world.patch(`/tenants/${tenant.id}`, { name: uniqueSlug() }, as(key));
    expect((await rename()).status).toBe(200);

    expect((await world.post(`/roles/assign/${key.id}`, { role_id: role.id })).body).toEqual({ success: true });
    expect(await rename()).toMatchObject({ status: 403, body: { error: { code: 'FORBIDDEN' } } });
    for (const _ of [1, 2]) {
      expect((await world.delete(`/roles/assign/${key.id}`)).body).toEqual({ success: true });
    }
    expect((await rename()).status).toBe(200);
    await world.refused('POST', `/roles/assign/${unknownId}`, { body: { role_id: role.id } }, 404, 'NOT_FOUND');
    await world.refused('POST', `/roles/assign/${key.id}`, { body: { role_id: unknownId } }, 404, 'NOT_FOUND');
  });
});

describe('a path that is written another way', () => {
  test.each([
    ['percent-encoded letters', (path: string) => path.replace('api-keys', '%61pi-keys')],
    ['a doubled slash', (path: string) => path.replace('/api-keys', '//api-keys')],
    ['a dot segment', (path: string) => path.replace('/api-keys', '/tenants/../api-keys')],
    ['an encoded dot segment', (path: string) => path.replace('/api-keys', '/tenants/%2e%2e/api-keys')],
    ['a slash at its end', (path: string) => `${path}/`],
    ['capital letters', (path: string) => path.replace('api-keys', 'API-KEYS')],
  ])('with %s lets nobody in who would not be', async (_what, rewrite) => {
    const tenant = await world.tenant();
    const key = await newKey({ tenant_id: tenant.id, scopes: ['read'] });
    for (const url of ['/api-keys', `/tenants/${tenant.id}/purge`]) {
      const plain = await world.request(url.endsWith('purge') ? 'POST' : 'GET', url, { headers: as(key) });
      const other = await world.request(url.endsWith('purge') ? 'POST' : 'GET', rewrite(url), { headers: as(key) });
      expect(plain.status).toBe(403);
      expect([403, 404]).toContain(other.status);
      expect(
        (await world.request('GET', rewrite(url), { headers: { 'x-api-key': 'sk_test_nobody' } })).status,
      ).not.toBe(200);
    }
  });
});
