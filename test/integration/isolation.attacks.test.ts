import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readKey, settingOf } from '../../src/domain/isolation/setting.ts';
import type { TenantConnection } from '../../src/index.ts';
import { type IsolationWorld, openIsolation } from '../support/isolation-world.ts';

/** One connection, so that every tenant gets the one that the attacker has used. */
let world: IsolationWorld;
let a: string;
let b: string;
let key: Uint8Array;

const secret = 'secret of b';

beforeAll(async () => {
  world = await openIsolation({ max: 1 });
  ({ a, b } = world.tenants);
  const { owner, isolate, login } = world;
  await owner.query(`
    create table orders (id int generated always as identity primary key, item text unique, price int default 1);
    create table lines (id serial primary key, of_order int references orders);`);
  await isolate('add', 'orders');
  await isolate('add', 'lines');
  await owner.query(`
    alter table orders add constraint whole unique (tenant_id, id);
    create table notes (id serial primary key, of_order int, tenant_id uuid not null default stratum_isolation.current_tenant(),
      constraint own foreign key (tenant_id, of_order) references orders (tenant_id, id));`);
  await isolate('add', 'notes');
  await owner.query(`create function public.asks() returns bigint language sql as 'select count(*) from orders';
    create view own_orders with (security_invoker) as select * from orders; grant select on own_orders to ${login}`);
  key = (await readKey(async (text) => (await owner.query(text)).rows))!;
});
afterAll(() => world[Symbol.asyncDispose]());

const of = (tenantId: string) => world.stratum.forTenant(tenantId);
const rowsOfB = async () =>
  (await world.owner.query('select * from orders where tenant_id = $1 order by id', [b])).rows;
let before: unknown[];

beforeEach(async () => {
  await world.owner.query('truncate orders, lines, notes');
  await of(b).query('insert into orders (item, price) values ($1, 777)', [secret]);
  await of(a).query(`insert into orders (item) values ('tea')`);
  before = await rowsOfB();
});
/** Whatever was tried: b has what it had, and the next on this connection is b alone. */
afterEach(async () => {
  expect(await rowsOfB()).toEqual(before);
  expect((await of(b).query('select item from orders')).rows).toEqual([{ item: secret }]);
  expect((await world.tenantPool.query('select * from orders')).rows).toEqual([]);
});

/** What an attacker gets to see who runs these statements one after the other: rows, and the words of errors. */
async function loot(...statements: string[]): Promise<string> {
  let seen = '';
  await of(a)
    .transaction(async (connection) => {
      for (const statement of statements) {
        seen += await connection
          .transaction(({ query }) => query(statement))
          .then(
            ({ rows, rowCount }) => `${JSON.stringify(rows)} ${rowCount}\n`,
            (error) => `${error.code} ${error.message} ${error.detail ?? ''} ${error.where ?? ''}\n`,
          );
      }
    })
    .catch((error) => {
      seen += String(error);
    });
  return seen;
}

const all = 'select item from orders';

describe('a session stays in its tenant', () => {
  test.each<[string, string[], RegExp]>([
    ['another statement behind its own', [`select 1; set local stratum.tenant to ''; ${all}`], /^42601/],
    [
      'the id of another as its setting',
      [`select set_config('stratum.tenant', tenant_id::text, true) from (values ('$b')) v (tenant_id)`, all],
      /42501/,
    ],
    ['no setting', [`select set_config('stratum.tenant', '', true)`, all], /\[\] 0\n$/],
    ['a reset setting', ['reset stratum.tenant', all], /\[\] 0\n$/],
    [
      'its own proof for the id of another',
      [`select set_config('stratum.tenant', '$b' || substr(current_setting('stratum.tenant'), 37), true)`, all],
      /42501/,
    ],
    [
      'its own setting, to last longer',
      [`select set_config('stratum.tenant', replace(current_setting('stratum.tenant'), '.', '.9'), true)`, all],
      /42501/,
    ],
    [
      'a setting for the session',
      [`select set_config('stratum.tenant', current_setting('stratum.tenant'), false)`, all],
      /tea/,
    ],
    ['the role of operators', ['set local role stratum_operator', all], /^42501/],
    ['the role of the owner', ['set session authorization $owner', all], /^42501/],
    ['a role of PostgreSQL', ['set local role pg_read_all_data', all], /^\w{5} /],
    ['row security switched off', ['set local row_security = off', all], /42501 query would be affected/],
    ['row security taken from the table', ['alter table orders disable row level security', all], /^42501/],
    ['a policy of its own', ['create policy mine on orders using (true)', all], /^42501/],
    ['a policy that is changed', ['alter policy stratum_read on orders using (true)', all], /^42501/],
    [
      'a rule or a trigger',
      [
        'create rule r as on insert to orders do also select 1',
        'create trigger t before insert on orders execute function asks()',
      ],
      /^42501.*\n42501/,
    ],
    [
      'rights that are given on',
      ['grant stratum_operator to current_user', 'grant select on orders to public', all],
      /^42501/,
    ],
    [
      'the key that settings are signed with',
      [
        'select key from stratum_isolation.keys',
        'table stratum_isolation.keys',
        `select pg_get_expr(polqual, polrelid) from pg_policy limit 1`,
      ],
      /^42501.*\n42501/,
    ],
    [
      'the functions of isolation replaced',
      [
        `create or replace function stratum_isolation.current_tenant() returns uuid language sql as 'select null::uuid'`,
        all,
      ],
      /^42501/,
    ],
    [
      'functions that the check calls, shadowed',
      [
        `create function pg_temp.sha256(bytea) returns bytea language sql immutable as 'select null::bytea'`,
        `create function pg_temp.to_timestamp(double precision) returns timestamptz language sql as 'select now() + interval ''1 day'''`,
        'set local search_path = pg_temp, pg_catalog, public',
        `select set_config('stratum.tenant', '$b.9999999999.00', true)`,
        all,
      ],
      /42501/,
    ],
    [
      'an operator that the policy uses, shadowed',
      [
        `create function pg_temp.same(uuid, uuid) returns boolean language sql immutable as 'select true'`,
        'create operator pg_temp.= (leftarg = uuid, rightarg = uuid, function = pg_temp.same)',
        'set local search_path = pg_temp, pg_catalog, public',
        all,
      ],
      /tea/,
    ],
    [
      'a function that looks at every row before the policy',
      [
        `create function pg_temp.look(text) returns boolean language plpgsql cost 0.0000001 as $$ begin if $1 <> 'tea' then raise exception 'saw %', $1; end if; return true; end $$`,
        `${all} where pg_temp.look(item)`,
        `${all} where item like '%' and pg_temp.look(item)`,
      ],
      /tea/,
    ],
    [
      'errors that quote what they stumble on',
      [
        `${all} where item::int = 1`,
        `select 1 / (price - 777) from orders`,
        `select item::uuid from orders where price = 777`,
      ],
      /22P02.*"tea"/,
    ],
    ['a function that asks in its stead', ['select asks()'], /^\[\{"asks":"1"\}\]/],
    ['a view', ['select item from own_orders'], /tea/],
    [
      'whole rows, samples, other places of the table',
      [
        'select orders from orders',
        'table only orders',
        'select ctid, item from orders tablesample system (100)',
        `${all} where ctid = '(0,1)'`,
      ],
      /tea/,
    ],
    [
      'changes that name no tenant',
      [`update orders set price = 0`, 'delete from orders where price = 777', 'delete from orders'],
      /1\n.*0\n.*1\n/,
    ],
    [
      'changes by a join, a common table expression, merge',
      [
        'update orders o set price = 0 from orders p where p.price > 5',
        'with gone as (delete from orders where price > 5 returning *) select * from gone',
        `merge into orders o using (values ('${secret.slice(0, 3)}')) v (item) on o.price > 5 when matched then delete`,
      ],
      /^\[\] 0\n\[\] 0\n\[\] 0/,
    ],
    [
      'locks on rows of others',
      ['select item from orders where price = 777 for update', 'select count(*) from orders for share'],
      /^\[\] 0/,
    ],
    [
      'rows for another',
      [`insert into orders (item, tenant_id) values ('gift', '$b')`, `update orders set tenant_id = '$b'`],
      /^42501.*\n42501/,
    ],
    [
      'a conflict with a row of another',
      [`insert into orders (item) values ('secret' || ' of b') on conflict (item) do update set price = 0`],
      /^42501/,
    ],
    [
      'a conflict that returns the row',
      [
        `insert into orders (item) values ('secret' || ' of b') on conflict (item) do update set price = orders.price returning price`,
      ],
      /^42501/,
    ],
    ['emptying the table', ['truncate orders', 'truncate orders cascade'], /^42501.*\n42501/],
    [
      'copies to a file, a program, and from one',
      [`copy orders to '/tmp/x'`, `copy orders to program 'cat'`, `copy orders from '/etc/passwd'`],
      /^42501.*\n42501.*\n(42501|0A000)/,
    ],
    [
      'files of the server',
      [`select pg_read_file('postgresql.conf')`, `select lo_import('/etc/passwd')`, `select pg_ls_dir('.')`],
      /^42501.*\n42501.*\n42501/,
    ],
    [
      'statistics of the planner',
      [`select * from pg_stats where tablename = 'orders'`, 'select * from pg_statistic'],
      /^\[\] 0\n42501/,
    ],
    ['plans, and what is found on the way', [`explain (analyze, verbose) ${all} where price = 777`], /QUERY PLAN/],
    ['parallel workers', [`set local debug_parallel_query = on`, all], /tea/],
    ['a transaction ended from within', ['do $$ begin commit; end $$', all], /2D000/],
    [
      'a numbering that is set back',
      [`select setval('lines_id_seq', 1)`, `alter sequence lines_id_seq restart`],
      /^42501.*\n42501/,
    ],
    [
      'a child table',
      ['create table mine () inherits (orders)', 'create temp table mine () inherits (orders)'],
      /^42501.*\n42501/,
    ],
    [
      'a reference to a row of another, where the tenant is part of it',
      [`insert into notes (of_order) select min(id) from generate_series(1, 9999) id where id = $id`],
      /^23503/,
    ],
  ])('%s', async (_name, statements, expected) => {
    const [row] = (await world.owner.query('select id, current_user as owner from orders where tenant_id = $1', [b]))
      .rows;
    const filled = statements.map((text) =>
      text.replaceAll('$b', b).replaceAll('$id', String(row.id)).replaceAll('$owner', row.owner),
    );

    const seen = await loot(...filled);

    expect(seen).toMatch(expected);
    expect(seen).not.toMatch(/secret of b|777"|"price":777/);
  });
});

test('functions of its own in front of those of PostgreSQL do not make a forged proof a good one', async () => {
  const { owner, login } = world;
  await owner.query(`create schema evil; grant all on schema evil to ${login}`);
  try {
    const seen = await loot(
      `create function evil.sha256(bytea) returns bytea language sql immutable as 'select ''\\x00''::bytea'`,
      'set local search_path = evil, pg_catalog, public',
      `select sha256('x') = '\\x00' as is_shadowed`,
      `select set_config('stratum.tenant', '${b}.9999999999.00', true)`,
      all,
    );

    expect(seen).toContain('{"is_shadowed":true}');
    expect(seen).toMatch(/42501 the setting stratum.tenant was not made/);
    expect(seen).not.toContain(secret);
  } finally {
    await owner.query('drop schema evil cascade');
  }
});

test('the words of the errors show the values that were given, and no more', async () => {
  const seen = await loot(`insert into orders (item) values ('secret' || ' of b')`);

  expect(seen).toMatch(/^23505 duplicate key value violates unique constraint "orders_item_key"/);
  expect(seen).not.toContain('777');
});

describe('what is not a proof is refused, and the server stays well', () => {
  test.each([
    '.',
    '..',
    '...',
    'x',
    `${'a'.repeat(10_000)}`,
    '\u{1f600}.1.2',
    'null',
    "'; drop table orders; --",
    '0',
    '-1.-1.-1',
    '$b',
    '$b.9999999999',
    '$b.9999999999.',
    '$b.9999999999.0000000000000000000000000000000000000000000000000000000000000000',
    ' $b.9999999999.x',
    '$b.1e99.x',
  ])('%s', async (text) => {
    await expect(
      of(a).transaction(async ({ query }) => {
        await query(`select set_config('stratum.tenant', $1, true)`, [text.replace('$b', b)]);
        await query(all);
      }),
    ).rejects.toMatchObject({ code: '42501' });
  });

  test('nor does a proof last: it opens no transaction once it has expired', async () => {
    const enter = (setting: string) =>
      of(a).transaction(async ({ query }) => {
        await query(`select set_config('stratum.tenant', $1, true)`, [setting]);
        return (await query(all)).rows;
      });

    expect(await enter(settingOf(a, key, Date.now() - 200_000))).toEqual([{ item: 'tea' }]);
    await expect(enter(settingOf(a, key, Date.now() - 400_000))).rejects.toThrow('has expired');
  });
});

describe('nothing is left for the next tenant on the connection', () => {
  /** What b finds after a has left something. */
  async function foundAfter(leave: string[], look: (connection: TenantConnection) => Promise<unknown>) {
    await of(a).transaction(async ({ query }) => {
      for (const statement of leave) {
        await query(statement);
      }
    });
    return of(b).transaction(look);
  }
  const codeOf = (text: string) => (connection: TenantConnection) =>
    connection
      .transaction(({ query }) => query(text))
      .then(
        ({ rows }) => rows,
        (error: { code: string }) => error.code,
      );

  test('a cursor over its rows', async () => {
    expect(await foundAfter([`declare kept cursor with hold for ${all}`], codeOf('fetch all from kept'))).toBe('34000');
  });

  test('a prepared statement', async () => {
    expect(await foundAfter([`prepare ask as delete from orders`], codeOf('execute ask'))).toBe('26000');
  });

  test('a table or a view that stands before the real one', async () => {
    const leave = [
      'create temp table orders (id serial, item text, price int, tenant_id uuid)',
      'create temp view lines as select 1 as id',
    ];
    expect(await foundAfter(leave, codeOf(all))).toEqual([{ item: secret }]);
    expect(await foundAfter([], codeOf('select id from lines'))).toEqual([]);
  });

  test('a search path, a role, a setting, a time-out', async () => {
    const leave = [
      'set search_path = nowhere',
      `set default_transaction_read_only = on`,
      `set statement_timeout = 1`,
      `set role ${world.login}`,
    ];
    const look = codeOf(
      `select current_setting('search_path') as path, current_setting('default_transaction_read_only') as read_only, current_setting('statement_timeout') as timeout, current_setting('role') as role`,
    );
    expect(await foundAfter(leave, look)).toEqual([
      { path: '"$user", public', read_only: 'off', timeout: '0', role: 'none' },
    ]);
  });

  test('what it listens to, and locks that outlast a transaction', async () => {
    const look = codeOf(
      `select (select count(*)::int from pg_listening_channels()) as channels, (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks`,
    );
    expect(await foundAfter(['listen others', 'select pg_advisory_lock(7)'], look)).toEqual([
      { channels: 0, locks: 0 },
    ]);
  });

  test('the last number that was drawn', async () => {
    expect(await foundAfter(['insert into lines default values'], codeOf('select lastval()'))).toBe('55000');
  });

  test('a transaction that it has ended or begun by itself', async () => {
    expect(await foundAfter(['commit'], codeOf(all))).toEqual([{ item: secret }]);
    expect(await foundAfter(['rollback', 'begin', 'select 1'], codeOf(all))).toEqual([{ item: secret }]);
    expect(
      (
        await of(a).transaction(async ({ query }) => {
          await query('commit');
          return query(all);
        })
      ).rows,
    ).toEqual([]);
  });

  test('also when its transaction fails', async () => {
    await expect(
      of(a).transaction(async ({ query }) => {
        await query('set search_path = nowhere');
        await query('listen others');
        await query('commit');
        await query('select 1 / 0');
      }),
    ).rejects.toMatchObject({ code: '22012' });
    expect(
      (await of(b).query(`select current_setting('search_path') as path, pg_listening_channels() as heard`)).rows,
    ).toEqual([]);
    expect((await of(b).query(all)).rows).toEqual([{ item: secret }]);
  });
});

test('a plan that was made for one tenant asks again for the next', async () => {
  const client = await world.tenantPool.connect();
  try {
    await client.query(`begin; set local plan_cache_mode = force_generic_plan; prepare ask as ${all}`);
    await world.owner.query('select 1');
    for (const [tenant, item] of [
      [a, 'tea'],
      [b, secret],
      [a, 'tea'],
    ] as const) {
      await client.query(`select set_config('stratum.tenant', $1, true)`, [settingOf(tenant, key)]);
      expect((await client.query('execute ask')).rows).toEqual([{ item }]);
    }
    await client.query('rollback; deallocate all');
  } finally {
    client.release();
  }
});

test('others of the same login see the text of what runs, but neither its values nor its proof', async () => {
  const other = await openSpy();
  let seen = '';
  try {
    await of(b).transaction(async ({ query }) => {
      seen += await other.activity();
      const asleep = query('select pg_sleep(0.2), $1::text', [secret]);
      await new Promise((resolve) => setTimeout(resolve, 80));
      seen += await other.activity();
      await asleep;
    });
  } finally {
    await other.close();
  }

  expect(seen).toContain('pg_sleep');
  expect(seen).toContain('set_config');
  expect(seen).not.toContain(secret);
  expect(seen).not.toContain(b);
});

/** Another connection of the same login. */
async function openSpy() {
  const { Client } = (await import('pg')).default;
  const client = new Client({ connectionString: world.tenantUrl });
  await client.connect();
  return {
    activity: async () =>
      JSON.stringify((await client.query('select query from pg_stat_activity where usename = current_user')).rows),
    close: () => client.end(),
  };
}

describe('what is told of others, as the page says', () => {
  test('a reference without the tenant in it answers whether a row is there', async () => {
    const [{ id }] = (await world.owner.query('select id from orders where tenant_id = $1', [b])).rows;

    await of(a).query('insert into lines (of_order) values ($1)', [id]);
    await expect(of(a).query('insert into lines (of_order) values (0)')).rejects.toMatchObject({ code: '23503' });
  });

  test('numbers drawn from one sequence tell how many others draw', async () => {
    const draw = async (tenant: string) =>
      Number((await of(tenant).query<{ id: number }>('insert into lines default values returning id')).rows[0]!.id);
    const first = await draw(a);
    await draw(b);

    expect(await draw(a)).toBe(first + 2);
  });
});
