import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { purgeTenant } from '../../src/domain/tenants/purge.ts';
import { reorderTenant } from '../../src/domain/tenants/reorder.ts';
import { archiveTenant, suspendTenant } from '../../src/domain/tenants/transition.ts';
import { DomainWorld, outcomesOf } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const reorder = ({ id }: Tenant, position: number) => reorderTenant(world.admin, { id, position });
const move = ({ id }: Tenant, parent: Tenant | null) =>
  moveTenant(world.admin, { id, newParentId: parent?.id ?? null });

/** The children of a tenant, or the roots, in order. */
async function ordered(parent: Tenant | null): Promise<{ id: string; position: number; status: string }[]> {
  return world.sql(
    'select id, sort_order as position, status from tenants where parent_id is not distinct from $1 order by sort_order',
    [parent?.id ?? null],
  );
}

test('a tenant goes where it is told among its active siblings, inactive ones come last, no number is left out', async () => {
  const root = await world.root();
  const [a, b, c, d, e] = (await world.children(root, 5)) as [Tenant, Tenant, Tenant, Tenant, Tenant];
  await archiveTenant(world.admin, { id: a.id });
  await suspendTenant(world.admin, { id: c.id });

  const order: string[][] = [];
  for (const position of [0, 1, 2, 99]) {
    await reorder(e, position);
    order.push((await ordered(root)).map(({ id }) => id));
  }

  const [A, B, C, D, E] = [a.id, b.id, c.id, d.id, e.id];
  expect(order).toEqual([
    [E, B, D, A, C],
    [B, E, D, A, C],
    [B, D, E, A, C],
    [B, D, E, A, C],
  ]);
  expect((await ordered(root)).map(({ position }) => position)).toEqual([0, 1, 2, 3, 4]);
});

test('a reorder among roots is seen at every root at once, however often it was read before', async () => {
  const [, second, third] = [await world.root(), await world.root(), await world.root()];
  const child = await world.child(second);
  await Promise.all([second, child].map(({ id }) => world.admin.lineages.load(id)));

  await reorder(third, 0);
  const read = await Promise.all([second, child].map(({ id }) => world.admin.lineages.load(id)));

  const { sortOrder } = await world.read(second);
  expect(sortOrder).not.toBe(second.sortOrder);
  expect(read.map((lineage) => lineage![0]!.sortOrder)).toEqual([sortOrder, sortOrder]);
});

test('reorders at the same moment as creates and moves in and out leave every sibling a position of its own', async () => {
  const [root, elsewhere] = [await world.root(), await world.root()];
  const parent = await world.child(root);
  const stay = await world.children(parent, 6);
  const come = await world.children(elsewhere, 25);
  const go = await world.children(parent, 25);

  for (let n = 0; n < 25; n += 1) {
    const works = [
      () => reorder(stay[n % 6]!, n % 5),
      () => world.child(parent),
      () => move(come[n]!, parent),
      () => reorder(go[n]!, 0),
      () => move(go[n]!, n % 2 === 0 ? elsewhere : root),
      () => reorder(stay[(n + 3) % 6]!, 50),
    ];
    const begun = works.map((_, i) => works[(i + n) % works.length]!());
    expect(await outcomesOf(...begun)).toEqual(works.map(() => 'ok'));
  }

  expect(await world.invariants()).toEqual([]);
});

test('the same among roots, whose order belongs to no tree', async () => {
  const host = await world.root();
  const stay = await Promise.all(Array.from({ length: 4 }, () => world.root()));
  const rise = await world.children(host, 25);
  const sink = await Promise.all(Array.from({ length: 25 }, () => world.root()));
  const doomed = await Promise.all(Array.from({ length: 25 }, () => world.root()));

  for (let n = 0; n < 25; n += 1) {
    const works = [
      () => reorder(stay[n % 4]!, n % 5),
      () => world.root(),
      () => move(rise[n]!, null),
      () => reorder(rise[n]!, 1),
      () => move(sink[n]!, host),
      () => reorder(sink[n]!, 0),
      () => purgeTenant(world.admin, { id: doomed[n]!.id }),
      () => reorder(stay[(n + 2) % 4]!, 0),
    ];
    const begun = works.map((_, i) => works[(i + n) % works.length]!());
    expect(await outcomesOf(...begun)).toEqual(works.map(() => 'ok'));
  }

  expect(await world.invariants()).toEqual([]);
});

test('a reorder of roots and a move of a root wait for each other instead of meeting in a deadlock', async () => {
  const host = await world.root();
  const last = await world.root();
  world.statements.length = 0;

  for (let n = 0; n < 40; n += 1) {
    const sinking = await world.root();
    const works = [() => move(sinking, host), () => reorder(last, n % 2 === 0 ? 0 : 999)];
    await outcomesOf(...(n % 4 < 2 ? works : works.reverse()).map((work) => work()));
  }

  expect(world.statements.filter((text) => /^begin/i.test(text))).toHaveLength(3 * 40);
  expect((await ordered(host)).map(({ position }) => position)).toEqual(Array.from({ length: 40 }, (_, n) => n));
  expect(await world.invariants()).toEqual([]);
});
