import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { createTenants } from '../../src/domain/tenants/create.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { DomainWorld, inLanes, outcomeOf, outcomesOf, uniqueSlug } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const move = (tenant: Tenant, parent: Tenant) => moveTenant(world.admin, { id: tenant.id, newParentId: parent.id });

const oneWinner = ['TENANT_CYCLE_DETECTED', 'ok'];

interface Family {
  readonly parent: Tenant;
  readonly child: Tenant;
}

/** Parents with one child each, in one batch. */
async function families(top: Tenant, count: number): Promise<Family[]> {
  const items = Array.from({ length: count }, uniqueSlug).flatMap((slug) => [
    { parentId: top.id, name: 'Parent', slug },
    { parentSlug: slug, name: 'Child', slug: uniqueSlug() },
  ]);
  const tenants = await createTenants(world.admin, items);
  return Array.from({ length: count }, (_, n) => ({ parent: tenants[2 * n]!, child: tenants[2 * n + 1]! }));
}

test('of two moves that would close a circle exactly one wins, 1,000 times', { timeout: 60_000 }, async () => {
  const lanes = 4;
  const roots = await Promise.all(Array.from({ length: lanes }, () => world.root()));
  const stock = roots.map((): Family[] => []);
  const outcomes: string[][] = [];

  await inLanes({ count: 1_000, lanes }, async (_n, lane) => {
    const waiting = stock[lane]!;
    if (waiting.length < 2) {
      waiting.push(...(await families(roots[lane]!, 50)));
    }
    const [a, b] = waiting.splice(0, 2) as [Family, Family];
    outcomes.push((await outcomesOf(move(a.parent, b.child), move(b.parent, a.child))).sort());
  });

  expect(outcomes.filter((outcome) => outcome.join() !== oneWinner.join())).toEqual([]);
  expect(await world.invariants()).toEqual([]);
});

test('the same between two trees: one winner, and both families end up in one tree', async () => {
  const lanes = 3;
  const pairs = await Promise.all(Array.from({ length: lanes }, () => Promise.all([world.root(), world.root()])));
  const stock = await Promise.all(
    pairs.map(([left, right]) => Promise.all([families(left, 30), families(right, 30)] as const)),
  );
  const outcomes: string[][] = [];

  await inLanes({ count: lanes * 30, lanes }, async (n, lane) => {
    const [left, right] = stock[lane]!;
    const [a, b] = [left.pop(), right.pop()];
    if (a === undefined || b === undefined) {
      return;
    }
    const works = [() => move(a.parent, b.child), () => move(b.parent, a.child)];
    outcomes.push((await outcomesOf(...(n % 2 === 0 ? works : works.reverse()).map((work) => work()))).sort());
    const [one, other] = await Promise.all([world.read(a.child), world.read(b.child)]);
    expect(one.rootId).toBe(other.rootId);
  });

  expect(outcomes.length).toBeGreaterThan(60);
  expect(outcomes.filter((outcome) => outcome.join() !== oneWinner.join())).toEqual([]);
  expect(await world.invariants()).toEqual([]);
});

test('moves between two trees in opposite directions all succeed at the first attempt: no deadlocks', async () => {
  const [left, right] = await Promise.all([world.root(), world.root()]);
  const [rightbound, leftbound] = await Promise.all([families(left, 40), families(right, 40)]);
  const before = begun();

  for (let n = 0; n < 40; n += 4) {
    const works = [0, 1, 2, 3].flatMap((i) => [
      move(rightbound[n + i]!.parent, right),
      move(leftbound[n + i]!.parent, left),
    ]);
    expect(await outcomesOf(...works)).toEqual(works.map(() => 'ok'));
  }

  expect(begun() - before).toBe(80);
  expect(await world.invariants()).toEqual([]);
});

test('tenants that swap places between root and child, at once and across trees, stay a forest', async () => {
  const allowed = new Set(['ok', 'TENANT_CYCLE_DETECTED']);
  const trees = await Promise.all(Array.from({ length: 6 }, () => world.root()));
  const seen: string[] = [];

  for (let round = 0; round < 20; round += 1) {
    const works = trees.map((tenant, n) =>
      (round + n) % 3 === 0
        ? moveTenant(world.admin, { id: tenant.id, newParentId: null })
        : move(tenant, trees[(n + 1 + round) % trees.length]!),
    );
    seen.push(...(await outcomesOf(...works)));
  }

  expect(seen.filter((outcome) => !allowed.has(outcome))).toEqual([]);
  expect(new Set(seen).size).toBe(2);
  expect(await world.invariants()).toEqual([]);
});

test('a move that PostgreSQL picks as the victim of a deadlock is repeated', async () => {
  const [low, high] = (await Promise.all([world.root(), world.root()])).sort((a, b) => (a.id < b.id ? -1 : 1));
  const tenant = await world.child(low!);
  const stranger = new pg.Client({ connectionString: world.database.pool.options.connectionString });
  await stranger.connect();
  await stranger.query('begin');
  await stranger.query('select 1 from ledgers where id = $1 for update', [high!.id]);
  const before = begun();

  const moving = outcomeOf(move(tenant, high!)); // holds the lower ledger, waits for the higher one
  await world.untilOneWaits();
  await stranger.query('select 1 from ledgers where id = $1 for update', [low!.id]);
  await stranger.query('commit');
  await stranger.end();

  expect(await moving).toBe('ok');
  expect(begun() - before).toBeGreaterThan(1);
  expect((await world.read(tenant)).rootId).toBe(high!.id);
});

/** How many transactions were begun so far: a repeated one counts twice. */
function begun(): number {
  return world.statements.filter((text) => /^begin/i.test(text)).length;
}
