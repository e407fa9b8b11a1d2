import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RestWorld, unknownId } from '../support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await RestWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

async function family() {
  const root = await world.tenant();
  const tenant = await world.tenant({ parent_id: root.id });
  return { root, tenant, path: `/tenants/${tenant.id}/permissions` };
}

describe('POST /tenants/:id/permissions', () => {
  test('201 answers the policy with its defaults and its place', async () => {
    const { tenant, path } = await family();
    const { status, headers, body } = await world.post(path, { key: 'manage_users' });
    expect(status).toBe(201);
    expect(headers['location']).toBe(`/api/v1${path}/${body.id}`);
    expect(body).toEqual({
      id: expect.any(String),
      tenant_id: tenant.id,
      key: 'manage_users',
      value: true,
      mode: 'INHERITED',
      revocation_mode: 'CASCADE',
      source_tenant_id: tenant.id,
      created_at: expect.stringMatching(/\.\d{3}Z$/),
      updated_at: expect.any(String),
    });
    expect(
      await world.permission(tenant.id, {
        key: 'other',
        value: { maxItems: 5 },
        mode: 'DELEGATED',
        revocation_mode: 'SOFT',
      }),
    ).toMatchObject({
      value: { maxItems: 5 },
      mode: 'DELEGATED',
      revocation_mode: 'SOFT',
    });
  });

  test('400 names what does not fit', async () => {
    const { path } = await family();
    const body = { mode: 'LOOSE', revocation_mode: 5 };
    const { error } = await world.refused('POST', path, { body }, 400, 'VALIDATION_ERROR');
    expect(error.issues.map((issue: { path: string[] }) => issue.path.join())).toEqual([
      'key',
      'mode',
      'revocation_mode',
    ]);
    await world.refused('POST', path, { body: { key: '' } }, 400, 'VALIDATION_ERROR');
    await world.refused('POST', path, { body: { key: 'x'.repeat(256) } }, 400, 'VALIDATION_ERROR');
    await world.refused('POST', path, { body: { key: 'k', mode: null } }, 400, 'VALIDATION_ERROR');
    await world.refused('POST', '/tenants/x/permissions', { body: { key: 'k' } }, 400, 'VALIDATION_ERROR');
  });

  test('403, 404, 409 and 410', async () => {
    const { root, tenant, path } = await family();
    await world.permission(root.id, { key: 'locked', mode: 'LOCKED' });
    await world.permission(root.id, { key: 'inherited', mode: 'INHERITED' });
    await world.permission(tenant.id, { key: 'twice' });
    const post = (to: string, body: unknown, status: number, code: string) =>
      world.refused('POST', to, { body }, status, code);
    expect(await post(path, { key: 'locked' }, 403, 'PERMISSION_LOCKED')).toMatchObject({
      error: { details: { key: 'locked', source_tenant_id: root.id } },
    });
    await post(path, { key: 'inherited', mode: 'DELEGATED' }, 403, 'PERMISSION_LOCKED');
    await post(
      `/tenants/${(await world.tenantThatIs('suspended')).id}/permissions`,
      { key: 'k' },
      403,
      'TENANT_SUSPENDED',
    );
    await post(`/tenants/${unknownId}/permissions`, { key: 'k' }, 404, 'TENANT_NOT_FOUND');
    await post(path, { key: 'twice' }, 409, 'PERMISSION_ALREADY_EXISTS');
    await post(
      `/tenants/${(await world.tenantThatIs('archived')).id}/permissions`,
      { key: 'k' },
      410,
      'TENANT_ARCHIVED',
    );
  });
});

describe('GET /tenants/:id/permissions', () => {
  test('200 resolves by key, for a tenant of any status', async () => {
    const { root, tenant, path } = await family();
    const locked = await world.permission(root.id, { key: 'locked', value: 1, mode: 'LOCKED' });
    const open = await world.permission(root.id, { key: 'open', mode: 'DELEGATED' });
    const own = await world.permission(tenant.id, { key: 'open', value: false });
    const expected = {
      locked: {
        policy_id: locked.id,
        key: 'locked',
        value: 1,
        mode: 'LOCKED',
        source_tenant_id: root.id,
        locked: true,
        delegated: false,
      },
      open: {
        policy_id: own.id,
        key: 'open',
        value: false,
        mode: 'INHERITED',
        source_tenant_id: tenant.id,
        locked: false,
        delegated: false,
      },
    };
    expect(await world.get(path)).toMatchObject({ status: 200, body: expected });
    expect((await world.get(`/tenants/${root.id}/permissions`)).body.open).toMatchObject({
      policy_id: open.id,
      delegated: true,
    });
    expect(Object.keys((await world.get(`${path}?keys=open`)).body)).toEqual(['open']);
    await world.post(`/tenants/${tenant.id}/suspend`);
    expect((await world.get(path)).body).toEqual(expected);
    await world.post(`/tenants/${tenant.id}/archive`);
    expect((await world.get(path)).body).toEqual(expected);
  });

  test('400 and 404', async () => {
    expect((await world.get('/tenants/x/permissions')).body.error.code).toBe('VALIDATION_ERROR');
    expect((await world.get(`/tenants/${unknownId}/permissions`)).body.error.code).toBe('TENANT_NOT_FOUND');
  });
});

describe('PATCH /tenants/:id/permissions/:policyId', () => {
  test('200 changes what is given', async () => {
    const { tenant, path } = await family();
    const policy = await world.permission(tenant.id, { key: 'k' });
    const { status, body } = await world.patch(`${path}/${policy.id}`, {
      value: null,
      mode: 'LOCKED',
      revocation_mode: 'SOFT',
      key: 'other',
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      ...policy,
      value: null,
      mode: 'LOCKED',
      revocation_mode: 'SOFT',
      updated_at: expect.any(String),
    });
    expect((await world.patch(`${path}/${policy.id}`, {})).body.mode).toBe('LOCKED');
  });

  test('400, 403 and 404', async () => {
    const { root, tenant, path } = await family();
    const policy = await world.permission(tenant.id, { key: 'k' });
    const patch = (to: string, body: unknown, status: number, code: string) =>
      world.refused('PATCH', to, { body }, status, code);
    await patch(`${path}/${policy.id}`, { mode: 'LOOSE' }, 400, 'VALIDATION_ERROR');
    expect(await patch(`${path}/x`, {}, 400, 'VALIDATION_ERROR')).toMatchObject({
      error: { issues: [{ path: ['policyId'] }] },
    });
    await patch(`${path}/${unknownId}`, {}, 404, 'PERMISSION_NOT_FOUND');
    await patch(`/tenants/${root.id}/permissions/${policy.id}`, {}, 404, 'PERMISSION_NOT_FOUND');
    await world.permission(root.id, { key: 'k', mode: 'LOCKED' });
    await patch(`${path}/${policy.id}`, { value: 1 }, 403, 'PERMISSION_LOCKED');
  });

  test('403 keeps a permanent policy permanent', async () => {
    const { tenant, path } = await family();
    const policy = await world.permission(tenant.id, { key: 'k', revocation_mode: 'PERMANENT' });
    const body = { revocation_mode: 'CASCADE' };
    await world.refused('PATCH', `${path}/${policy.id}`, { body }, 403, 'PERMISSION_REVOCATION_DENIED');
  });
});

describe('DELETE /tenants/:id/permissions/:policyId', () => {
  test('204 takes those below along by CASCADE, and leaves them by SOFT', async () => {
    const { root, tenant, path } = await family();
    const cascade = await world.permission(root.id, { key: 'cascade', mode: 'DELEGATED' });
    const soft = await world.permission(root.id, { key: 'soft', mode: 'DELEGATED', revocation_mode: 'SOFT' });
    await world.permission(tenant.id, { key: 'cascade' });
    await world.permission(tenant.id, { key: 'soft' });
    expect((await world.delete(`/tenants/${root.id}/permissions/${cascade.id}`)).status).toBe(204);
    expect((await world.delete(`/tenants/${root.id}/permissions/${soft.id}`)).status).toBe(204);
    expect(Object.keys((await world.get(path)).body)).toEqual(['soft']);
  });

  test('400, 403 and 404', async () => {
    const { root, tenant, path } = await family();
    const permanent = await world.permission(tenant.id, { key: 'k', revocation_mode: 'PERMANENT' });
    await world.refused('DELETE', `${path}/x`, {}, 400, 'VALIDATION_ERROR');
    await world.refused('DELETE', `${path}/${permanent.id}`, {}, 403, 'PERMISSION_REVOCATION_DENIED');
    await world.refused('DELETE', `${path}/${unknownId}`, {}, 404, 'PERMISSION_NOT_FOUND');
    await world.refused('DELETE', `/tenants/${root.id}/permissions/${permanent.id}`, {}, 404, 'PERMISSION_NOT_FOUND');
  });
});
