import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RestWorld, unknownId } from '../support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await RestWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

/** A root and a tenant beneath it. */
async function family() {
  const root = await world.tenant();
  return { root, tenant: await world.tenant({ parent_id: root.id }) };
}

describe('PUT /tenants/:id/config/:key', () => {
  test('200 answers the entry, first and again', async () => {
    const { tenant } = await family();
    const path = `/tenants/${tenant.id}/config/max_users`;
    const first = await world.put(path, { value: 50 });
    expect(first.status).toBe(200);
    expect(first.body).toEqual({
      id: expect.any(String),
      tenant_id: tenant.id,
      key: 'max_users',
      value: 50,
      inherited: false,
      source_tenant_id: tenant.id,
      locked: false,
      created_at: expect.stringMatching(/\.\d{3}Z$/),
      updated_at: expect.any(String),
      sensitive: false,
      masked: false,
    });
    expect((await world.put(path, { value: { maxUsers: [1] }, locked: true })).body).toMatchObject({
      id: first.body.id,
      value: { maxUsers: [1] },
      locked: true,
    });
    expect((await world.put(path, { value: 1 })).body.locked).toBe(false);
  });

  test.each([null, 0, '', false, [], {}, 1e308, -0.5, 'ä\u{1F600}', { b: 1, a: { parent_id: null } }])(
    '200 keeps the value %j',
    async (value) => {
      const { tenant } = await family();
      expect((await world.put(`/tenants/${tenant.id}/config/k`, { value })).body.value).toEqual(value);
      expect((await world.get(`/tenants/${tenant.id}/config`)).body.k.value).toEqual(value);
    },
  );

  test.each([
    '__proto__',
    'constructor',
    'toString',
    'inheritance',
    'a/b',
    'a.b',
    '100%',
    'a b',
    'ключ',
    '?x=1&y#z',
    'x'.repeat(255),
    '日'.repeat(255),
  ])('200 keeps the key %s', async (key) => {
    const { tenant } = await family();
    const path = `/tenants/${tenant.id}/config/${encodeURIComponent(key)}`;
    expect(await world.put(path, { value: 1 })).toMatchObject({ status: 200, body: { key } });
    const map = (await world.get(`/tenants/${tenant.id}/config`)).body;
    expect(Object.keys(map)).toEqual([key]);
    expect(Object.getOwnPropertyDescriptor(map, key)?.value).toMatchObject({ key, value: 1 });
    expect((await world.delete(path)).status).toBe(204);
  });

  test('200 keeps a key that clients with a URL library could not even send', async () => {
    const { tenant } = await family();
    const { port } = new URL(await world.app.server.listen({ host: '127.0.0.1', port: 0 }));
    const sent = request({
      method: 'PUT',
      port,
      path: `/api/v1/tenants/${tenant.id}/config/%2E%2E`,
      headers: { 'x-api-key': 'sk_test_bootstrap', 'content-type': 'application/json' },
    });
    sent.end('{"value":1}');
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    expect(Object.keys((await world.get(`/tenants/${tenant.id}/config`)).body)).toEqual(['..']);
  });

  test('400 for a value that is missing or can not be read back, and for flags that are none', async () => {
    const { tenant } = await family();
    const path = `/tenants/${tenant.id}/config/k`;
    const refused = (body: unknown) => world.refused('PUT', path, { body }, 400, 'VALIDATION_ERROR');
    expect(await refused({ locked: true })).toMatchObject({
      error: { issues: [{ path: ['value'], code: 'required' }] },
    });
    expect(await refused({ value: 1, locked: 'yes', sensitive: 1 })).toMatchObject({
      error: { issues: [{ path: ['locked'] }, { path: ['sensitive'] }] },
    });
    await refused({ value: 1, locked: null });
    await refused({ value: 'a\0b' });
    await refused({ value: 'x'.repeat(65_537) });
    await refused('{"value": 9007199254740993}');
    await refused('{"value": {"__proto__": 1}}');
    await refused([]);
  });

  test('400 for a key that is empty or too long', async () => {
    const { tenant } = await family();
    const refused = (key: string) =>
      world.refused('PUT', `/tenants/${tenant.id}/config/${key}`, { body: { value: 1 } }, 400, 'VALIDATION_ERROR');
    expect(await refused('')).toMatchObject({ error: { issues: [{ path: ['key'] }] } });
    expect(await refused('x'.repeat(256))).toMatchObject({ error: { issues: [{ path: ['key'] }] } });
    expect(await refused('a%00b')).toMatchObject({ error: { issues: [{ path: ['key'] }] } });
  });

  test('403, 404 and 410: locked above, suspended, missing, archived', async () => {
    const { root, tenant } = await family();
    const suspended = await world.tenantThatIs('suspended');
    const archived = await world.tenantThatIs('archived');
    await world.put(`/tenants/${root.id}/config/theme`, { value: 'dark', locked: true });
    const put = (id: string, status: number, code: string) =>
      world.refused('PUT', `/tenants/${id}/config/theme`, { body: { value: 1 } }, status, code);
    const refusal = await put(tenant.id, 403, 'CONFIG_LOCKED');
    expect(refusal).toMatchObject({ error: { details: { key: 'theme', source_tenant_id: root.id } } });
    await put(suspended.id, 403, 'TENANT_SUSPENDED');
    await put(unknownId, 404, 'TENANT_NOT_FOUND');
    await put('x', 400, 'VALIDATION_ERROR');
    await put(archived.id, 410, 'TENANT_ARCHIVED');
  });
});

describe('sensitive values', () => {
  test('are masked wherever they are answered, and revealed when an administrator asks', async () => {
    const { root, tenant } = await family();
    const secret = 'the-secret-itself';
    const put = await world.put(`/tenants/${root.id}/config/api_token`, { value: secret, sensitive: true });
    expect(put.body).toMatchObject({ value: null, sensitive: true, masked: true });

    const masked = await world.get(`/tenants/${tenant.id}/config`);
    expect(masked.body.api_token).toMatchObject({ value: null, sensitive: true, masked: true, inherited: true });
    const revealed = await world.get(`/tenants/${tenant.id}/config?reveal=true`);
    expect(revealed.body.api_token).toMatchObject({ value: secret, sensitive: true, masked: false });
    const context = await world.get(`/tenants/${tenant.id}/context?reveal=true`);
    expect(context.body.resolved_config.api_token).toMatchObject({ value: secret });

    const other = await world.tenant();
    const quiet = [
      put,
      masked,
      await world.get(`/tenants/${tenant.id}/context`),
      await world.get(`/tenants/${tenant.id}/config/inheritance?reveal=false`),
      await world.get(`/config/diff?tenant_a=${tenant.id}&tenant_b=${other.id}`),
      await world.put(`/tenants/${tenant.id}/config/batch`, { entries: [{ key: 'api_token', value: secret }] }),
    ];
    expect(quiet.map(({ status }) => status)).toEqual(quiet.map(() => 200));
    expect(JSON.stringify(quiet)).not.toContain(secret);
    expect(JSON.stringify(quiet)).not.toContain('v1:');
  });

  test('400 for a reveal that is neither true nor false', async () => {
    const { tenant } = await family();
    expect(await world.get(`/tenants/${tenant.id}/config?reveal=1`)).toMatchObject({
      status: 400,
      body: { error: { issues: [{ path: ['reveal'] }] } },
    });
  });
});

describe('DELETE /tenants/:id/config/:key', () => {
  test('204 shows what was inherited again, also below a lock and on an archived tenant', async () => {
    const { root, tenant } = await family();
    await world.put(`/tenants/${tenant.id}/config/theme`, { value: 'light' });
    await world.put(`/tenants/${root.id}/config/theme`, { value: 'dark', locked: true });
    expect((await world.delete(`/tenants/${tenant.id}/config/theme`)).status).toBe(204);
    expect((await world.delete(`/tenants/${root.id}/config/theme`)).status).toBe(204);
    expect((await world.get(`/tenants/${tenant.id}/config`)).body).toEqual({});

    await world.put(`/tenants/${tenant.id}/config/left`, { value: 1 });
    await world.delete(`/tenants/${tenant.id}`);
    expect((await world.delete(`/tenants/${tenant.id}/config/left`)).status).toBe(204);
  });

  test('400 and 404', async () => {
    const { tenant } = await family();
    await world.refused('DELETE', '/tenants/x/config/k', {}, 400, 'VALIDATION_ERROR');
    await world.refused('DELETE', `/tenants/${tenant.id}/config/k`, {}, 404, 'CONFIG_NOT_FOUND');
    await world.refused('DELETE', `/tenants/${unknownId}/config/k`, {}, 404, 'TENANT_NOT_FOUND');
  });
});

describe('GET /tenants/:id/config', () => {
  test('200 for suspended tenants, a selection by key or prefix; 404 and 410', async () => {
    const { root, tenant } = await family();
    await world.config(root.id, { ui_theme: 1, ui_font: 2, limit: 3 });
    await world.post(`/tenants/${tenant.id}/suspend`);
    const keys = async (query: string) => Object.keys((await world.get(`/tenants/${tenant.id}/config${query}`)).body);
    expect(await keys('')).toEqual(['limit', 'ui_font', 'ui_theme']);
    expect(await keys('?prefix=ui_')).toEqual(['ui_font', 'ui_theme']);
    expect(await keys('?keys=limit,ui_font')).toEqual(['limit', 'ui_font']);
    expect(await keys('?keys=limit&keys=none')).toEqual(['limit']);
    expect((await world.get('/tenants/x/config')).status).toBe(400);
    expect((await world.get(`/tenants/${unknownId}/config`)).body.error.code).toBe('TENANT_NOT_FOUND');
    await world.post(`/tenants/${tenant.id}/archive`);
    expect(await world.get(`/tenants/${tenant.id}/config`)).toMatchObject({
      status: 410,
      body: { error: { code: 'TENANT_ARCHIVED' } },
    });
  });

  test('inheritance: 200 for archived tenants as well; 404', async () => {
    const { root, tenant } = await family();
    await world.config(root.id, { theme: 'dark' });
    await world.delete(`/tenants/${tenant.id}`);
    const { status, body } = await world.get(`/tenants/${tenant.id}/config/inheritance`);
    expect(status).toBe(200);
    expect(body).toEqual({
      theme: { key: 'theme', value: 'dark', source_tenant_id: root.id, inherited: true, locked: false },
    });
    expect((await world.get(`/tenants/${unknownId}/config/inheritance`)).status).toBe(404);
  });
});

describe('GET /config/diff', () => {
  test('200 shows both sides of every key, in order', async () => {
    const { root, tenant } = await family();
    await world.config(root.id, { a: 1, b: 1 });
    await world.put(`/tenants/${root.id}/config/z`, { value: 1, locked: true });
    await world.config(tenant.id, { b: 2, c: 3 });
    const { status, body } = await world.get(`/config/diff?tenant_a=${root.id}&tenant_b=${tenant.id}`);
    const shown = { sensitive: false, masked: false };
    expect(status).toBe(200);
    expect(body).toEqual({
      tenant_a: { id: root.id, name: root.name },
      tenant_b: { id: tenant.id, name: tenant.name },
      diff: [
        {
          key: 'a',
          tenant_a: { value: 1, status: 'own', source: root.id, ...shown },
          tenant_b: { value: 1, status: 'inherited', source: root.id, ...shown },
        },
        {
          key: 'b',
          tenant_a: { value: 1, status: 'own', source: root.id, ...shown },
          tenant_b: { value: 2, status: 'own', source: tenant.id, ...shown },
        },
        { key: 'c', tenant_a: null, tenant_b: { value: 3, status: 'own', source: tenant.id, ...shown } },
        {
          key: 'z',
          tenant_a: { value: 1, status: 'locked', source: root.id, ...shown },
          tenant_b: { value: 1, status: 'locked', source: root.id, ...shown },
        },
      ],
    });
  });

  test('400 for a side that is missing, malformed or the same; 404 and 410', async () => {
    const { root, tenant } = await family();
    const archived = await world.tenantThatIs('archived');
    const diff = (query: string) => world.get(`/config/diff?${query}`);
    expect(await diff(`tenant_a=${root.id}`)).toMatchObject({
      status: 400,
      body: { error: { issues: [{ path: ['tenant_b'] }] } },
    });
    expect(await diff('tenant_a=x&tenant_b=y')).toMatchObject({ status: 400 });
    expect(await diff(`tenant_a=${root.id}&tenant_b=${root.id}`)).toMatchObject({
      status: 400,
      body: { error: { code: 'VALIDATION_ERROR' } },
    });
    expect(await diff(`tenant_a=${tenant.id}&tenant_b=${unknownId}`)).toMatchObject({
      status: 404,
      body: { error: { code: 'TENANT_NOT_FOUND' } },
    });
    expect(await diff(`tenant_a=${tenant.id}&tenant_b=${archived.id}`)).toMatchObject({
      status: 410,
      body: { error: { code: 'TENANT_ARCHIVED' } },
    });
  });
});
