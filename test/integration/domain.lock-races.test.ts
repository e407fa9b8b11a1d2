import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { deleteConfig } from '../../src/domain/config/delete.ts';
import { setConfig, setConfigs } from '../../src/domain/config/set.ts';
import { createPermission } from '../../src/domain/permissions/create.ts';
import { updatePermission } from '../../src/domain/permissions/update.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { DomainWorld, inLanes, outcomesOf } from '../support/domain-world.ts';

let world: DomainWorld;
let roots: Tenant[];
beforeAll(async () => {
  world = await DomainWorld.open();
  roots = await Promise.all([world.root(), world.root()]);
});
afterAll(() => world[Symbol.asyncDispose]());

const lock = ({ id: tenantId }: Tenant, locked = true) =>
  setConfig(world.admin, { tenantId, input: { key: 'color', value: 'above', locked } });

const overrides: Readonly<Record<string, (tenant: Tenant) => Promise<unknown>>> = {
  'one key': ({ id: tenantId }) => setConfig(world.admin, { tenantId, input: { key: 'color', value: 'below' } }),
  'a lock of its own': ({ id: tenantId }) =>
    setConfig(world.admin, { tenantId, input: { key: 'color', value: 'below', locked: true } }),
  'a batch': ({ id: tenantId }) =>
    setConfigs(world.admin, {
      tenantId,
      entries: [
        { key: 'size', value: 1 },
        { key: 'color', value: 'below', sensitive: true },
      ],
    }),
};

/** The revisions at which tenants changed something of this key, in the order of `tenants`; null where nothing was. */
async function revisionsOf(key: string, tenants: readonly Tenant[]): Promise<(number | null)[]> {
  const rows = await world.sql<{ tenant_id: string; revision: number }>(
    `select tenant_id, revision::int from events where tenant_id = any($1) and after->>'key' = $2 and after->>'value' is distinct from 'before'`,
    [tenants.map(({ id }) => id), key],
  );
  return tenants.map(({ id }) => rows.find(({ tenant_id }) => tenant_id === id)?.revision ?? null);
}

/** Begins works at one moment, in an order that turns with `n`; gives the outcomes in the order of `works`. */
async function begin(n: number, ...works: (() => Promise<unknown>)[]): Promise<string[]> {
  const turned = works.map((_, i) => (i + n) % works.length);
  const outcomes = await outcomesOf(...turned.map((i) => works[i]!()));
  return works.map((_, i) => outcomes[turned.indexOf(i)]!);
}

describe.each(Object.entries(overrides))('a lock and %s below it at the same moment', (_what, override) => {
  test('come in one order or the other, never an override behind the lock', async () => {
    const seen = new Set<string>();

    await inLanes({ count: 60, lanes: 2 }, async (n, lane) => {
      const [top, , below] = (await world.line(roots[lane]!, 3)) as [Tenant, Tenant, Tenant];
      const [, outcome] = await begin(
        n,
        () => lock(top),
        () => override(below),
      );
      const [locked, overridden] = await revisionsOf('color', [top, below]);
      const order = overridden === null ? 'not overridden' : overridden! < locked! ? 'before the lock' : 'behind it';
      seen.add(`${outcome}: ${order}`);
      expect(await world.value(below, 'color')).toBe('above');
    });

    expect(['CONFIG_LOCKED: not overridden', 'ok: before the lock']).toEqual(expect.arrayContaining([...seen]));
    expect(await world.invariants()).toEqual([]);
  });
});

test('locks that come and go above many writers and moves never let one override through', async () => {
  const accepted = new Set(['ok', 'CONFIG_LOCKED', 'CONFIG_NOT_FOUND', 'TENANT_CYCLE_DETECTED']);
  const seen: string[] = [];
  const [left, right] = roots as [Tenant, Tenant];
  const line = await world.line(left, 4);

  for (let n = 0; n < 40; n += 1) {
    const [a, b, c, d] = line as [Tenant, Tenant, Tenant, Tenant];
    const outcomes = await begin(
      n,
      () => lock(a, n % 3 !== 0),
      () => lock(c, n % 4 === 0),
      () => overrides['one key']!(d),
      () => overrides['a batch']!(b),
      () => deleteConfig(world.admin, { tenantId: [a, b, c, d][n % 4]!.id, key: 'color' }),
      () => moveTenant(world.admin, { id: b.id, newParentId: [a, left, right][n % 3]!.id }),
    );
    seen.push(...outcomes);
  }

  expect(seen.filter((outcome) => !accepted.has(outcome))).toEqual([]);
  expect(seen).toEqual(expect.arrayContaining(['ok', 'CONFIG_LOCKED']));
  expect(await world.invariants()).toEqual([]);
});

test('a tenant that moves beneath a lock at the moment it overrides is bound by the lock', async () => {
  await inLanes({ count: 24, lanes: 2 }, async (n, lane) => {
    const top = await world.child(roots[lane]!);
    await lock(top);
    const tenant = await world.child(roots[1 - lane]!);
    await begin(
      n,
      () => moveTenant(world.admin, { id: tenant.id, newParentId: top.id }),
      () => overrides['one key']!(tenant),
    );
    expect(await world.value(tenant, 'color')).toBe('above');
  });

  expect(await world.invariants()).toEqual([]);
});

test('of two first writes to one key at the same moment the second changes what the first made', async () => {
  await inLanes({ count: 24, lanes: 2 }, async (n, lane) => {
    const tenant = await world.child(roots[lane]!);
    const set = (value: string) => setConfig(world.admin, { tenantId: tenant.id, input: { key: 'color', value } });
    expect(
      await begin(
        n,
        () => set('one'),
        () => set('two'),
      ),
    ).toEqual(['ok', 'ok']);
    const events = await world.sql<{ before: unknown; after: { value: string } }>(
      'select before, after from events where tenant_id = $1 and type = $2 order by revision',
      [tenant.id, 'config.updated'],
    );
    expect(events.map(({ before }) => before)).toEqual([null, events[0]!.after]);
    expect(await world.value(tenant, 'color')).toBe(events[1]!.after.value);
  });
});

const policy = { key: 'color', value: 1, revocationMode: 'SOFT' } as const;
const grant = ({ id: tenantId }: Tenant, mode: 'LOCKED' | 'INHERITED' | 'DELEGATED') =>
  createPermission(world.admin, { tenantId, input: { ...policy, mode } });

test.each(['LOCKED', 'INHERITED'] as const)(
  'a policy above that becomes %s and a delegated one below it at the same moment come in one order',
  async (mode) => {
    const seen = new Set<string>();

    await inLanes({ count: 40, lanes: 2 }, async (n, lane) => {
      const [top, , below] = (await world.line(roots[lane]!, 3)) as [Tenant, Tenant, Tenant];
      const { id } = await createPermission(world.admin, {
        tenantId: top.id,
        input: { ...policy, value: 'before', mode: 'DELEGATED' },
      });
      const [, outcome] = await begin(
        n,
        () => updatePermission(world.admin, { id, input: { mode, value: 'after' } }),
        () => sleep(n % 8).then(() => grant(below, 'DELEGATED')),
      );
      const [closed, granted] = await revisionsOf('color', [top, below]);
      seen.add(`${outcome}: ${granted === null ? 'not granted' : granted! < closed! ? 'before' : 'behind'}`);
    });

    expect(['PERMISSION_LOCKED: not granted', 'ok: before']).toEqual(expect.arrayContaining([...seen]));
  },
);

test('of two equal grants at the same moment one exists already', async () => {
  const tenants = await world.children(roots[0]!, 20);

  for (const tenant of tenants) {
    const outcomes = await outcomesOf(grant(tenant, 'LOCKED'), grant(tenant, 'LOCKED'));
    expect(outcomes.sort()).toEqual(['PERMISSION_ALREADY_EXISTS', 'ok']);
  }
});
