import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertTenantIsolation, IsolationError, type IsolationOptions } from '../../src/testing/index.ts';
import { emptyDatabase, type ScratchDatabase } from '../support/template-database.ts';

const [a, b] = ['0193a5b0-0000-7000-8000-00000000000a', '0193a5b0-0000-7000-8000-00000000000b'] as const;
const role = `shop_${process.pid}`;
const mine = `tenant_id = current_setting('app.tenant_id')::uuid`;

let database: ScratchDatabase;
let owner: pg.Pool;
/** As the application connects. */
let pool: pg.Pool;

beforeAll(async () => {
  database = await emptyDatabase();
  owner = new pg.Pool({ connectionString: database.url }).on('error', () => {});
  await owner.query(`create role ${role} login password 'shop'`);
  pool = new pg.Pool({
    connectionString: Object.assign(new URL(database.url), { username: role, password: 'shop' }).href,
  }).on('error', () => {}); // connections that are still closing are cut off with the database
});
afterAll(async () => {
  await pool.end();
  await owner.query(`drop owned by ${role}`);
  await owner.query(`drop role ${role}`);
  await owner.end();
  await database.drop();
});

let tables = 0;

/** A table of orders with a row for each tenant, and these policies. */
async function orders(...policies: string[]): Promise<string> {
  tables += 1;
  const table = `orders_${tables}`;
  await owner.query(`
    create table ${table} (id int generated always as identity primary key, tenant_id uuid not null, item text);
    insert into ${table} (tenant_id, item) values ('${a}', 'of a'), ('${b}', 'of b');
    grant select, insert, update, delete on ${table} to ${role};
    alter table ${table} ${policies.length > 0 ? 'enable' : 'disable'} row level security;
    ${policies.map((policy, index) => `create policy p${index} on ${table} ${policy};`).join('\n')}`);
  return table;
}

const options: IsolationOptions = {
  setTenant: (connection, tenantId) => connection.query("select set_config('app.tenant_id', $1, true)", [tenantId]),
  row: (tenantId) => ({ tenant_id: tenantId, item: 'new' }),
};

async function problemsOf(table: string, by: pg.Pool = pool, how = options): Promise<readonly string[]> {
  const error: unknown = await assertTenantIsolation(by, table, a, b, how).catch((error: unknown) => error);
  if (!(error instanceof IsolationError)) {
    throw error ?? new Error('nothing was found');
  }
  return error.problems;
}

test('a table that keeps tenants apart passes, and is as it was', async () => {
  const table = await orders(`using (${mine}) with check (${mine})`);

  await assertTenantIsolation(pool, table, a, b, options);

  const { rows } = await owner.query(`select tenant_id, item from ${table} order by item`);
  expect(rows).toEqual([
    { tenant_id: a, item: 'of a' },
    { tenant_id: b, item: 'of b' },
  ]);
});

describe('what is wrong is found', () => {
  const reads = `for select using (${mine})`;
  const inserts = `for insert with check (${mine})`;
  const updates = `for update using (${mine}) with check (${mine})`;
  const deletes = `for delete using (${mine})`;

  test.each([
    ['a table without policies', [], ['a tenant reads rows of another']],
    ['open reads', ['for select using (true)', inserts, updates, deletes], ['a tenant reads rows of another']],
    ['open inserts', [reads, 'for insert with check (true)', updates, deletes], ['a tenant adds rows to another']],
    [
      'changes that are checked afterwards alone',
      [reads, inserts, `for update using (true) with check (${mine})`, deletes],
      ['a tenant takes rows of another by a change that names no tenant'],
    ],
    [
      'changes that are checked before alone',
      [reads, inserts, `for update using (${mine}) with check (true)`, deletes],
      ['a tenant gives rows to another'],
    ],
    [
      'open deletions',
      [reads, inserts, updates, 'for delete using (true)'],
      ['a tenant deletes rows of another by a deletion that names no tenant'],
    ],
    ['reads alone', [reads], ['a tenant can not add rows of its own', 'a tenant can not change its own rows']],
  ])('%s', async (_what, policies, expected) => {
    const problems = await problemsOf(await orders(...policies));

    expect(problems).toEqual(expect.arrayContaining(expected.map((problem) => expect.stringContaining(problem))));
  });
});

test('a role that passes by every policy is named as the reason', async () => {
  const table = await orders(`using (${mine}) with check (${mine})`);

  expect((await problemsOf(table, owner))[0]).toContain('passes by every policy');
});

test('a table that is empty proves nothing', async () => {
  const table = await orders(`using (${mine}) with check (${mine})`);
  await owner.query(`delete from ${table} where tenant_id = '${b}'`);

  expect(await problemsOf(table)).toEqual([expect.stringContaining('the second tenant sees none of its own rows')]);
});

test('a session that was never told its tenant is found, and the connection is given back', async () => {
  const table = await orders(`using (${mine}) with check (${mine})`);
  const forgetful = { ...options, setTenant: async () => {} };

  expect((await problemsOf(table, pool, forgetful)).length).toBeGreaterThan(0);
  expect(pool.idleCount).toBe(pool.totalCount);
});
