import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stratum, TenantNode } from '../../src/index.ts';
import { type LibraryWorld, openLibrary } from '../support/library-world.ts';
import { uniqueSlug, unknownId } from '../support/rest-world.ts';

let world: LibraryWorld;
let stratum: Stratum;
let rest: LibraryWorld['rest'];
const called = new Set<string>();

beforeAll(async () => {
  world = await openLibrary({ allowPrivateWebhooks: true });
  rest = world.rest;
  stratum = new Proxy(world.stratum, {
    get: (target, name) => {
      called.add(String(name));
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
});

afterAll(() => world[Symbol.asyncDispose]());

/** What differs between two things that were made in the same way. */
const own = [
  'id',
  'slug',
  'ancestry_ltree',
  'created_at',
  'updated_at',
  'plaintext_key',
  'tenant_id',
  'parent_id',
  'sort_order',
];

/** A thing that was made, as another that was made in the same way would look. */
function alike(thing: unknown): unknown {
  return Object.fromEntries(
    Object.entries(thing as object).map(([name, value]) => [name, own.includes(name) ? typeof value : value]),
  );
}

const newTenant = (fields: object = {}) => ({ name: 'Tenant', slug: uniqueSlug(), ...fields });
const tenant = (fields: object = {}): Promise<TenantNode> => stratum.createTenant(newTenant(fields));
const shown = (id: string) => rest('GET', `/tenants/${id}`);

describe('tenants', () => {
  test('are created, changed and read', async () => {
    const fields = { name: 'Zoë 東京', config: { a: 1 }, metadata: { b: [null, 'x'] } };
    const made = await tenant(fields);
    expect(made).toEqual(await shown(made.id));
    expect(alike(made)).toEqual(alike(await rest('POST', '/tenants', newTenant(fields))));
    expect(await stratum.getTenant(made.id)).toEqual(made);
    expect(await stratum.getTenantBySlug(made.slug)).toEqual(made);
    const changed = await stratum.updateTenant(made.id, { name: 'Other', metadata: {} });
    expect(changed).toMatchObject({ name: 'Other', metadata: {}, config: { a: 1 } });
    expect(changed).toEqual(await shown(made.id));
  });

  test('have a life', async () => {
    const { id, slug } = await tenant();
    expect(await stratum.suspendTenant(id)).toMatchObject({ id, status: 'suspended' });
    await expect(stratum.getTenant(id)).rejects.toMatchObject({ code: 'TENANT_SUSPENDED', statusCode: 403 });
    expect(await stratum.getTenantBySlug(slug, true)).toMatchObject({ id, status: 'suspended' });
    expect(await stratum.resumeTenant(id)).toEqual(await shown(id));
    const archived = await stratum.archiveTenant(id);
    expect(archived).toMatchObject({ status: 'archived', deleted_at: expect.any(String) });
    await expect(stratum.getTenantBySlug(slug)).rejects.toMatchObject({ code: 'TENANT_ARCHIVED', statusCode: 410 });
    expect(await stratum.getTenant(id, true)).toEqual(archived);
    expect(await stratum.purgeTenant(id)).toBeUndefined();
    await expect(stratum.getTenant(id, true)).rejects.toMatchObject({ code: 'TENANT_NOT_FOUND' });
    const other = await tenant();
    expect(await stratum.deleteTenant(other.id)).toBeUndefined();
    expect(await stratum.getTenant(other.id, true)).toMatchObject({ status: 'archived' });
  });

  test('stand in a tree', async () => {
    const root = await stratum.createOrganization(newTenant());
    expect(await stratum.getOrganization(root.id)).toEqual(root);
    const [a, b] = [await tenant({ parent_id: root.id }), await tenant({ parent_id: root.id })];
    const moved = await stratum.moveTenant(b.id, a.id);
    expect(moved).toEqual(await shown(b.id));
    expect(moved).toMatchObject({ parent_id: a.id, depth: 2 });
    expect(await stratum.getAncestors(b.id)).toEqual(await rest('GET', `/tenants/${b.id}/ancestors`));
    expect(await stratum.getAncestors(b.id)).toEqual([root, await shown(a.id)]);
    expect(await stratum.getRoot(b.id)).toEqual(root);
    expect(await stratum.getRoot(root.id)).toEqual(root);
    expect(await stratum.getDescendants(root.id)).toEqual(await rest('GET', `/tenants/${root.id}/descendants`));
    expect((await stratum.getDescendants(root.id)).map(({ id }) => id)).toEqual([a.id, b.id]);
    await stratum.archiveTenant(b.id);
    expect((await stratum.getDescendants(root.id)).map(({ id }) => id)).toEqual([a.id]);
    expect((await stratum.getDescendants(root.id, true)).map(({ id }) => id)).toEqual([a.id, b.id]);
    const c = await tenant({ parent_id: root.id });
    expect(await stratum.reorderTenant(c.id, 0)).toEqual(await shown(c.id));
    expect(await stratum.getChildren(root.id)).toEqual(await rest('GET', `/tenants/${root.id}/children`));
    expect((await stratum.getChildren(root.id)).map(({ id }) => id)).toEqual([c.id, a.id]);
    expect(await stratum.moveTenant(c.id, null)).toMatchObject({ parent_id: null, depth: 0 });
  });

  test('are listed page by page, roots alone too', async () => {
    const child = await tenant({ parent_id: (await tenant()).id });
    const first = await stratum.listTenants({ limit: 1 });
    expect(first).toEqual(await rest('GET', '/tenants?limit=1'));
    const cursor = first.next_cursor;
    expect(await stratum.listTenants({ limit: 100, cursor })).toEqual(
      await rest('GET', `/tenants?limit=100&cursor=${cursor}`),
    );
    const roots = await stratum.listOrganizations({ limit: 100 });
    expect(roots.data.map(({ depth }) => depth)).toEqual(roots.data.map(() => 0));
    expect(roots.data.map(({ id }) => id)).toContain(child.parent_id);
    expect(await stratum.listOrganizations({ limit: 1 })).toMatchObject({ has_more: true });
  });

  test('are created in batches: all, or none and why', async () => {
    const [parent, child] = [uniqueSlug(), uniqueSlug()];
    const batch = [newTenant({ slug: parent }), newTenant({ slug: child, parent_slug: parent })];
    const { created, errors } = await stratum.batchCreateTenants(batch);
    expect(errors).toEqual([]);
    expect(created).toEqual([await shown(created[0]!.id), await shown(created[1]!.id)]);
    const refused = [newTenant(), newTenant({ slug: parent })];
    const { error: _, ...answer } = (await rest('POST', '/tenants/batch', { tenants: refused })) as { error: object };
    expect(await stratum.batchCreateTenants(refused)).toEqual(answer);
    expect(answer).toMatchObject({ created: [], errors: [{ index: 1, slug: parent, error: expect.any(String) }] });
    const tooMany = Array.from({ length: 101 }, () => newTenant());
    await expect(stratum.batchCreateTenants(tooMany)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  test('have a context', async () => {
    const root = await tenant();
    const { id } = await tenant({ parent_id: root.id });
    await stratum.setConfig(root.id, 'theme', { value: 'dark', locked: true });
    await stratum.createPermission(id, { key: 'export' });
    const context = await stratum.getTenantContext(id);
    const {
      resolved_config,
      resolved_permissions,
      tenant: itself,
      ancestors,
      revision,
    } = (await rest('GET', `/tenants/${id}/context`)) as Record<string, unknown>;
    expect(context).toEqual({
      tenant: itself,
      config: resolved_config,
      permissions: resolved_permissions,
      ancestors,
      revision,
    });
    expect(context).toMatchObject({ config: { theme: { value: 'dark', inherited: true } }, revision: 4 });
  });

  test('are exported, and put into a region', async () => {
    const { id } = await tenant();
    expect(await stratum.exportTenantData(id)).toEqual(await rest('GET', `/tenants/${id}/export`));
    await expect(stratum.migrateRegion(id, unknownId)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    const region = await world.pool.query<{ id: string }>('select id from regions limit 1');
    const [made] =
      region.rows[0] === undefined
        ? (await world.pool.query<{ id: string }>(`${insertRegion} returning id`)).rows
        : region.rows;
    expect(await stratum.migrateRegion(id, made!.id)).toBeUndefined();
    expect(await stratum.getTenant(id)).toMatchObject({ region_id: made!.id });
  });
});

const insertRegion = `insert into regions (id, display_name, slug, status) values (gen_random_uuid(), 'R', 'r', 'active')`;

describe('config', () => {
  test('is set, resolved and removed', async () => {
    const root = await tenant();
    const { id } = await tenant({ parent_id: root.id });
    const entry = await stratum.setConfig(root.id, 'limits/max users', { value: { n: 5 }, locked: true });
    const url = `/tenants/${root.id}/config/${encodeURIComponent('limits/max users')}`;
    expect(alike(entry)).toEqual(alike(await rest('PUT', url, { value: { n: 5 }, locked: true })));
    await stratum.setConfig(id, 'secret', { value: 'hush', sensitive: true });
    const resolved = await stratum.resolveConfig(id);
    expect(resolved).toEqual(await rest('GET', `/tenants/${id}/config`));
    expect(resolved).toMatchObject({ 'limits/max users': { inherited: true, locked: true } });
    expect(resolved['secret']).toMatchObject({ value: null, masked: true });
    expect((await stratum.resolveConfig(id, { reveal: true, keys: ['secret'] }))['secret']).toMatchObject({
      value: 'hush',
    });
    expect(await stratum.deleteConfig(id, 'secret')).toBeUndefined();
    await stratum.suspendTenant(id);
    await stratum.archiveTenant(id);
    await expect(stratum.resolveConfig(id)).rejects.toMatchObject({ code: 'TENANT_ARCHIVED' });
    expect(await stratum.getConfigWithInheritance(id)).toEqual(await rest('GET', `/tenants/${id}/config/inheritance`));
  });

  test('is set in batches: all, or none and why', async () => {
    const { id } = await tenant();
    const entries = [
      { key: 'a', value: 1 },
      { key: 'b', value: [null], locked: true },
    ];
    const written = await stratum.batchSetConfig(id, entries);
    expect(written).toMatchObject({ succeeded: 2, failed: 0, results: [{ key: 'a', status: 'ok' }, { key: 'b' }] });
    const child = await tenant({ parent_id: id });
    const refused = await stratum.batchSetConfig(child.id, entries);
    expect(refused).toEqual(await rest('PUT', `/tenants/${child.id}/config/batch`, { entries }));
    expect(refused).toMatchObject({ succeeded: 0, failed: 2, rolled_back: true });
  });

  test('is compared', async () => {
    const root = await tenant();
    const child = await tenant({ parent_id: root.id });
    const stranger = await tenant();
    await stratum.batchSetConfig(root.id, [
      { key: 'same', value: 1 },
      { key: 'gone', value: 2 },
      { key: 'locked', value: 3, locked: true },
    ]);
    await stratum.batchSetConfig(child.id, [
      { key: 'same', value: 9 },
      { key: 'more', value: 4 },
    ]);
    await stratum.setConfig(stranger.id, 'locked', { value: 5 });
    const diff = await stratum.diffConfig(root.id, child.id);
    expect(diff).toEqual(await rest('GET', `/config/diff?tenant_a=${root.id}&tenant_b=${child.id}`));
    const drift = await stratum.computeDrift(root.id, child.id);
    expect(drift).toMatchObject({ tenant_id: child.id, tenant_name: 'Tenant', status: 'override', overrides: 2 });
    expect(drift.details).toContainEqual({
      key: 'same',
      status: 'override',
      parentValue: 1,
      childValue: 9,
      locked: false,
    });
    const batch = await stratum.batchComputeDrift(root.id, [child.id, stranger.id]);
    expect(batch).toMatchObject({
      parent_id: root.id,
      parent_name: 'Tenant',
      results: [drift, { tenant_id: stranger.id, status: 'conflict', missing: 2, conflicts: 1 }],
      summary: { ok: 0, override: 1, missing: 0, conflict: 1 },
    });
  });
});

test('permissions are set, changed, resolved and removed', async () => {
  const { id } = await tenant();
  const policy = await stratum.createPermission(id, { key: 'export', value: { rows: 5 }, mode: 'DELEGATED' });
  const twin = await rest('POST', `/tenants/${(await tenant()).id}/permissions`, {
    key: 'export',
    value: { rows: 5 },
    mode: 'DELEGATED',
  });
  expect(alike({ ...policy, source_tenant_id: '' })).toEqual(alike({ ...(twin as object), source_tenant_id: '' }));
  const changed = await stratum.updatePermission(id, policy.id, { mode: 'LOCKED' });
  expect(changed).toMatchObject({ ...policy, mode: 'LOCKED', updated_at: expect.any(String) });
  expect(await stratum.resolvePermissions(id)).toEqual(await rest('GET', `/tenants/${id}/permissions`));
  expect(await stratum.resolvePermissions(id)).toMatchObject({ export: { policy_id: policy.id, locked: true } });
  expect(await stratum.deletePermission(id, policy.id)).toBeUndefined();
  expect(await stratum.resolvePermissions(id)).toEqual({});
});

describe('keys', () => {
  test('are issued, used, rotated and revoked', async () => {
    const { id } = await tenant();
    const expiresAt = new Date(Date.now() + 3_600_000);
    const issued = await stratum.createApiKey(id, { name: 'Program', scopes: ['read'], rateLimitMax: 7, expiresAt });
    expect(issued).toMatchObject({ tenant_id: id, rate_limit_max: 7, expires_at: expiresAt.toISOString() });
    expect(issued.plaintext_key).toMatch(/^sk_live_/);
    const body = { tenant_id: id, name: 'Program', scopes: ['read'], rate_limit_max: 7, expires_at: expiresAt };
    expect(alike(issued)).toEqual(alike(await rest('POST', '/api-keys', body)));
    expect(await stratum.validateApiKey(issued.plaintext_key)).toEqual({
      tenant_id: id,
      key_id: issued.id,
      scopes: ['read'],
      rate_limit_max: 7,
      rate_limit_window: null,
    });
    expect(await stratum.listApiKeys(id)).toEqual(await rest('GET', `/api-keys?tenant_id=${id}`));
    const listed = (await stratum.listApiKeys()).find((key) => key.id === issued.id);
    expect(await stratum.getApiKey(issued.id)).toEqual(listed);
    await expect(stratum.getApiKey(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(stratum.getApiKey(unknownId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const rotated = await stratum.rotateApiKey(issued.id, 'Next');
    expect(rotated).toMatchObject({ name: 'Next', rate_limit_max: 7, scopes: ['read'] });
    expect(await stratum.validateApiKey(issued.plaintext_key)).toBeNull();
    expect(await stratum.validateApiKey(rotated.plaintext_key)).toMatchObject({ key_id: rotated.id });
    expect(await stratum.revokeApiKey(rotated.id)).toBe(true);
    expect(await stratum.revokeApiKey(unknownId)).toBe(false);
    expect(await stratum.validateApiKey(rotated.plaintext_key)).toBeNull();
    for (const nothing of ['', 'sk_test_bootstrap', 'a\nb', undefined as never]) {
      expect(await stratum.validateApiKey(nothing)).toBeNull();
    }
  });

  test('of a tenant out of use say so; by name alone they are read and write', async () => {
    const { id } = await tenant();
    const { plaintext_key, scopes } = await stratum.createApiKey(id, 'By name');
    expect(scopes).toEqual(['read', 'write']);
    await stratum.suspendTenant(id);
    await expect(stratum.validateApiKey(plaintext_key)).rejects.toMatchObject({ code: 'TENANT_SUSPENDED' });
  });

  test('that nobody uses are found', async () => {
    const issued = await stratum.createApiKey((await tenant()).id, 'Idle');
    await world.pool.query(`update api_keys set created_at = now() - interval '40 days' where id = $1`, [issued.id]);
    const dormant = await stratum.listDormantKeys(30);
    expect(dormant).toEqual(await rest('GET', '/api-keys/dormant?days=30'));
    expect(dormant.map(({ id }) => id)).toContain(issued.id);
  });
});

test('roles are made, given to keys and taken away', async () => {
  const { id } = await tenant();
  const role = await stratum.createRole({ name: 'Auditor', scopes: ['read'], tenant_id: id, description: 'Looks' });
  expect(role).toEqual(await rest('GET', `/roles/${role.id}`));
  expect(await stratum.getRole(role.id)).toEqual(role);
  expect(await stratum.listRoles(id)).toEqual(await rest('GET', `/roles?tenant_id=${id}`));
  expect(await stratum.listRoles()).toContainEqual(role);
  const key = await stratum.createApiKey(id, { scopes: ['read', 'write'] });
  expect(await stratum.resolveKeyScopes(key.id)).toEqual(['read', 'write']);
  expect(await stratum.assignRoleToKey(key.id, role.id)).toBe(true);
  expect(await stratum.resolveKeyScopes(key.id)).toEqual(['read']);
  expect(await stratum.assignRoleToKey(key.id, unknownId)).toBe(false);
  expect(await stratum.updateRole(role.id, { name: 'Reader' })).toMatchObject({ id: role.id, name: 'Reader' });
  expect(await stratum.removeRoleFromKey(key.id)).toBe(true);
  expect(await stratum.removeRoleFromKey(unknownId)).toBe(false);
  expect(await stratum.resolveKeyScopes(key.id)).toEqual(['read', 'write']);
  expect(await stratum.deleteRole(role.id)).toBe(true);
  expect(await stratum.deleteRole(role.id)).toBe(false);
});

test('webhooks are made, changed and tested, and deliveries sent again', async () => {
  const { id } = await tenant();
  const input = { tenant_id: id, url: 'http://127.0.0.1:9/hook', events: ['config.updated'] };
  const { secret, ...webhook } = await stratum.createWebhook(input);
  expect(secret).toEqual(expect.any(String));
  expect(webhook).toEqual(await rest('GET', `/webhooks/${webhook.id}`));
  expect(await stratum.getWebhook(webhook.id)).toEqual(webhook);
  expect(await stratum.listWebhooks(id)).toEqual(await rest('GET', `/webhooks?tenant_id=${id}`));
  expect(await stratum.updateWebhook(webhook.id, { description: 'Mine' })).toMatchObject({ description: 'Mine' });
  const rotated = await stratum.rotateWebhookSecret(webhook.id, { overlapSeconds: 0 });
  expect(rotated.secret).not.toBe(secret);
  const { success, delivery_id } = await stratum.testWebhook(webhook.id);
  expect(success).toBe(true);
  await stratum.setConfig(id, 'theme', { value: 1 });
  const deliveries = await stratum.listWebhookDeliveries(webhook.id);
  expect(deliveries).toEqual(await rest('GET', `/webhooks/${webhook.id}/deliveries?limit=100`));
  expect(deliveries.map((delivery) => delivery.id)).toContain(delivery_id);
  expect(await stratum.getDeliveryStats()).toEqual(await rest('GET', '/webhooks/deliveries/stats'));
  const fail = () =>
    world.pool.query(
      `update webhook_deliveries set status = 'failed', completed_at = now(), next_attempt_at = null, attempts = 1`,
    );
  await fail();
  const failed = await stratum.listFailedDeliveries();
  expect(failed).toEqual(await rest('GET', '/webhooks/deliveries/failed?limit=100'));
  expect(await stratum.listFailedDeliveries(1)).toHaveLength(1);
  expect(await stratum.retryDelivery(delivery_id)).toBe(true);
  expect(await stratum.retryDelivery(unknownId)).toBe(false);
  await fail();
  expect(await stratum.retryFailedDeliveries()).toBe(failed.length);
  expect(await stratum.deleteWebhook(webhook.id)).toBeUndefined();
  await expect(stratum.getWebhook(webhook.id)).rejects.toMatchObject({ code: 'WEBHOOK_NOT_FOUND' });
});

test('every call is in the audit log, in the name of whoever acts', async () => {
  const { id } = await tenant();
  const actor = { actor_id: 'key-1', actor_type: 'api_key', source_ip: '203.0.113.7', request_id: 'r-1' } as const;
  await stratum.setConfig(id, 'theme', { value: 'dark' }, actor);
  await stratum.suspendTenant(id, { actor_id: 'ada', actor_type: 'jwt' });
  const { data } = await stratum.queryAuditLogs({ tenant_id: id });
  expect(
    data.map(({ action, actor_id, actor_type, source_ip, request_id }) => ({
      action,
      actor_id,
      actor_type,
      source_ip,
      request_id,
    })),
  ).toEqual([
    { action: 'tenant.suspended', actor_id: 'ada', actor_type: 'jwt', source_ip: null, request_id: null },
    { action: 'config.updated', ...actor },
    { action: 'tenant.created', actor_id: 'system', actor_type: 'system', source_ip: null, request_id: null },
  ]);
  const { audit_logs } = await stratum.exportTenantData(id);
  expect(data).toEqual(audit_logs.toReversed());
  const first = await stratum.queryAuditLogs({ tenant_id: id, limit: 2 });
  const last = await stratum.queryAuditLogs({ tenant_id: id, limit: 2, cursor: first.next_cursor });
  expect([...first.data, ...last.data]).toEqual(data);
  expect(last).toMatchObject({ has_more: false, next_cursor: null });
  expect((await stratum.queryAuditLogs({ tenant_id: id, action: 'config.updated' })).data).toHaveLength(1);
  const actionsOf = async (query: object) =>
    (await stratum.queryAuditLogs({ tenant_id: id, ...query })).data.map(({ action }) => action);
  expect(await actionsOf({ resource_type: 'tenant' })).toEqual(['tenant.suspended', 'tenant.created']);
  expect(await actionsOf({ actor_id: 'key-1' })).toEqual(['config.updated']);
  const [{ created_at: latest } = { created_at: '' }] = data;
  expect(await actionsOf({ from: latest, to: latest })).toContain('tenant.suspended');
  expect(await actionsOf({ to: '2020-01-01T00:00:00Z' })).toEqual([]);
  await expect(actionsOf({ resource_type: 'nothing' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  await expect(actionsOf({ from: 'yesterday' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  expect((await stratum.queryAuditLogs()).data.every(({ tenant_id }) => tenant_id === null)).toBe(true);
});

test('every method was called', () => {
  const methods = Object.keys(world.stratum).filter((name) => name !== 'app');
  expect(methods.length).toBeGreaterThan(50);
  expect(methods.filter((name) => !called.has(name))).toEqual([]);
});
