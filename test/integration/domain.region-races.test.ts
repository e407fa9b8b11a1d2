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
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  const waits = expect.poll(() => world.sql(waiting), { interval: 5, timeout: 1000 }).toHaveLength(1);
  const outcome = await Promise.race([waits.then(() => 'waits'), entering]);
  await operator.query('commit');
  await operator.end();

  expect([outcome, await entering]).toEqual(['waits', 'VALIDATION_ERROR']);
  expect(await world.sql('select 1 from tenants where region_id = $1', [region])).toEqual([]);
});
