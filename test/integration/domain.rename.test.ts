import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { setConfig } from '../../src/domain/config/set.ts';
import { createPermission } from '../../src/domain/permissions/create.ts';
import { deletePermission } from '../../src/domain/permissions/delete.ts';
import { visibleTo } from '../../src/domain/principal.ts';
import { createTenants } from '../../src/domain/tenants/create.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { updateTenant } from '../../src/domain/tenants/update.ts';
import { DomainWorld, inLanes, outcomesOf, uniqueSlug } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const rename = ({ id }: Tenant, slug = uniqueSlug()) => updateTenant(world.admin, { id, input: { slug } });

/** What somebody at home in a tenant can see of the tree. */
function subtree(home: Tenant): Promise<Tenant[]> {
  const where = visibleTo(world.at(home).principal);
  return world.database.prisma.tenant.findMany({ where, orderBy: { path: 'asc' } });
}

/** What moves with a rename, and may. */
const renamed = { slug: expect.any(String), revision: expect.any(BigInt), updatedAt: expect.any(Date) };

test('a slug rename leaves the subtree, what it resolves to and who sees it as they were', async () => {
  const root = await world.root();
  const [top, middle, leaf] = (await world.line(root, 3)) as [Tenant, Tenant, Tenant];
  await setConfig(world.admin, { tenantId: top.id, input: { key: 'color', value: 'red', sensitive: true } });
  await setConfig(world.admin, { tenantId: middle.id, input: { key: 'size', value: 7 } });
  const before = { seen: await subtree(top), config: await effects(leaf) };

  await rename(top);
  await rename(middle, `${'z'.repeat(55)}${uniqueSlug().slice(0, 8)}`);

  const [first, second, ...rest] = before.seen as [Tenant, Tenant, ...Tenant[]];
  expect(await subtree(top)).toEqual([{ ...first, ...renamed }, { ...second, ...renamed }, ...rest]);
  expect(await effects(leaf)).toEqual(before.config);
  expect(await world.invariants()).toEqual([]);
});

test('a cascade revocation after renames takes the same policies as before', async () => {
  const root = await world.root();
  const [top, middle, leaf] = (await world.line(root, 3)) as [Tenant, Tenant, Tenant];
  const { id } = await grant(top);
  await grant(middle);
  await grant(leaf);
  await grant(root);
  for (const tenant of [root, top, middle, leaf]) {
    await rename(tenant);
  }

  const revoked = await deletePermission(world.admin, { id });

  expect(revoked.deletedCount).toBe(3);
  expect((await world.permissions(leaf))?.map(({ source }) => source.id)).toEqual([root.id]);
});

test('a cascade that races with renames, moves and grants in its subtree leaves nothing of itself beneath it', async () => {
  const root = await world.root();

  await inLanes({ count: 20, lanes: 2 }, async (n) => {
    const [top, middle, leaf] = (await world.line(root, 3)) as [Tenant, Tenant, Tenant];
    const { id } = await grant(top);
    const works = [
      () => deletePermission(world.admin, { id }),
      () => rename(middle),
      () => moveTenant(world.admin, { id: leaf.id, newParentId: top.id }),
      () => grant(middle),
      () => grant(leaf),
    ];
    await outcomesOf(...works.map((_, i) => works[(i + n) % works.length]!()));

    const [revocation] = await world.sql<{ revision: string }>(
      `select revision from events where type = 'permission.deleted' and tenant_id = $1`,
      [top.id],
    );
    const older = await world.sql(
      'select 1 from permission_policies p join tenants t on t.key = p.tenant_key where starts_with(t.path, $1) and p.revision < $2',
      [top.path, revocation!.revision],
    );
    expect(older).toEqual([]);
  });

  expect(await world.invariants()).toEqual([]);
});

test('a slug that was given up can be taken at once, by one only', async () => {
  const root = await world.root();
  const tenant = await world.child(root);
  await rename(tenant);

  const outcomes = await outcomesOf(
    world.child(root, { slug: tenant.slug }),
    world.root({ slug: tenant.slug }),
    createTenants(world.admin, [{ parentId: root.id, name: 'Child', slug: tenant.slug }]),
    rename(tenant, tenant.slug),
  );

  expect(outcomes.sort()).toEqual(['TENANT_ALREADY_EXISTS', 'TENANT_ALREADY_EXISTS', 'TENANT_ALREADY_EXISTS', 'ok']);
});

function grant({ id: tenantId }: Tenant) {
  const input = { key: 'export', value: true, mode: 'DELEGATED', revocationMode: 'CASCADE' } as const;
  return createPermission(world.admin, { tenantId, input });
}

/** The resolved config without the names of its sources. */
async function effects(tenant: Tenant): Promise<unknown> {
  return (await world.config(tenant))?.map(({ key, value, source, revision, inherited }) => {
    return { key, value, source: source.id, revision, inherited };
  });
}
