import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { migrateTenantRegion } from '../../src/domain/tenants/region.ts';
import { DomainWorld, outcomeOf } from '../support/domain-world.ts';
import { newRegion } from '../support/regions.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const entrances: Readonly<Record<string, (root: Tenant, regionId: string) => Promise<Tenant>>> = {
  'a tenant that is created in it': (_root, regionId) => world.root({ regionId }),
  'a tenant that is put into it': ({ id }, regionId) => migrateTenantRegion(world.admin, { id, regionId }),
};

test.each(Object.entries(entrances))('a region that closes at that moment is shut to %s', async (_what, enter) => {
  const root = await world.root();
  const region = await newRegion(world);
  const operator = new pg.Client({ connectionString: world.database.pool.options.connectionString });
  await operator.connect();
  await operator.query('begin');
  await operator.query("update regions set status = 'draining' where id = $1", [region]);

  const entering = outcomeOf(enter(root, region));
  const outcome = await Promise.race([world.untilOneWaits().then(() => 'waits'), entering]);
  await operator.query('commit');
  await operator.end();

  expect([outcome, await entering]).toEqual(['waits', 'VALIDATION_ERROR']);
  expect(await world.sql('select 1 from tenants where region_id = $1', [region])).toEqual([]);
});
