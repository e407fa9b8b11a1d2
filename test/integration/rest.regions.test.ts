import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newRegion } from '../support/regions.ts';
import { RestWorld, unknownId } from '../support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await RestWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const regionOf = async (id: string) => (await world.get(`/tenants/${id}`)).body.region_id;
const migrate = (id: string, region_id: string) => world.post(`/tenants/${id}/migrate-region`, { region_id });

async function numberOfEvents(): Promise<unknown> {
  return (await world.sql('select count(*) from events'))[0];
}

describe('POST /tenants/:id/migrate-region', () => {
  test('200 changes the region of the tenant alone', async () => {
    const [from, to] = [await newRegion(world), await newRegion(world)];
    const root = await world.tenant({ region_id: from });
    const child = await world.tenant({ parent_id: root.id });
    expect([root['region_id'], child['region_id']]).toEqual([from, from]);
    expect(await migrate(root.id, to.toUpperCase())).toMatchObject({ status: 200, body: { success: true } });
    expect([await regionOf(root.id), await regionOf(child.id)]).toEqual([to, from]);
    expect((await world.tenant({ parent_id: root.id }))['region_id']).toBe(to);
  });

  test('200, and no event, where it is already, whatever became of the region', async () => {
    const region = await newRegion(world);
    const { id } = await world.tenant({ region_id: region });
    await world.sql("update regions set status = 'draining' where id = $1", [region]);
    const before = await numberOfEvents();
    expect(await migrate(id, region)).toMatchObject({ status: 200, body: { success: true } });
    expect(await numberOfEvents()).toEqual(before);
  });

  test.each(['suspended', 'archived'] as const)(
    '200 for a tenant that is %s: a region must be left by all',
    async (status) => {
      const { id } = await world.tenantThatIs(status);
      expect((await migrate(id, await newRegion(world))).status).toBe(200);
    },
  );

  test('400 and 404, which change nothing', async () => {
    const { id } = await world.tenant();
    const before = await numberOfEvents();
    const path = `/tenants/${id}/migrate-region`;
    const closed = [await newRegion(world, 'draining'), await newRegion(world, 'inactive')];
    for (const region_id of [undefined, null, 'x', 7, unknownId, ...closed]) {
      const refusal = await world.refused('POST', path, { body: { region_id } }, 400, 'VALIDATION_ERROR');
      expect(JSON.stringify(refusal)).toContain('region_id');
    }
    const body = { region_id: await newRegion(world) };
    await world.refused('POST', `/tenants/${unknownId}/migrate-region`, { body }, 404, 'TENANT_NOT_FOUND');
    expect([await regionOf(id), await numberOfEvents()]).toEqual([null, before]);
  });
});

describe('POST /tenants', () => {
  test('201 in an active region, or in the one of its parent', async () => {
    const [region, other] = [await newRegion(world), await newRegion(world)];
    const { id: parent_id } = await world.tenant({ region_id: region });
    expect((await world.tenant({ parent_id, region_id: other }))['region_id']).toBe(other);
    await world.sql("update regions set status = 'inactive' where id = $1", [region]);
    expect((await world.tenant({ parent_id, region_id: region }))['region_id']).toBe(region);
  });

  test('400 in a region that takes in nobody', async () => {
    const body = { name: 'A', slug: 'in_no_region', region_id: await newRegion(world, 'draining') };
    await world.refused('POST', '/tenants', { body }, 400, 'VALIDATION_ERROR');
  });
});

test('a region that a tenant is in is not deleted from under it', async () => {
  const region = await newRegion(world);
  await migrate((await world.tenant()).id, region);
  await expect(world.sql('delete from regions where id = $1', [region])).rejects.toThrow('tenants_region_id_fkey');
});
