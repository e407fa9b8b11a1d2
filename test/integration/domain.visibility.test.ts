import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import type { Call } from '../../src/domain/call.ts';
import { deleteConfig } from '../../src/domain/config/delete.ts';
import { setConfig, setConfigs } from '../../src/domain/config/set.ts';
import { installationLedgerId } from '../../src/domain/ledger/write.ts';
import { createPermission } from '../../src/domain/permissions/create.ts';
import { deletePermission } from '../../src/domain/permissions/delete.ts';
import { updatePermission } from '../../src/domain/permissions/update.ts';
import { createTenant, createTenants } from '../../src/domain/tenants/create.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { purgeTenant } from '../../src/domain/tenants/purge.ts';
import { migrateTenantRegion } from '../../src/domain/tenants/region.ts';
import { reorderTenant } from '../../src/domain/tenants/reorder.ts';
import { archiveTenant, resumeTenant, suspendTenant } from '../../src/domain/tenants/transition.ts';
import { updateTenant } from '../../src/domain/tenants/update.ts';
import { DomainWorld, refusalOf, uniqueSlug, unknownId } from '../support/domain-world.ts';
import { newRegion } from '../support/regions.ts';

let world: DomainWorld;
let home: Tenant;
let places: Record<string, Target>;
beforeAll(async () => {
  world = await DomainWorld.open();
  const [root, other] = [await world.root(), await world.root()];
  home = await world.child(root);
  await world.child(home);
  places = {
    parent: await target(root),
    sibling: await target(await world.child(root)),
    'root of another tree': await target(other),
    'tenant of another tree': await target(await world.child(other)),
  };
});
afterAll(() => world[Symbol.asyncDispose]());

/** What a caller may name of a tenant. */
interface Target {
  readonly id: string;
  readonly slug: string;
  readonly policyId: string;
}

const policy = { key: 'export', value: true, mode: 'DELEGATED', revocationMode: 'CASCADE' } as const;
const nobody: Target = { id: unknownId, slug: 'nobody_has_this_slug', policyId: unknownId };

async function target({ id, slug }: Tenant): Promise<Target> {
  await setConfig(world.admin, { tenantId: id, input: { key: 'color', value: 'red' } });
  return { id, slug, policyId: (await createPermission(world.admin, { tenantId: id, input: policy })).id };
}

type Write = (call: Call, target: Target) => Promise<unknown>;

const fresh = () => ({ name: 'Child', slug: uniqueSlug() });

/** Every write, and every argument of it that names a tenant. */
const writes: Readonly<Record<string, Write>> = {
  createTenant: (call, { id }) => createTenant(call, { ...fresh(), parentId: id }),
  'createTenants, by id': (call, { id }) =>
    createTenants(call, [
      { ...fresh(), parentId: home.id },
      { ...fresh(), parentId: id },
    ]),
  'createTenants, by slug': (call, { slug }) =>
    createTenants(call, [
      { ...fresh(), parentId: home.id },
      { ...fresh(), parentSlug: slug },
    ]),
  updateTenant: (call, { id }) => updateTenant(call, { id, input: { name: 'Other' } }),
  'moveTenant, of it': (call, { id }) => moveTenant(call, { id, newParentId: home.id }),
  'moveTenant, of it to the top': (call, { id }) => moveTenant(call, { id, newParentId: null }),
  'moveTenant, to it': (call, { id }) => moveTenant(call, { id: home.id, newParentId: id }),
  reorderTenant: (call, { id }) => reorderTenant(call, { id, position: 0 }),
  migrateTenantRegion: async (call, { id }) => migrateTenantRegion(call, { id, regionId: await newRegion(world) }),
  suspendTenant: (call, { id }) => suspendTenant(call, { id }),
  resumeTenant: (call, { id }) => resumeTenant(call, { id }),
  archiveTenant: (call, { id }) => archiveTenant(call, { id }),
  purgeTenant: (call, { id }) => purgeTenant(call, { id }),
  'purgeTenant, if unchanged': (call, { id }) => purgeTenant(call, { id, ifRevision: 0 }),
  setConfig: (call, { id }) => setConfig(call, { tenantId: id, input: { key: 'color', value: 'blue' } }),
  setConfigs: (call, { id }) => setConfigs(call, { tenantId: id, entries: [{ key: 'color', value: 'blue' }] }),
  deleteConfig: (call, { id }) => deleteConfig(call, { tenantId: id, key: 'color' }),
  createPermission: (call, { id }) => createPermission(call, { tenantId: id, input: policy }),
};

/** Writes that name a policy; what they must not tell is whether it exists. */
const policyWrites: Readonly<Record<string, Write>> = {
  updatePermission: (call, { policyId: id }) => updatePermission(call, { id, input: { value: false } }),
  'updatePermission, of a tenant': (call, { id: tenantId, policyId: id }) =>
    updatePermission(call, { id, tenantId, input: { value: false } }),
  deletePermission: (call, { policyId: id }) => deletePermission(call, { id }),
  'deletePermission, of a tenant': (call, { id: tenantId, policyId: id }) => deletePermission(call, { id, tenantId }),
};

const cases = (of: Readonly<Record<string, Write>>) =>
  Object.keys(of).flatMap((name) =>
    ['parent', 'sibling', 'root of another tree', 'tenant of another tree'].map((place) => [name, place] as const),
  );

/** What a refused write says, and which statements it took. */
async function observed(write: Write, where: Target): Promise<{ body: unknown; statements: string[] }> {
  const start = world.statements.length;
  const body = await refusalOf(write(world.at(home), where));
  return { body, statements: world.statements.slice(start) };
}

describe('for a caller at home in one tenant, a tenant outside of it is one that does not exist', () => {
  test.each(cases(writes))('%s: %s', async (name, place) => {
    const missing = await observed(writes[name]!, nobody);

    const before = await world.counts();
    const hidden = await observed(writes[name]!, places[place]!);

    expect(hidden).toEqual(missing);
    expect(hidden.body).toMatchObject({ code: 'TENANT_NOT_FOUND' });
    expect(await world.counts()).toEqual(before);
  });

  test.each(cases(policyWrites))('%s: %s', async (name, place) => {
    const missing = await observed(policyWrites[name]!, nobody);

    const before = await world.counts();
    const hidden = await observed(policyWrites[name]!, places[place]!);

    expect(hidden).toEqual(missing);
    expect(hidden.body).toEqual({ code: 'PERMISSION_NOT_FOUND', message: 'No such permission policy' });
    expect(await world.counts()).toEqual(before);
  });
});

test('no write to a tenant of another tree waits for that tree', async () => {
  const client = await world.database.pool.connect();
  await client.query('begin');
  await client.query('select 1 from ledgers where id not in ($1, $2) for update', [home.rootId, installationLedgerId]);

  const foreign = [places['root of another tree']!, places['tenant of another tree']!];
  const all = Object.values({ ...writes, ...policyWrites });
  const bodies = await Promise.all(
    foreign.flatMap((place) => all.map((write) => refusalOf(write(world.at(home), place)))),
  );
  await client.query('rollback');
  client.release();

  expect(new Set(bodies.map(({ code }) => code))).toEqual(new Set(['TENANT_NOT_FOUND', 'PERMISSION_NOT_FOUND']));
});

test('the same writes are accepted for a tenant inside, so that it is the place that decides', async () => {
  const call = world.at(home);
  const inside = await target(await world.child(home));

  const accepted = Object.entries({ ...writes, ...policyWrites }).filter(
    ([name]) => !/move|suspend|resume|archive|purge|createPermission|deletePermission|deleteConfig/.test(name),
  );

  for (const [, write] of accepted) {
    await write(call, inside);
  }
  expect(accepted.length).toBe(10);
});

test('nobody at home in a tenant makes a root, by create, batch or move', async () => {
  const call = world.at(home);
  const inside = await world.child(home);

  await world.refused(() => createTenant(call, fresh()), 'FORBIDDEN');
  await world.refused(() => createTenants(call, [{ ...fresh(), parentId: home.id }, fresh()]), 'FORBIDDEN');
  await world.refused(() => moveTenant(call, { id: inside.id, newParentId: null }), 'FORBIDDEN');
});
