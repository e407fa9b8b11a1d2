import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Json, RestWorld, unknownId } from '../support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await RestWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const keys = [
  'tenant',
  'config_entries',
  'permission_policies',
  'api_keys',
  'webhooks',
  'webhook_events',
  'webhook_deliveries',
  'consent_records',
  'audit_logs',
];

/** A tenant with a secret, a permission, and more events than a page has. */
async function busyTenant(): Promise<Json> {
  const tenant = await world.tenant();
  for (let batch = 0; batch < 3; batch++) {
    const entries = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`k${index}`, batch * 100 + index]));
    await world.config(tenant.id, entries);
  }
  await world.put(`/tenants/${tenant.id}/config/token`, { value: 'planted-marker', sensitive: true });
  await world.permission(tenant.id, { key: 'export' });
  return tenant;
}

test('200 gives the nine kinds of things, secrets withheld, with the whole audit log in the order of revisions', async () => {
  const tenant = await busyTenant();
  const { status, body } = await world.get(`/tenants/${tenant.id}/export`);

  expect(status).toBe(200);
  expect(Object.keys(body)).toEqual(keys);
  expect(body.tenant).toEqual((await world.get(`/tenants/${tenant.id}`)).body);
  expect(body.config_entries).toHaveLength(41);
  expect(body.config_entries.at(-1)).toMatchObject({ key: 'token', value: null, sensitive: true, masked: true });
  expect(body.permission_policies).toMatchObject([{ key: 'export', tenant_id: tenant.id }]);
  expect(body.audit_logs.map(({ revision }: Json) => revision)).toEqual(Array.from({ length: 123 }, (_, n) => n + 1));
  expect(JSON.stringify(body)).not.toContain('planted-marker');
});

test('an audit entry says who did what to which thing, under an id that stays the same', async () => {
  const tenant = await busyTenant();
  const { audit_logs: log } = (await world.get(`/tenants/${tenant.id}/export`)).body;
  const [created, set] = log;

  expect(created).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    actor_id: 'development',
    actor_type: 'api_key',
    action: 'tenant.created',
    resource_type: 'tenant',
    resource_id: tenant.id,
    tenant_id: tenant.id,
    source_ip: '127.0.0.1',
    request_id: expect.any(String),
    before_state: null,
    after_state: expect.objectContaining({ id: tenant.id, slug: tenant.slug }),
    created_at: expect.stringMatching(/\.\d{3}Z$/),
    revision: 1,
  });
  expect(set).toMatchObject({ action: 'config.updated', resource_type: 'config', resource_id: 'k0' });
  expect(log.at(-1)).toMatchObject({ action: 'permission.created', resource_type: 'permission' });
  expect(new Set(log.map(({ id }: Json) => id)).size).toBe(log.length);
  expect((await world.get(`/tenants/${tenant.id}/export`)).body.audit_logs).toEqual(log);
});

test('with a limit the audit log comes page by page', async () => {
  const tenant = await busyTenant();
  const revisions: number[] = [];
  for (let url: string | undefined = `/tenants/${tenant.id}/export?limit=50`; url !== undefined; ) {
    const { headers, body }: Json = await world.get(url);
    revisions.push(...body.audit_logs.map(({ revision }: Json) => revision));
    url = /^<\/api\/v1(.*)>/.exec(headers['link'] ?? '')?.[1];
  }
  expect(revisions).toEqual(Array.from({ length: 123 }, (_, n) => n + 1));
});

test('200 for a tenant of any status; 400 and 404', async () => {
  for (const status of ['suspended', 'archived'] as const) {
    const { id } = await world.tenantThatIs(status);
    expect((await world.get(`/tenants/${id}/export`)).body.tenant.status).toBe(status);
  }
  expect((await world.get('/tenants/x/export')).body.error.code).toBe('VALIDATION_ERROR');
  expect((await world.get(`/tenants/${unknownId}/export`)).status).toBe(404);
  const { id } = await world.tenant();
  expect(await world.get(`/tenants/${id}/export?limit=0`)).toMatchObject({
    status: 400,
    body: { error: { issues: [{ path: ['limit'] }] } },
  });
  expect(await world.request('HEAD', `/tenants/${id}/export`)).toMatchObject({ status: 200, body: '' });
});
