import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import type { Call } from '../../src/domain/call.ts';
import { deleteConfig } from '../../src/domain/config/delete.ts';
import { ownEntries } from '../../src/domain/config/entries.ts';
import { setConfig } from '../../src/domain/config/set.ts';
import { createEntryCache } from '../../src/domain/entry-cache.ts';
import { createPermission } from '../../src/domain/permissions/create.ts';
import { deletePermission } from '../../src/domain/permissions/delete.ts';
import { updatePermission } from '../../src/domain/permissions/update.ts';
import { readLineages } from '../../src/domain/tenants/lineage.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { purgeTenant } from '../../src/domain/tenants/purge.ts';
import { updateTenant } from '../../src/domain/tenants/update.ts';
import { DomainWorld } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const set = ({ id: tenantId }: Tenant, key: string, value: unknown) =>
  setConfig(world.admin, { tenantId, input: { key, value } });
const unset = ({ id: tenantId }: Tenant, key: string) => deleteConfig(world.admin, { tenantId, key });
const move = ({ id }: Tenant, parent: Tenant | null) =>
  moveTenant(world.admin, { id, newParentId: parent?.id ?? null });

test('with writers and readers at once, no read is older than a write that was committed before it began', async () => {
  const root = await world.root();
  const line = [root, ...(await world.line(root, 3))];
  const bottom = line.at(-1)!;
  const committed = line.map(() => 0);
  const stale: string[] = [];
  let writing = true;

  const writers = line.map(async (tenant, level) => {
    for (let value = 1; value <= 40; value += 1) {
      await set(tenant, `k${level}`, value);
      committed[level] = value;
    }
  });
  const readers = Array.from({ length: 6 }, async () => {
    let reads = 0;
    while (writing) {
      const floor = [...committed];
      const values = new Map((await world.config(bottom))!.map(({ key, value }) => [key, Number(value)]));
      stale.push(...floor.flatMap((least, level) => ((values.get(`k${level}`) ?? 0) < least ? [`k${level}`] : [])));
      reads += 1;
    }
    return reads;
  });
  await Promise.all(writers);
  writing = false;
  const reads = await Promise.all(readers);

  expect(stale).toEqual([]);
  expect(Math.min(...reads)).toBeGreaterThan(10);
});

test('readers see a move between trees, a deletion and a policy as soon as it is committed', async () => {
  const [left, right] = [await world.root(), await world.root()];
  await set(left, 'tree', 'left');
  await set(right, 'tree', 'right');
  const [middle, leaf] = (await world.line(left, 2)) as [Tenant, Tenant];
  const input = { key: 'p', value: 0, mode: 'DELEGATED', revocationMode: 'SOFT' } as const;
  const stale: string[] = [];
  // Even while a step is under way, odd between steps.
  let step = 1;
  let expected: unknown = ['left', undefined, undefined];
  let running = true;

  const readers = Array.from({ length: 6 }, async () => {
    while (running) {
      const [before, wanted] = [step, expected];
      const policies = await world.permissions(leaf);
      const seen = [await world.value(leaf, 'tree'), await world.value(leaf, 'own'), policies?.[0]?.value];
      if (before % 2 === 1 && before === step && JSON.stringify(seen) !== JSON.stringify(wanted)) {
        stale.push(`${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`);
      }
    }
  });
  const carryOut = async (work: () => Promise<unknown>, then: unknown) => {
    step += 1;
    await work();
    expected = then;
    step += 1;
    await sleep(12);
  };
  for (let n = 0; n < 8; n += 1) {
    await carryOut(() => move(middle, right), ['right', undefined, undefined]);
    await carryOut(() => set(middle, 'own', n), ['right', n, undefined]);
    const { id } = await createPermission(world.admin, { tenantId: right.id, input: { ...input, key: `other${n}` } });
    await carryOut(() => move(middle, left), ['left', n, undefined]);
    await deletePermission(world.admin, { id });
    await carryOut(() => createPermission(world.admin, { tenantId: middle.id, input }), ['left', n, 0]);
    const policyId = (await world.permissions(middle))![0]!.policyId;
    await carryOut(() => updatePermission(world.admin, { id: policyId, input: { value: 7 } }), ['left', n, 7]);
    await carryOut(() => deletePermission(world.admin, { id: policyId }), ['left', n, undefined]);
    await carryOut(() => unset(middle, 'own'), ['left', undefined, undefined]);
  }
  running = false;
  await Promise.all(readers);

  expect(stale).toEqual([]);
});

test('after a purge nothing of the tenant is served from memory', async () => {
  const root = await world.root();
  const tenant = await world.child(root);
  await set(tenant, 'own', 1);
  await world.config(tenant);

  await purgeTenant(world.admin, { id: tenant.id });

  expect([await world.config(tenant), await world.permissions(tenant)]).toEqual([null, null]);
});

test.each(['itself', 'with its parent', 'with its grandparent'])(
  'the numbers of two trees are not mixed up when a tenant moves to the other %s and back',
  async (how) => {
    const [left, right] = [await world.root(), await world.root()];
    const line = await world.line(left, 3);
    const [tenant, moved] = [line[2]!, { itself: line[2]!, 'with its parent': line[1]! }[how] ?? line[0]!];
    const { revision: before } = await set(tenant, 'k', 'left');
    const seen = [await world.value(tenant, 'k')];

    await move(moved, right);
    // So that the write over there gets the very number of the one before.
    for (let revision = 3n; revision < before; revision += 1n) {
      await updateTenant(world.admin, { id: right.id, input: { name: `Right ${revision}` } });
    }
    const { revision } = await set(tenant, 'k', 'right');
    seen.push(await world.value(tenant, 'k'));
    await move(moved, line[0] === moved ? left : line[line.indexOf(moved) - 1]!);
    seen.push(await world.value(tenant, 'k'));

    expect(revision).toBe(before);
    expect(seen).toEqual(['left', 'right', 'right']);
  },
);

/** A call with a cache of its own whose reads of own rows wait: `before` runs ahead of the statement, `after` behind it. */
function withPausedFill({ before, after }: { before?: () => Promise<unknown>; after?: () => Promise<unknown> }): Call {
  const { database } = world.services;
  const query: typeof database.query = async <Row extends object>(statement: { text: string; values: unknown[] }) => {
    await before?.();
    const rows = await database.query<Row>(statement);
    await after?.();
    return rows;
  };
  return { ...world.admin, cache: createEntryCache(), database: { ...database, query } as typeof database };
}

test.each(['before', 'after'] as const)(
  'a fill of the cache with a write right %s its statement leaves no stale copy behind',
  async (moment) => {
    const tenant = await world.root();
    await set(tenant, 'k', 'old');
    const [lineage] = await readLineages(world.admin, [tenant.id]);
    let pauses = 0;
    const call = withPausedFill({
      [moment]: async () => {
        pauses += 1;
        if (pauses === 1) {
          await set(tenant, 'k', 'new');
        }
      },
    });

    const [during] = await ownEntries(call, lineage!);
    const [again] = await readLineages(world.admin, [tenant.id]);
    const [later] = await ownEntries(call, again!);

    expect(during!.map(({ value }) => value)).toEqual([moment === 'before' ? 'new' : 'old']);
    expect(later!.map(({ value }) => value)).toEqual(['new']);
    expect(pauses).toBe(moment === 'before' ? 1 : 2);
  },
);

test('a value that is cached costs one statement to read, and the right one', async () => {
  const line = [await world.root()];
  line.push(...(await world.line(line[0]!, 4)));
  for (const tenant of line) {
    await set(tenant, 'k', tenant.id);
  }
  await world.config(line.at(-1)!);
  world.statements.length = 0;

  const value = await world.value(line.at(-1)!, 'k');

  expect(value).toBe(line.at(-1)!.id);
  expect(world.statements).toHaveLength(1);
});
