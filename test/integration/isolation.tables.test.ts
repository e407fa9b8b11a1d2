import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { addTable } from '../../src/domain/isolation/add-table.ts';
import { ownTables } from '../../src/domain/isolation/names.ts';
import type { Query } from '../../src/domain/isolation/setting.ts';
import { Stratum } from '../../src/index.ts';
import { runCli } from '../support/cli.ts';
import { type IsolationWorld, openIsolation } from '../support/isolation-world.ts';
import { secrets } from '../support/rest-app.ts';
import { emptyDatabase } from '../support/template-database.ts';

let world: IsolationWorld;
let a: string;
let b: string;
let child: string;

beforeAll(async () => {
  world = await openIsolation({ max: 4 });
  ({ a, b, child } = world.tenants);
});
afterAll(() => world[Symbol.asyncDispose]());

let tables = 0;

async function table(
  columns = 'id int generated always as identity primary key, item text',
  rows = 0,
): Promise<string> {
  const name = `things_${++tables}`;
  await world.owner.query(`create table ${name} (${columns})`);
  if (rows > 0) {
    await world.owner.query(`insert into ${name} (item) select 'item ' || n from generate_series(1, $1) n`, [rows]);
  }
  return name;
}

async function countOf(name: string, tenantId: string): Promise<number> {
  const { rows } = await world.stratum
    .forTenant(tenantId)
    .query<{ count: number }>(`select count(*)::int as count from ${name}`);
  return rows[0]!.count;
}

async function columnOf(name: string) {
  const { rows } = await world.owner.query(
    `select attnotnull as "isNotNull", (select count(*)::int from pg_index where indrelid = attrelid and indkey[0] = attnum and indisvalid) as indexes
     from pg_attribute where attrelid = $1::regclass and attname = 'tenant_id'`,
    [name],
  );
  return rows[0];
}

test('the tables of Stratum are known by name', async () => {
  const { rows } = await world.owner.query(
    `select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname !~ '^(things|first|_prisma)' order by 1`,
  );
  expect(rows.map(({ relname }) => relname)).toEqual([...ownTables].sort());
});

test('scan tells how far each table of the product is, and of no other', async () => {
  const isolated = await table();
  const half = await table('tenant_id uuid, item text');
  const shared = await table();
  await world.isolate('add', isolated, '--scope', 'subtree');

  const { tables } = JSON.parse(await world.isolate('scan', '--json'));

  expect(tables).toEqual(
    expect.arrayContaining([
      { table: `public.${isolated}`, scope: 'subtree', state: 'isolated, scope subtree' },
      { table: `public.${half}`, scope: null, state: expect.stringContaining('not isolated') },
      { table: `public.${shared}`, scope: null, state: 'shared by all' },
    ]),
  );
  expect(tables.map(({ table }: { table: string }) => table).join()).not.toMatch(/tenants|events|graphile|canary/);
  expect(await world.isolate('scan')).toContain('shared by all');
  await world.owner.query(`drop table ${half}`);
});

test('a table with rows is given to a tenant, block by block, with an index that was built beside the work', async () => {
  const name = await table(undefined, 12_000);

  const said = JSON.parse(await world.isolate('add', name, '--assign', 'a', '--json'));

  expect(said.done).toContain('build an index, without keeping anybody from the table');
  expect([await countOf(name, a), await countOf(name, b)]).toEqual([12_000, 0]);
  expect(await columnOf(name)).toEqual({ isNotNull: true, indexes: 1 });
});

test('it is done once: the second time finds nothing to do', async () => {
  const name = await table(undefined, 10);
  await world.isolate('add', name, '--assign', a);

  expect(await world.isolate('add', name)).toBe(`${name} was isolated already, scope exact`);
  expect(await columnOf(name)).toEqual({ isNotNull: true, indexes: 1 });
});

test('rows that are nobody’s stop it before anybody is kept from writing; once they have a tenant it goes on', async () => {
  const name = await table(undefined, 3);

  await expect(world.isolate('add', name)).rejects.toThrow(
    /there are rows in public.things_\d+ that are nobody's.*--assign/,
  );
  await world.owner.query(`insert into ${name} (item) values ('still possible')`);
  await world.owner.query(`update ${name} set tenant_id = case id when 1 then $1::uuid else $2 end`, [a, b]);
  await world.isolate('add', name);

  expect([await countOf(name, a), await countOf(name, b)]).toEqual([1, 3]);
});

test('killed after any of its statements, it is finished by a repetition', async () => {
  const client = await world.owner.connect();
  const query: Query = async (text, values = []) => (await client.query(text, [...values])).rows;
  const wanted = { scope: 'exact', assign: b } as const;
  try {
    let isWhole = false;
    for (let last = 1; !isWhole; last += 1) {
      const name = await table(undefined, 20);
      let left = last;
      const mortal: Query = (text, values) => (left-- > 0 ? query(text, values) : Promise.reject(new Error('killed')));
      const failure: unknown = await addTable(mortal, name, wanted).catch((error: unknown) => error);
      isWhole = failure === undefined;
      expect(failure).toEqual(isWhole ? undefined : new Error('killed'));
      await client.query('rollback');

      await addTable(query, name, wanted);

      expect([await countOf(name, b), await countOf(name, a)]).toEqual([20, 0]);
      expect(await columnOf(name)).toEqual({ isNotNull: true, indexes: 1 });
      await client.query(`drop table ${name}`);
    }
  } finally {
    client.release();
  }
}, 60_000);

test('an index whose building was broken off is built again', async () => {
  const name = await table(undefined, 10);
  await world.owner.query(`alter table ${name} add column tenant_id uuid`);
  await expect(
    world.owner.query(`create unique index concurrently on ${name} ((tenant_id is null))`),
  ).rejects.toThrow();
  await world.owner.query(`update ${name} set tenant_id = $1`, [a]);
  await expect(world.owner.query(`create unique index concurrently broken on ${name} (tenant_id)`)).rejects.toThrow();

  await world.isolate('add', name);

  expect(await columnOf(name)).toEqual({ isNotNull: true, indexes: 1 });
  expect((await world.owner.query(`select to_regclass('broken') as broken`)).rows).toEqual([{ broken: null }]);
});

test('who holds the table keeps it waiting, but nobody waits behind it for longer than a second', async () => {
  const name = await table(undefined, 10);
  const holder = await world.owner.connect();
  await holder.query('begin');
  await holder.query(`select * from ${name}`);
  const adding = world.isolate('add', name, '--assign', a);
  const waits: number[] = [];
  for (let round = 0; round < 6; round += 1) {
    const before = performance.now();
    await world.owner.query(`select count(*) from ${name}`);
    waits.push(performance.now() - before);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  await holder.query('commit');
  holder.release();
  await adding;

  expect(Math.max(...waits)).toBeLessThan(1_500);
  expect(await countOf(name, a)).toBe(10);
}, 30_000);

test('a program that knows of no tenants writes meanwhile; its rows get a tenant, or are refused in the end', async () => {
  const name = await table(undefined, 5_000);
  const legacy = `legacy_${randomBytes(4).toString('hex')}`;
  await world.owner.query(`create role ${legacy} login password 'old'; grant insert on ${name} to ${legacy}`);
  const client = new pg.Client({
    connectionString: Object.assign(new URL(world.url), { username: legacy, password: 'old' }).href,
  });
  await client.connect();
  let isAdding = true;
  let written = 0;
  const refusals = new Set<string>();
  const writing = (async () => {
    while (isAdding) {
      await client.query(`insert into ${name} (item) values ('meanwhile')`).then(
        () => (written += 1),
        (error: Error) => refusals.add(error.message.replace(/"\w+"/g, '…')),
      );
    }
  })();
  const { done } = JSON.parse(await world.isolate('add', name, '--assign', a, '--json'));
  isAdding = false;
  await writing;
  await client.end();
  await world.owner.query(`drop owned by ${legacy}; drop role ${legacy}`);

  expect(written).toBeGreaterThan(0);
  expect(await countOf(name, a)).toBe(5_000 + written);
  const asItShould =
    /^(new row for relation … violates check constraint …|null value in column … of relation … violates not-null constraint|permission denied for function current_tenant)$/;
  expect(done.indexOf('refuse new rows of nobody')).toBeGreaterThan(
    done.indexOf('build an index, without keeping anybody from the table'),
  );
  expect([...refusals].filter((message) => !asItShould.test(message))).toEqual([]);
});

test('an owner who is no superuser does it all, if the roles are there or it may make them', async () => {
  const boss = `boss_${randomBytes(4).toString('hex')}`;
  const database = await emptyDatabase();
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  try {
    await admin.query(
      `create role ${boss} login createrole password 'boss'; alter database ${new URL(database.url).pathname.slice(1)} owner to ${boss}`,
    );
    const url = Object.assign(new URL(database.url), { username: boss, password: 'boss' }).href;
    const shop = `${boss}_shop`;
    await admin.query(`create role ${shop} login password 'shop' in role stratum_tenant`);
    const tenantUrl = Object.assign(new URL(database.url), { username: shop, password: 'shop' }).href;
    await migrate(url);
    const owner = new pg.Pool({ connectionString: url }).on('error', () => {});
    const tenantPool = new pg.Pool({ connectionString: tenantUrl }).on('error', () => {});
    await owner.query(`create table orders (item text); insert into orders values ('old')`);
    {
      await using stratum = new Stratum({ pool: owner, tenantPool, ...secrets });
      await using other = new Stratum({ pool: owner, ...secrets });
      const acme = await other.createTenant({ name: 'Acme', slug: 'acme' });
      const { code, err } = await runCli(['isolate', 'add', 'orders', '--assign', 'acme', '--scope', 'subtree'], {
        env: { DATABASE_URL: url },
      });

      expect({ code, err }).toMatchObject({ code: 0 });
      expect((await stratum.forTenant(acme.id).query('select item from orders')).rows).toEqual([{ item: 'old' }]);
      expect((await owner.query('select item from orders')).rows).toEqual([]);
    }
    await owner.end();
    await tenantPool.end();
  } finally {
    await admin.end();
    await database.drop();
    await world.owner.query(`drop role if exists ${boss}_shop; drop role if exists ${boss}`);
  }
});

test('the scope of a table can be changed', async () => {
  const name = await table();
  await world.isolate('add', name, '--scope', 'subtree');
  await world.stratum.forTenant(child).query(`insert into ${name} (item) values ('of the child')`);

  expect([await countOf(name, a), await countOf(name, b)]).toEqual([1, 0]);
  await world.isolate('add', name);
  expect([await countOf(name, a), await countOf(name, child)]).toEqual([0, 1]);
});

test('subtree: a tenant reads what is below it, wherever it was moved, and writes its own rows alone', async () => {
  const name = await table();
  await world.isolate('add', name, '--scope', 'subtree');
  const of = (tenantId: string) => world.stratum.forTenant(tenantId);
  const moved = (await world.stratum.createTenant({ name: 'moved', slug: 'moved', parent_id: a })).id;
  await of(moved).query(`insert into ${name} (item) values ('x')`);

  expect([await countOf(name, a), await countOf(name, b), await countOf(name, child)]).toEqual([1, 0, 0]);
  expect((await of(a).query(`update ${name} set item = 'taken'`)).rowCount).toBe(0);
  expect((await of(a).query(`delete from ${name}`)).rowCount).toBe(0);
  await expect(of(a).query(`insert into ${name} (tenant_id) values ($1)`, [moved])).rejects.toMatchObject({
    code: '42501',
  });
  await world.stratum.moveTenant(moved, b);
  expect([await countOf(name, a), await countOf(name, b)]).toEqual([0, 1]);
});

test('what can not be isolated is refused in a sentence, and left as it was', async () => {
  const wrong = await table('tenant_id text, item text');
  await world.owner.query('create table parts (id int, item text) partition by range (id)');
  await world.owner.query('create table part_1 partition of parts for values from (0) to (9)');
  await world.owner.query('create view seen as select 1 as id');

  for (const [name, sentence] of [
    [wrong, 'is of the type text'],
    ['parts', 'is no ordinary table'],
    ['part_1', 'has children or partitions'],
    ['seen', 'is no ordinary table'],
    ['tenants', 'there is no table tenants of yours'],
    ['pg_catalog.pg_class', 'there is no table'],
    ['missing', 'there is no table missing'],
    ['stratum_isolation.keys', 'there is no table'],
  ] as const) {
    await expect(world.isolate('add', name)).rejects.toThrow(sentence);
  }
  await expect(world.isolate('add', await table(), '--assign', 'nobody')).rejects.toThrow('there is no tenant nobody');
  const { code } = await runCli(['isolate', 'add', wrong, '--scope', 'all'], { env: { DATABASE_URL: world.url } });
  expect(code).toBe(2);
  expect(await columnOf('parts')).toBeUndefined();
  await world.owner.query(`drop table ${wrong}`);
});

test('policies of one’s own that only take away stay; such as let somebody in are named', async () => {
  const name = await table();
  await world.owner.query(`create policy narrow on ${name} as restrictive using (item <> 'hidden')`);
  await world.isolate('add', name);
  await world.owner.query(`create policy wide on ${name} using (true)`);

  await expect(world.isolate('add', name)).rejects.toThrow('has other policies that let somebody through');
  await world.owner.query(`drop policy wide on ${name}`);
  expect(await world.isolate('add', name)).toContain('isolated already');
});

test('names that need quotes, and such as PostgreSQL cuts', async () => {
  const long = `"Ünusual ${'x'.repeat(54)}"`;
  const twin = `"Ünusual ${'x'.repeat(53)}y"`;
  await world.owner.query(`create schema "My Shop"; grant usage on schema "My Shop" to stratum_tenant`);
  for (const name of [`"My Shop"."the ""orders"""`, long, twin]) {
    await world.owner.query(`create table ${name} (id serial primary key, item text)`);
    await world.isolate('add', name);
    await world.stratum.forTenant(a).query(`insert into ${name} (item) values ('x')`);
    expect([await countOf(name, a), await countOf(name, b)]).toEqual([1, 0]);
  }
});

test('sql prints what add would run: psql gets as far with it, and then there is nothing more', async () => {
  const name = await table(undefined, 20);

  const script = await world.isolate('sql', name, '--assign', 'b');
  expect(await columnOf(name)).toBeUndefined();
  for (const statement of statementsOf(script)) {
    await world.owner.query(statement);
  }

  expect(await world.isolate('add', name)).toContain('isolated already');
  expect([await countOf(name, b), await countOf(name, a)]).toEqual([20, 0]);
  expect(await world.isolate('sql', name)).not.toContain(name);
});

/** Each transaction whole, each statement outside of one alone, as psql sends them. */
function statementsOf(script: string): string[] {
  const units = script.split(/^-- .*$/m).map((unit) => unit.trim());
  return units
    .flatMap((unit) => (unit.startsWith('begin') ? [unit] : unit.split(/;$/m)))
    .filter((unit) => unit.trim() !== '');
}

test('check proves a login, by what may be done and by trying, and says what it can not judge', async () => {
  const name = await table('id int generated always as identity primary key, code text unique, parent int');
  await world.owner.query(`alter table ${name} add constraint to_parent foreign key (parent) references ${name}`);
  await world.isolate('add', name);
  const check = (url: string) =>
    runCli(['isolate', 'check', '--json'], { env: { DATABASE_URL: world.url, STRATUM_TENANT_DATABASE_URL: url } });
  const good = await check(world.tenantUrl);
  const bad = await check(world.url);

  expect({ code: good.code, ...JSON.parse(good.out) }).toMatchObject({ code: 0, problems: [] });
  expect(JSON.parse(good.out).isolated).toContain(`public.${name}`);
  expect(JSON.parse(good.out).warnings).toEqual(
    expect.arrayContaining([
      expect.stringContaining(`${name}_code_key of ${name} is checked across tenants`),
      expect.stringContaining('to_parent of'),
    ]),
  );
  expect({ code: bad.code, problems: JSON.parse(bad.out).problems }).toEqual({
    code: 1,
    problems: ['the login is a superuser, who passes by every policy'],
  });
  expect((await runCli(['isolate', 'check'], { env: { DATABASE_URL: world.url } })).code).toBe(2);
});

test('operators see and change the rows of all; the owner without that role sees none', async () => {
  const name = await table(undefined, 4);
  await world.isolate('add', name, '--assign', a);
  const client = await world.owner.connect();
  try {
    const seenBy = async (role: string) => {
      await client.query(
        `begin; create role somebody; grant ${role} to somebody; grant all on ${name} to somebody; alter table ${name} owner to somebody; set local role somebody`,
      );
      const { rowCount } = await client.query(`update ${name} set item = 'seen'`);
      await client.query('rollback');
      return rowCount;
    };
    expect(await seenBy('stratum_operator')).toBe(4);
    expect(await seenBy('pg_monitor')).toBe(0);
  } finally {
    client.release();
  }
});
