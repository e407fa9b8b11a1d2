import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { growSubtree } from '../support/grow-subtree.ts';
import { type IsolationWorld, openIsolation } from '../support/isolation-world.ts';

let world: IsolationWorld;
let leaf: string;
let top: string;
const below = 40;
const rowsEach = 50;

/** 300 tenants with 50 rows each, of which 40 are below one. */
beforeAll(async () => {
  world = await openIsolation();
  const { owner, isolate, stratum, tenants } = world;
  top = tenants.a;
  for (let index = 1; index < below; index += 1) {
    leaf = (await stratum.createTenant({ name: 'leaf', slug: `leaf_${index}`, parent_id: top })).id;
  }
  for (const [table, scope] of [
    ['exact', 'exact'],
    ['subtree', 'subtree'],
  ] as const) {
    await owner.query(`create table ${table}_orders (id int generated always as identity primary key, item text)`);
    await isolate('add', `${table}_orders`, '--scope', scope);
    await owner.query(
      `insert into ${table}_orders (tenant_id, item) select tenant, 'item ' || n
       from (select id as tenant from tenants union all select gen_random_uuid() from generate_series(1, 260)) t, generate_series(1, ${rowsEach}) n order by random()`,
    );
    await owner.query(`analyze ${table}_orders`);
  }
});
afterAll(() => world[Symbol.asyncDispose]());

interface Plan {
  'Node Type': string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Filter?: string;
  'Subplan Name'?: string;
  'Actual Loops': number;
  'Actual Rows': number;
  Plans?: Plan[];
}

/** Every part of the plan of a statement, as it was executed. */
async function partsOf(tenantId: string, statement: string): Promise<Plan[]> {
  const { rows } = await world.stratum
    .forTenant(tenantId)
    .query<{ 'QUERY PLAN': { Plan: Plan }[] }>(`explain (analyze, format json) ${statement}`);
  const flat = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(flat)];
  return flat(rows[0]!['QUERY PLAN'][0]!.Plan);
}

test.each([
  ['exact', () => leaf, rowsEach],
  ['subtree', () => leaf, rowsEach],
  ['subtree', () => top, (below + 1) * rowsEach],
])('who asks is found out once for a statement, and the index finds the rows: %s', async (scope, tenant, count) => {
  const parts = await partsOf(tenant(), `select * from ${scope}_orders`);

  const found = parts.filter(({ 'Index Cond': condition }) => condition?.includes('tenant_id'));
  const asked = parts.filter(({ 'Subplan Name': name }) => name !== undefined);
  expect(found).toMatchObject([
    { 'Index Name': `${scope}_orders_tenant_id_idx`, 'Actual Rows': count, 'Actual Loops': 1 },
  ]);
  expect(asked).toMatchObject([{ 'Actual Loops': 1 }]);
  expect(parts.filter(({ Filter }) => Filter?.includes('current_'))).toEqual([]);
});

test('a subtree of 5,000 tenants is found by one range, once for a statement', async () => {
  const { stratum, url } = world;
  const big = (await stratum.createTenant({ name: 'big', slug: 'big' })).id;
  const database = openDatabase({ url });
  await growSubtree(database, big, 5_000);
  await database.close();

  const { rows } = await stratum.forTenant(big).transaction(async ({ query }) => {
    await query(`insert into subtree_orders (item) values ('own')`);
    return query<{ item: string; size: number }>(
      'select item, cardinality(stratum_isolation.current_subtree()) as size from subtree_orders',
    );
  });
  const parts = await partsOf(big, 'select * from subtree_orders');

  expect(rows).toEqual([{ item: 'own', size: 5_001 }]);
  expect(parts.filter(({ 'Subplan Name': name }) => name !== undefined)).toMatchObject([{ 'Actual Loops': 1 }]);
  expect(parts.reduce((sum, part) => sum + part['Actual Rows'] * part['Actual Loops'], 0)).toBeLessThan(10);
});

test('a change asks once too, whatever the scope of reads', async () => {
  for (const scope of ['exact', 'subtree']) {
    const parts = await partsOf(leaf, `update ${scope}_orders set item = 'changed'`);
    const asked = parts.filter(({ 'Subplan Name': name }) => name !== undefined);

    expect(parts.some(({ 'Index Cond': condition }) => condition?.includes('tenant_id'))).toBe(true);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every(({ 'Actual Loops': loops }) => loops <= 1)).toBe(true);
  }
});
