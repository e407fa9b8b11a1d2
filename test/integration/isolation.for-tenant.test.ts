import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Stratum, UnsafeIsolationError } from '../../src/index.ts';
import { assertTenantIsolation } from '../../src/testing/index.ts';
import { type IsolationWorld, openIsolation } from '../support/isolation-world.ts';
import { secrets } from '../support/rest-app.ts';

let world: IsolationWorld;
let a: string;
let b: string;
let child: string;

beforeAll(async () => {
  world = await openIsolation();
  ({ a, b, child } = world.tenants);
  await world.owner.query('create table orders (id int generated always as identity primary key, item text unique)');
  await world.isolate('add', 'orders');
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => world.owner.query('truncate orders'));

const of = (tenantId: string) => world.stratum.forTenant(tenantId);
const itemsOf = async (tenantId: string) =>
  (await of(tenantId).query<{ item: string }>('select item from orders order by item')).rows.map(({ item }) => item);
/** As nobody does: past the library, on the connections that it has used. */
const seenByNobody = async () => (await world.tenantPool.query('select * from orders')).rowCount;

test('every tenant has rows of its own, and names them nowhere', async () => {
  const { rows, rowCount, command } = await of(a).query('insert into orders (item) values ($1) returning tenant_id', [
    'tea',
  ]);
  await of(b).query(`insert into orders (item) values ('salt')`);

  expect({ rows, rowCount, command }).toEqual({ rows: [{ tenant_id: a }], rowCount: 1, command: 'INSERT' });
  expect([await itemsOf(a), await itemsOf(b), await itemsOf(child)]).toEqual([['tea'], ['salt'], []]);
  expect((await of(b).query(`update orders set item = 'mine'`)).rowCount).toBe(1);
  expect((await of(a).query('delete from orders')).rowCount).toBe(1);
  expect(await itemsOf(b)).toEqual(['mine']);
  expect(await seenByNobody()).toBe(0);
});

describe('a transaction', () => {
  test('stays whole or not at all, and gives what the work gives', async () => {
    const given = await of(a).transaction(async ({ query }) => {
      await query(`insert into orders (item) values ('one')`);
      return (await query('select item from orders')).rows;
    });
    const failing = of(a).transaction(async ({ query }) => {
      await query(`insert into orders (item) values ('two')`);
      throw new Error('the work fails');
    });

    await expect(failing).rejects.toThrow('the work fails');
    expect(given).toEqual([{ item: 'one' }]);
    expect(await itemsOf(a)).toEqual(['one']);
  });

  test('within another can fail alone', async () => {
    await of(a).transaction(async (outer) => {
      await outer.query(`insert into orders (item) values ('outer')`);
      const inner = outer.transaction(async ({ query, transaction }) => {
        await query(`insert into orders (item) values ('inner')`);
        await transaction(({ query }) => query(`insert into orders (item) values ('innermost')`));
        await query('select 1 / 0');
      });
      await expect(inner).rejects.toMatchObject({ code: '22012' });
      await outer.transaction(({ query }) => query(`insert into orders (item) values ('after')`));
    });

    expect(await itemsOf(a)).toEqual(['after', 'outer']);
  });

  test('takes no statement while another is running within it', async () => {
    await of(a).transaction(async (outer) => {
      await outer.transaction(async ({ query }) => {
        await expect(outer.query('select 1')).rejects.toThrow('within it is running');
        await expect(outer.transaction(async () => 1)).rejects.toThrow('within it is running');
        await query(`insert into orders (item) values ('inner')`);
      });
    });

    expect(await itemsOf(a)).toEqual(['inner']);
  });

  test('is not taken for done when a failure in it was passed over', async () => {
    const work = of(a).transaction(async ({ query }) => {
      await query(`insert into orders (item) values ('lost')`);
      await query('select 1 / 0').catch(() => {});
    });

    await expect(work).rejects.toThrow('undone, because a statement in it had failed');
    expect(await itemsOf(a)).toEqual([]);
  });

  test('says what fails at its end, and its connection is good again', async () => {
    await world.owner.query('alter table orders add constraint at_end unique (item) deferrable initially deferred');

    const work = of(a).transaction(async ({ query }) => {
      await query(`alter table orders disable trigger all`).catch(() => {});
    });
    await expect(work).rejects.toThrow('undone');
    await expect(
      of(a).query(`insert into orders (item) select 'twin' from generate_series(1, 2)`),
    ).rejects.toMatchObject({ code: '23505' });
    await world.owner.query('alter table orders drop constraint at_end');
    expect(await itemsOf(a)).toEqual([]);
  });
});

test('an error is that of pg, with its code, constraint and position', async () => {
  await of(a).query(`insert into orders (item) values ('twin')`);

  await expect(of(a).query(`insert into orders (item) values ('twin')`)).rejects.toMatchObject({
    name: 'error',
    code: '23505',
    constraint: 'orders_item_key',
  });
  await expect(of(a).query('select nothing')).rejects.toMatchObject({ code: '42703', position: '8' });
});

test('eighty calls of two tenants at once on two connections never mix', async () => {
  const seen = await Promise.all(
    Array.from({ length: 80 }, async (_, index) => {
      const tenant = index % 2 === 0 ? a : b;
      return of(tenant).transaction(async ({ query }) => {
        await query('insert into orders (item) values ($1)', [`${tenant} ${index}`]);
        if (index % 7 === 0) {
          await query('select pg_sleep(0.002)');
        }
        const { rows } = await query<{ item: string }>('select item from orders');
        return rows.every(({ item }) => item.startsWith(tenant));
      });
    }),
  );

  expect(seen.every(Boolean)).toBe(true);
  expect([(await itemsOf(a)).length, (await itemsOf(b)).length]).toEqual([40, 40]);
  expect(world.tenantPool.totalCount).toBeLessThanOrEqual(2);
  expect(await seenByNobody()).toBe(0);
});

test('a connection that is cut in the middle is an error, is not used again, and nothing of it stays', async () => {
  const work = of(a).transaction(async ({ query }) => {
    await query(`insert into orders (item) values ('lost')`);
    const { rows } = await query<{ pid: number }>('select pg_backend_pid() as pid');
    await world.owner.query('select pg_terminate_backend($1)', [rows[0]!.pid]);
    await sleep(50);
    await query('select 1');
  });

  await expect(work).rejects.toThrow();
  expect(await itemsOf(a)).toEqual([]);
});

describe('the handle of a transaction that has ended', () => {
  test('takes no statement: its connection may be another tenant’s', async () => {
    const kept = await of(a).transaction(async (connection) => connection);

    await expect(kept.query('select * from orders')).rejects.toThrow('it has ended');
    await expect(kept.transaction(({ query }) => query('select 1'))).rejects.toThrow('it has ended');
  });

  test('nor does one within it that nobody waited for', async () => {
    let late: Promise<unknown> = Promise.resolve();
    await of(a).transaction(async (outer) => {
      late = outer.transaction(async ({ query }) => {
        await sleep(50);
        await query(`insert into orders (item) values ('late')`);
      });
      late.catch(() => {});
    });

    await expect(late).rejects.toThrow('ended');
    expect([await itemsOf(a), await itemsOf(b)]).toEqual([[], []]);
  });
});

test('a tenant is named by a UUID, in capitals or not', async () => {
  await of(a.toUpperCase()).query(`insert into orders (item) values ('loud')`);

  expect(await itemsOf(a)).toEqual(['loud']);
  for (const bad of ['', 'a', `${a}'`, undefined as unknown as string, 7 as unknown as string]) {
    expect(() => of(bad)).toThrowError(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
  }
});

test('a transaction of a library with connections of its own becomes one of a tenant', async () => {
  await of(a).query(`insert into orders (item) values ('tea')`);
  const client = await world.tenantPool.connect();
  try {
    await client.query('begin');
    await world.stratum.enterTenant(client, a);
    expect((await client.query('select item from orders')).rows).toEqual([{ item: 'tea' }]);
    await client.query('commit');
    expect((await client.query('select item from orders')).rows).toEqual([]);
  } finally {
    client.release();
  }
});

test('the test kit finds nothing in an isolated table, and everything in one that is not', async () => {
  await of(a).query(`insert into orders (item) values ('of a')`);
  await of(b).query(`insert into orders (item) values ('of b')`);
  const { owner, stratum, tenantPool, login } = world;
  let made = 0;
  const options = {
    setTenant: stratum.enterTenant.bind(stratum),
    row: (tenant_id: string) => ({ tenant_id, item: `new ${made++}` }),
  };

  await assertTenantIsolation(tenantPool, 'orders', a, b, options);

  await owner.query(`create table open_orders as select * from orders; grant all on open_orders to ${login}`);
  await expect(assertTenantIsolation(tenantPool, 'open_orders', a, b, options)).rejects.toMatchObject({
    problems: expect.arrayContaining(['a tenant reads rows of another', 'a tenant adds rows to another']),
  });
  await owner.query('drop table open_orders');
});

describe('a program does not start', () => {
  const problemsOf = async (tenantPool = world.tenantPool): Promise<readonly string[]> => {
    await using stratum = new Stratum({ pool: world.owner, tenantPool, ...secrets });
    const error: unknown = await stratum.initialize().catch((error: unknown) => error);
    return error instanceof UnsafeIsolationError ? error.problems : [];
  };

  test('with a superuser, who passes by every policy', async () => {
    expect(await problemsOf(world.owner)).toEqual(['the login is a superuser, who passes by every policy']);
  });

  test.each([
    [
      'a role that bypasses',
      (login: string) => `alter role ${login} bypassrls`,
      (login: string) => `alter role ${login} nobypassrls`,
      'BYPASSRLS',
    ],
    [
      'a role that makes roles',
      (login: string) => `alter role ${login} createrole`,
      (login: string) => `alter role ${login} nocreaterole`,
      'CREATEROLE',
    ],
    [
      'a role that reads the log',
      (login: string) => `alter role ${login} replication`,
      (login: string) => `alter role ${login} noreplication`,
      'REPLICATION',
    ],
    [
      'a role that reads everything',
      (login: string) => `grant pg_read_all_data to ${login}`,
      (login: string) => `revoke pg_read_all_data from ${login}`,
      'pg_read_all_data',
    ],
    [
      'no membership',
      (login: string) => `revoke stratum_tenant from ${login}`,
      (login: string) => `grant stratum_tenant to ${login}`,
      'no member of stratum_tenant',
    ],
    [
      'an operator',
      (login: string) => `grant stratum_operator to ${login}`,
      (login: string) => `revoke stratum_operator from ${login}`,
      'sees all tenants',
    ],
    [
      'an owner',
      (login: string) => `alter table orders owner to ${login}`,
      () => 'alter table orders owner to current_user',
      'owns orders',
    ],
    [
      'a maker of objects',
      (login: string) => `grant create on schema public to ${login}`,
      (login: string) => `revoke create on schema public from ${login}`,
      'schema public',
    ],
    [
      'a reader of keys',
      (login: string) => `grant select on stratum_isolation.keys to ${login}`,
      (login: string) => `revoke select on stratum_isolation.keys from ${login}`,
      'stratum_isolation.keys',
    ],
    [
      'a writer of tenants',
      (login: string) => `grant update on tenants to ${login}`,
      (login: string) => `revoke update on tenants from ${login}`,
      'may touch tenants',
    ],
    [
      'a truncater',
      (login: string) => `grant truncate on orders to ${login}`,
      (login: string) => `revoke truncate on orders from ${login}`,
      'TRUNCATE',
    ],
    [
      'row security that is not forced',
      () => 'alter table orders no force row level security',
      () => 'alter table orders force row level security',
      'not the policies',
    ],
    [
      'another policy',
      () => 'create policy open on orders for select using (true)',
      () => 'drop policy open on orders',
      'not the policies',
    ],
    [
      'a policy that was changed',
      () => 'alter policy stratum_read on orders using (true)',
      () => `alter policy stratum_read on orders using (tenant_id = (select stratum_isolation.current_tenant()))`,
      'not the policies',
    ],
    [
      'a view of the owner',
      (login: string) => `create view all_orders as select * from orders; grant select on all_orders to ${login}`,
      () => 'drop view all_orders',
      'the view all_orders',
    ],
    [
      'a view of a view',
      (login: string) =>
        `create view inner_orders with (security_invoker) as select * from orders; create view outer_orders as select * from inner_orders; grant select on outer_orders to ${login}`,
      () => 'drop view outer_orders; drop view inner_orders',
      'the view outer_orders',
    ],
    [
      'what was materialized',
      (login: string) =>
        `create materialized view old_orders as select * from orders; grant select on old_orders to ${login}`,
      () => 'drop materialized view old_orders',
      'the view old_orders',
    ],
    [
      'a function that lets everyone in',
      () =>
        `create or replace function stratum_isolation.current_subtree() returns uuid[] language sql stable as 'select null::uuid[]'`,
      () => `select 1`,
      'canary_subtree',
    ],
  ])('with %s', async (_name, spoil, mend, problem) => {
    try {
      await world.owner.query(spoil(world.login));
      expect((await problemsOf()).join('\n')).toContain(problem);
    } finally {
      await world.owner.query(mend(world.login));
      await world.isolate('add', 'first');
    }
    expect(await problemsOf()).toEqual([]);
  });

  test('with a table of tenants that is not isolated, once the login may touch it', async () => {
    const { owner, login } = world;
    await owner.query('create table half (tenant_id uuid, item text)');
    expect(await problemsOf()).toEqual([]);
    await owner.query(`grant select (item) on half to ${login}`);
    expect((await problemsOf()).join()).toContain('public.half has a column tenant_id, but not the policies');
    await owner.query('drop table half');
  });

  test('on a database that was never prepared', async () => {
    await world.owner.query('alter schema stratum_isolation rename to elsewhere');
    expect((await problemsOf()).join()).toContain('isolate a table with');
    await world.owner.query('alter schema elsewhere rename to stratum_isolation');
  });

  test('without a pool there is no way to the rows of tenants', async () => {
    await using stratum = new Stratum({ pool: world.owner, ...secrets });

    await expect(stratum.forTenant(a).query('select 1')).rejects.toThrow('tenantPool');
  });
});
