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

describe('PUT /tenants/:id/config/batch', () => {
  test('200 writes all entries, a key named batch included', async () => {
    const { tenant } = await family();
    const entries = [
      { key: 'a', value: null },
      { key: 'batch', value: { x: 1 }, locked: true },
    ];
    const { status, body } = await world.put(`/tenants/${tenant.id}/config/batch`, { entries });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      results: [
        { key: 'a', status: 'ok', entry: { key: 'a', value: null, locked: false } },
        { key: 'batch', status: 'ok', entry: { value: { x: 1 }, locked: true } },
      ],
      succeeded: 2,
      failed: 0,
    });
    expect(Object.keys((await world.get(`/tenants/${tenant.id}/config`)).body)).toEqual(['a', 'batch']);
    expect((await world.delete(`/tenants/${tenant.id}/config/batch`)).status).toBe(204);
  });

  test('403 writes nothing when one key is locked above', async () => {
    const { root, tenant } = await family();
    await world.put(`/tenants/${root.id}/config/theme`, { value: 'dark', locked: true });
    const entries = [
      { key: 'a', value: 1 },
      { key: 'theme', value: 'light' },
    ];
    const body = await world.refused(
      'PUT',
      `/tenants/${tenant.id}/config/batch`,
      { body: { entries } },
      403,
      undefined,
    );
    expect(body).toEqual({
      results: [
        { key: 'a', status: 'error', error: expect.any(String) },
        { key: 'theme', status: 'error', error: expect.stringContaining('theme') },
      ],
      succeeded: 0,
      failed: 2,
      rolled_back: true,
    });
    expect(Object.keys((await world.get(`/tenants/${tenant.id}/config`)).body)).toEqual(['theme']);
  });

  test('400 for entries without key or value writes nothing', async () => {
    const { tenant } = await family();
    const refused = (entries: unknown[]) =>
      world.refused('PUT', `/tenants/${tenant.id}/config/batch`, { body: { entries } }, 400, undefined);
    expect(await refused([{ key: 'a', value: 1 }, { value: 2 }])).toMatchObject({
      results: [
        { key: 'a', status: 'error' },
        { key: null, status: 'error', error: 'key is required' },
      ],
      rolled_back: true,
    });
    expect(await refused([{ key: 'a' }])).toMatchObject({
      results: [{ key: 'a', error: expect.stringContaining('value') }],
      failed: 1,
    });
    expect(await refused([{ key: 'b', value: 1 }, null])).toMatchObject({ results: [{ key: 'b' }, { key: null }] });
  });

  test.each([
    ['no list', {}],
    ['an empty list', { entries: [] }],
    ['201 entries', { entries: Array.from({ length: 201 }, (_, index) => ({ key: `k${index}`, value: 1 })) }],
    ['something else', { entries: { a: 1 } }],
  ])('400 for %s', async (_, body) => {
    const { tenant } = await family();
    expect(
      await world.refused('PUT', `/tenants/${tenant.id}/config/batch`, { body }, 400, 'VALIDATION_ERROR'),
    ).toMatchObject({
      error: { issues: [{ path: ['entries'] }] },
    });
  });

  test('403, 404 and 410 for the tenant itself', async () => {
    const entries = [{ key: 'a', value: 1 }];
    const batch = (id: string, status: number, code: string) =>
      world.refused('PUT', `/tenants/${id}/config/batch`, { body: { entries } }, status, code);
    await batch((await world.tenantThatIs('suspended')).id, 403, 'TENANT_SUSPENDED');
    await batch(unknownId, 404, 'TENANT_NOT_FOUND');
    await batch((await world.tenantThatIs('archived')).id, 410, 'TENANT_ARCHIVED');
  });
});
