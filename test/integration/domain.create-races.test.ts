import type { PoolClient } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { createTenant, createTenants } from '../../src/domain/tenants/create.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { DomainWorld, inLanes, outcomeOf, uniqueSlug } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const createOne = async (parent: Tenant): Promise<Tenant[]> => [await world.child(parent)];

/** A batch of a child, its child, and another child. */
function createBatch({ id: parentId }: Tenant): Promise<Tenant[]> {
  const [first, second, third] = [uniqueSlug(), uniqueSlug(), uniqueSlug()];
  return createTenants(world.admin, [
    { parentId, name: 'First', slug: first },
    { parentSlug: first, name: 'Second', slug: second },
    { parentId, name: 'Third', slug: third },
  ]);
}

/** Lets `works` begin in this order or the other, at the same moment. */
function atOnce<T>(n: number, first: () => Promise<T>, second: () => Promise<T>): Promise<T[]> {
  return Promise.all((n % 2 === 0 ? [first, second] : [second, first]).map((work) => work()));
}

const destinations = {
  'within its tree': async (root: Tenant) => world.child(root),
  'to another tree': async () => world.root(),
  'to become a root': async () => null,
};

test.each(Object.entries(destinations))(
  'what is created beneath a tenant that moves %s at that moment has its path',
  async (_where, destination) => {
    const roots = await Promise.all([1, 2, 3].map(() => world.root()));

    await inLanes({ count: 60, lanes: 3 }, async (n, lane) => {
      const parent = await world.child(roots[lane]!);
      const target = await destination(roots[lane]!);
      const create = n % 4 < 2 ? createOne : createBatch;
      const created = await atOnce<Tenant | Tenant[]>(
        n,
        () => create(parent),
        () => moveTenant(world.admin, { id: parent.id, newParentId: target?.id ?? null }),
      );
      const { path, rootId } = await world.read(parent);
      for (const { id } of created.flat()) {
        const tenant = await world.read({ id });
        expect({ rootId: tenant.rootId, within: tenant.path.startsWith(path) }).toEqual({ rootId, within: true });
      }
    });

    expect(await world.invariants()).toEqual([]);
  },
);

test('a create far beneath a tenant that moves follows it too', async () => {
  const [left, right] = [await world.root(), await world.root()];
  const [top, , bottom] = await world.line(left, 3);

  for (let n = 0; n < 30; n += 1) {
    const newParentId = n % 2 === 0 ? right.id : left.id;
    await atOnce<Tenant | Tenant[]>(
      n,
      () => createBatch(bottom!),
      () => moveTenant(world.admin, { id: top!.id, newParentId }),
    );
  }

  expect(await world.invariants()).toEqual([]);
});

test('of two creates with one slug at the same moment one wins, in any two trees', async () => {
  const [left, right] = [await world.root(), await world.root()];

  await inLanes({ count: 40, lanes: 2 }, async () => {
    const slug = uniqueSlug();
    const outcomes = await Promise.all([
      outcomeOf(world.child(left, { slug })),
      outcomeOf(createTenants(world.admin, [{ parentId: right.id, name: 'Twin', slug }])),
    ]);
    expect(outcomes.sort()).toEqual(['TENANT_ALREADY_EXISTS', 'ok']);
  });

  expect(await world.invariants()).toEqual([]);
});

test('a batch beneath several trees and roots at once succeeds while those trees move into each other', async () => {
  const [a, b, c] = [await world.root(), await world.root(), await world.root()];

  for (let n = 0; n < 15; n += 1) {
    const items = [a, b, c].map(({ id }) => ({ parentId: id, name: 'Child', slug: uniqueSlug() }));
    await atOnce<unknown>(
      n,
      () => createTenants(world.admin, [...items, { name: 'Root', slug: uniqueSlug() }]),
      () => moveTenant(world.admin, { id: a.id, newParentId: n % 3 === 0 ? b.id : n % 3 === 1 ? c.id : null }),
    );
  }

  expect(await world.invariants()).toEqual([]);
});

const byHand: Record<string, (client: PoolClient, tenant: Tenant, target: Tenant) => Promise<unknown>> = {
  'beneath another tenant': (client, { id }, target) =>
    client.query('update tenants set parent_id = $2, sort_order = 7000, revision = 0 where id = $1', [id, target.id]),
  'to become a root': (client, { id }) =>
    client.query(
      'update tenants set parent_id = null, revision = 0, sort_order = (select max(sort_order) + 1 from tenants where parent_id is null) where id = $1',
      [id],
    ),
};

test.each(Object.entries(byHand))(
  'a create beneath a tenant that hand-written SQL is moving %s waits and follows',
  async (_where, moveByHand) => {
    const [left, right] = [await world.root(), await world.root()];
    const tenant = await world.child(left);
    const client = await world.database.pool.connect();
    await client.query('begin');
    await moveByHand(client, tenant, right);

    const creating = createTenant(world.admin, { parentId: tenant.id, name: 'Child', slug: uniqueSlug() });
    await waitUntilSomebodyWaits();
    await client.query('commit');
    client.release();

    expect(await world.read(await creating)).toMatchObject({ rootId: (await world.read(tenant)).rootId });
    expect(await world.invariants()).toEqual([]);
  },
);

test('a move waits for hand-written SQL that is inserting beneath the tenant', async () => {
  const [left, right] = [await world.root(), await world.root()];
  const tenant = await world.child(left);
  const client = await world.database.pool.connect();
  await client.query('begin');
  await client.query(
    `insert into tenants (id, parent_id, slug, name, sort_order, revision, root_id, path, depth)
     values (gen_random_uuid(), $1, $2, 'By hand', 0, 1, gen_random_uuid(), 'nonsense', 99)`,
    [tenant.id, uniqueSlug()],
  );

  const moving = moveTenant(world.admin, { id: tenant.id, newParentId: right.id });
  await waitUntilSomebodyWaits();
  await client.query('commit');
  client.release();

  expect((await moving).rootId).toBe(right.id);
  expect(await world.invariants()).toEqual([]);
});

async function waitUntilSomebodyWaits(): Promise<void> {
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await expect.poll(() => world.sql(waiting), { interval: 5 }).toHaveLength(1);
}
