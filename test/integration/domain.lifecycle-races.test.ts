import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { setConfig } from '../../src/domain/config/set.ts';
import { createPermission } from '../../src/domain/permissions/create.ts';
import { createTenants } from '../../src/domain/tenants/create.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { purgeTenant } from '../../src/domain/tenants/purge.ts';
import { archiveTenant, resumeTenant, suspendTenant } from '../../src/domain/tenants/transition.ts';
import { DomainWorld, inLanes, outcomesOf, uniqueSlug } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

type Work = (parent: Tenant) => Promise<unknown>;

/** Ways to get an active tenant beneath `parent`; each is prepared first and then begun at the moment of the race. */
const arrivals: Readonly<Record<string, (parent: Tenant) => Promise<Work>>> = {
  create: async () => (parent) => world.child(parent),
  'create in a batch': async () => (parent) =>
    createTenants(world.admin, [
      { name: 'Root', slug: uniqueSlug() },
      { parentId: parent.id, name: 'Child', slug: uniqueSlug() },
    ]),
  'resume of a suspended child': async (parent) => {
    const { id } = await world.child(parent);
    await suspendTenant(world.admin, { id });
    return () => resumeTenant(world.admin, { id });
  },
  'resume of an archived child': async (parent) => {
    const { id } = await world.child(parent);
    await archiveTenant(world.admin, { id });
    return () => resumeTenant(world.admin, { id });
  },
  'move within the tree': async ({ rootId }) => {
    const { id } = await world.child({ id: rootId });
    return (parent) => moveTenant(world.admin, { id, newParentId: parent.id });
  },
  'move from another tree': async () => {
    const { id } = await world.child(await world.root());
    return (parent) => moveTenant(world.admin, { id, newParentId: parent.id });
  },
  'move of another root': async () => {
    const { id } = await world.root();
    return (parent) => moveTenant(world.admin, { id, newParentId: parent.id });
  },
};

const suspend: Work = ({ id }) => suspendTenant(world.admin, { id });
const archive: Work = ({ id }) => archiveTenant(world.admin, { id });
const purge: Work = ({ id }) => purgeTenant(world.admin, { id });

/** What may be seen of two possible outcomes: any of them, or both. */
const eitherOrder = (one: string, other: string) => [new Set([one]), new Set([other]), new Set([one, other])];

/** Begins both works at one moment, in either order; gives the outcomes of the first and the second, as one text each. */
async function race(
  { rounds, arrival }: { rounds: number; arrival: string },
  departure: Work,
  prepare: (parent: Tenant) => Promise<Work>,
): Promise<Set<string>> {
  const roots = await Promise.all([world.root(), world.root()]);
  const seen = new Set<string>();
  await inLanes({ count: rounds, lanes: 2 }, async (n, lane) => {
    const parent = await world.child(roots[lane]!, { name: arrival });
    const arrive = await prepare(parent);
    const works = [() => departure(parent), () => arrive(parent)];
    const order = n % 4 < 2 ? works : works.reverse();
    const outcomes = await outcomesOf(...order.map((work) => work()));
    seen.add((n % 4 < 2 ? outcomes : outcomes.reverse()).join(' and '));
  });
  return seen;
}

test.each(Object.keys(arrivals))('suspend or %s comes first, never both', async (arrival) => {
  const seen = await race({ rounds: 24, arrival }, suspend, arrivals[arrival]!);

  expect(seen).toBeOneOf(eitherOrder('TENANT_HAS_CHILDREN and ok', 'ok and TENANT_SUSPENDED'));
  expect(await world.invariants()).toEqual([]);
});

test.each(Object.keys(arrivals))('archive or %s comes first, never both', async (arrival) => {
  const seen = await race({ rounds: 24, arrival }, archive, arrivals[arrival]!);

  expect(seen).toBeOneOf(eitherOrder('TENANT_HAS_CHILDREN and ok', 'ok and TENANT_ARCHIVED'));
  expect(await world.invariants()).toEqual([]);
});

const childless = Object.keys(arrivals).filter((name) => !name.startsWith('resume'));

test.each(childless)('purge or %s comes first, and no orphan stays', async (arrival) => {
  const seen = await race({ rounds: 24, arrival }, purge, arrivals[arrival]!);

  expect(seen).toBeOneOf(eitherOrder('TENANT_HAS_CHILDREN and ok', 'ok and TENANT_NOT_FOUND'));
  expect(await world.invariants()).toEqual([]);
});

test('purge of a tenant that moves at that moment takes it and its own rows, and nobody else’s', async () => {
  const [left, right] = [await world.root(), await world.root()];
  const bystander = await world.child(left);
  await own(bystander);

  await inLanes({ count: 24, lanes: 2 }, async (n) => {
    const tenant = await world.child(left);
    await own(tenant);
    const works = [() => purge(tenant), () => moveTenant(world.admin, { id: tenant.id, newParentId: right.id })];
    const [purged, moved] = n % 4 < 2 ? works : works.reverse();
    const outcomes = await outcomesOf(purged!(), moved!());
    expect(['ok ok', 'TENANT_NOT_FOUND ok']).toContain(outcomes.sort().join(' '));
  });

  const owners = await world.sql('select distinct tenant_key::text from config_entries');
  expect(owners).toEqual([{ tenant_key: String(bystander.key) }]);
  expect(await world.sql('select distinct tenant_key::text from permission_policies')).toEqual(owners);
  expect(await world.invariants()).toEqual([]);
});

test('a purge and a write to the same tenant: the write comes first or finds nothing', async () => {
  const root = await world.root();

  await inLanes({ count: 24, lanes: 2 }, async (n) => {
    const tenant = await world.child(root);
    const works = [() => purge(tenant), () => own(tenant), () => purge(tenant)];
    const outcomes = await outcomesOf(...(n % 2 === 0 ? works : works.reverse()).map((work) => work()));
    expect(outcomes.filter((outcome) => outcome !== 'ok' && outcome !== 'TENANT_NOT_FOUND')).toEqual([]);
  });

  expect(await world.sql('select 1 from tenants where parent_id = $1', [root.id])).toEqual([]);
  expect(await world.invariants()).toEqual([]);
});

test('of equal transitions at one moment one succeeds', async () => {
  const tenants = await world.children(await world.root(), 20);

  for (const tenant of tenants) {
    expect((await outcomesOf(suspend(tenant), suspend(tenant))).sort()).toEqual(['TENANT_INVALID_STATE', 'ok']);
    expect((await outcomesOf(archive(tenant), archive(tenant))).sort()).toEqual(['TENANT_INVALID_STATE', 'ok']);
  }

  expect(await world.invariants()).toEqual([]);
});

/** Gives a tenant something of its own in every table. */
async function own({ id: tenantId }: Tenant): Promise<void> {
  const policy = { key: 'own', value: true, mode: 'INHERITED', revocationMode: 'PERMANENT' } as const;
  await setConfig(world.admin, { tenantId, input: { key: 'own', value: 'x', sensitive: true } });
  await createPermission(world.admin, { tenantId, input: policy });
}
