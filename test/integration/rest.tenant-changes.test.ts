import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RestWorld, unknownId } from '../support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await RestWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

describe('DELETE /tenants/:id', () => {
  test('204 archives', async () => {
    const { id } = await world.tenant();
    expect(await world.delete(`/tenants/${id}`)).toMatchObject({ status: 204, body: '' });
    expect((await world.get(`/tenants/${id}`)).status).toBe(410);
    expect((await world.post(`/tenants/${id}/resume`)).body).toMatchObject({ status: 'active', deleted_at: null });
  });

  test('400, 404 and 409: malformed, missing, with an active child, archived already', async () => {
    const parent = await world.tenant();
    await world.tenant({ parent_id: parent.id });
    const archived = await world.tenantThatIs('archived');
    await world.refused('DELETE', '/tenants/x', {}, 400, 'VALIDATION_ERROR');
    await world.refused('DELETE', `/tenants/${unknownId}`, {}, 404, 'TENANT_NOT_FOUND');
    await world.refused('DELETE', `/tenants/${parent.id}`, {}, 409, 'TENANT_HAS_CHILDREN');
    await world.refused('DELETE', `/tenants/${archived.id}`, {}, 409, 'TENANT_INVALID_STATE');
  });
});

describe('lifecycle', () => {
  test('200 from state to state', async () => {
    const { id } = await world.tenant();
    expect(await world.post(`/tenants/${id}/suspend`)).toMatchObject({
      status: 200,
      body: { id, status: 'suspended', deleted_at: null },
    });
    expect(await world.post(`/tenants/${id}/archive`)).toMatchObject({
      status: 200,
      body: { status: 'archived', deleted_at: expect.any(String) },
    });
    expect(await world.post(`/tenants/${id}/resume`)).toMatchObject({
      status: 200,
      body: { status: 'active', deleted_at: null },
    });
  });

  test('a body is not needed', async () => {
    const { id } = await world.tenant();
    expect((await world.request('POST', `/tenants/${id}/suspend`)).status).toBe(200);
  });

  test.each(['suspend', 'resume', 'archive'])('%s: 400, 404 and 409', async (verb) => {
    const wrong = await world.tenantThatIs(
      verb === 'resume' ? 'active' : verb === 'suspend' ? 'suspended' : 'archived',
    );
    await world.refused('POST', `/tenants/x/${verb}`, {}, 400, 'VALIDATION_ERROR');
    await world.refused('POST', `/tenants/${unknownId}/${verb}`, {}, 404, 'TENANT_NOT_FOUND');
    expect(await world.refused('POST', `/tenants/${wrong.id}/${verb}`, {}, 409, 'TENANT_INVALID_STATE')).toMatchObject({
      error: { details: { tenant_id: wrong.id, from: wrong.status, operation: verb, allowed_from: expect.any(Array) } },
    });
  });

  test.each(['suspend', 'archive'])('%s: 409 with an active child', async (verb) => {
    const parent = await world.tenant();
    await world.tenant({ parent_id: parent.id });
    await world.refused('POST', `/tenants/${parent.id}/${verb}`, {}, 409, 'TENANT_HAS_CHILDREN');
  });

  test('resume: 403 and 410 under a parent that is suspended or archived', async () => {
    const parent = await world.tenant();
    const child = await world.tenant({ parent_id: parent.id });
    await world.post(`/tenants/${child.id}/suspend`);
    await world.post(`/tenants/${parent.id}/suspend`);
    await world.refused('POST', `/tenants/${child.id}/resume`, {}, 403, 'TENANT_SUSPENDED');
    await world.post(`/tenants/${parent.id}/archive`);
    await world.refused('POST', `/tenants/${child.id}/resume`, {}, 410, 'TENANT_ARCHIVED');
  });
});

describe('POST /tenants/:id/purge', () => {
  test('204 removes the tenant for good', async () => {
    const { id } = await world.tenant();
    expect(await world.post(`/tenants/${id}/purge`)).toMatchObject({ status: 204, body: '' });
    expect((await world.get(`/tenants/${id}/ancestors`)).status).toBe(404);
  });

  test('400, 404 and 409 with a child of any status', async () => {
    const parent = await world.tenant();
    const child = await world.tenant({ parent_id: parent.id });
    await world.delete(`/tenants/${child.id}`);
    await world.refused('POST', '/tenants/x/purge', {}, 400, 'VALIDATION_ERROR');
    await world.refused('POST', `/tenants/${unknownId}/purge`, {}, 404, 'TENANT_NOT_FOUND');
    expect(await world.refused('POST', `/tenants/${parent.id}/purge`, {}, 409, 'TENANT_HAS_CHILDREN')).toMatchObject({
      error: { details: { tenant_id: parent.id, child_count: 1 } },
    });
  });
});

describe('POST /tenants/:id/move', () => {
  test('200 under another parent, to a root, and to where it is', async () => {
    const [a, b] = [await world.tenant(), await world.tenant()];
    const child = await world.tenant({ parent_id: a.id });
    const leaf = await world.tenant({ parent_id: child.id });
    const move = (new_parent_id: string | null) => world.post(`/tenants/${child.id}/move`, { new_parent_id });
    expect(await move(b.id)).toMatchObject({
      status: 200,
      body: { parent_id: b.id, ancestry_path: `/${b.id}`, depth: 1 },
    });
    expect((await world.get(`/tenants/${leaf.id}`)).body.ancestry_path).toBe(`/${b.id}/${child.id}`);
    expect(await move(b.id)).toMatchObject({ status: 200, body: { parent_id: b.id } });
    expect(await move(null)).toMatchObject({ status: 200, body: { parent_id: null, ancestry_path: '/', depth: 0 } });
  });

  test('400, 403, 404, 409 and 410 move nothing', async () => {
    const tenant = await world.tenant();
    const child = await world.tenant({ parent_id: tenant.id });
    const suspended = await world.tenantThatIs('suspended');
    const archived = await world.tenantThatIs('archived');
    const move = (id: string, body: unknown, status: number, code: string) =>
      world.refused('POST', `/tenants/${id}/move`, { body }, status, code);
    expect(await move(tenant.id, {}, 400, 'VALIDATION_ERROR')).toMatchObject({
      error: { issues: [{ path: ['new_parent_id'] }] },
    });
    expect(await move(tenant.id, { new_parent_id: 'x' }, 400, 'VALIDATION_ERROR')).toMatchObject({
      error: { issues: [{ path: ['new_parent_id'] }] },
    });
    await move(tenant.id, { new_parent_id: suspended.id }, 403, 'TENANT_SUSPENDED');
    await move(tenant.id, { new_parent_id: unknownId }, 404, 'TENANT_NOT_FOUND');
    await move(unknownId, { new_parent_id: tenant.id }, 404, 'TENANT_NOT_FOUND');
    await move(tenant.id, { new_parent_id: child.id }, 409, 'TENANT_CYCLE_DETECTED');
    await move(tenant.id, { new_parent_id: tenant.id }, 409, 'TENANT_CYCLE_DETECTED');
    await move(tenant.id, { new_parent_id: archived.id }, 410, 'TENANT_ARCHIVED');
  });
});

describe('POST /tenants/:id/reorder', () => {
  test('200 puts a tenant among its siblings, no further than the ends', async () => {
    const { id: parent_id } = await world.tenant();
    const [a, b, c] = [
      await world.tenant({ parent_id }),
      await world.tenant({ parent_id }),
      await world.tenant({ parent_id }),
    ];
    const order = async () =>
      (await world.get(`/tenants/${parent_id}/children`)).body.map(({ id }: { id: string }) => id);
    expect(await order()).toEqual([a.id, b.id, c.id]);
    expect(await world.post(`/tenants/${c.id}/reorder`, { position: 0 })).toMatchObject({
      status: 200,
      body: { sort_order: 0 },
    });
    expect(await order()).toEqual([c.id, a.id, b.id]);
    expect(await world.post(`/tenants/${c.id}/reorder`, { position: 99 })).toMatchObject({
      status: 200,
      body: { sort_order: 2 },
    });
    expect(await world.post(`/tenants/${b.id}/reorder`, { position: -5 })).toMatchObject({
      status: 200,
      body: { sort_order: 0 },
    });
    expect(await order()).toEqual([b.id, a.id, c.id]);
  });

  test('400 and 404', async () => {
    const { id } = await world.tenant();
    for (const body of [{}, { position: '1' }, { position: 1.5 }, { position: null }]) {
      await world.refused('POST', `/tenants/${id}/reorder`, { body }, 400, 'VALIDATION_ERROR');
    }
    await world.refused('POST', `/tenants/${unknownId}/reorder`, { body: { position: 0 } }, 404, 'TENANT_NOT_FOUND');
  });
});
