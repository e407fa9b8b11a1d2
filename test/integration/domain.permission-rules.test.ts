import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PermissionMode, RevocationMode, Tenant } from '../../src/db/generated/prisma/client.ts';
import { createPermission } from '../../src/domain/permissions/create.ts';
import { deletePermission } from '../../src/domain/permissions/delete.ts';
import { updatePermission } from '../../src/domain/permissions/update.ts';
import { suspendTenant } from '../../src/domain/tenants/transition.ts';
import { DomainWorld, outcomeOf, outcomesOf } from '../support/domain-world.ts';
import { growSubtree } from '../support/grow-subtree.ts';

let world: DomainWorld;
let root: Tenant;
let top: Tenant;
let middle: Tenant;
let leaf: Tenant;
beforeAll(async () => {
  world = await DomainWorld.open();
  root = await world.root();
});
beforeEach(async () => {
  [top, middle, leaf] = (await world.line(root, 3)) as [Tenant, Tenant, Tenant];
});
afterAll(async () => {
  expect(await world.invariants()).toEqual([]);
  await world[Symbol.asyncDispose]();
});

const modes: readonly PermissionMode[] = ['LOCKED', 'INHERITED', 'DELEGATED'];

const grant = ({ id: tenantId }: Tenant, mode: PermissionMode, revocationMode: RevocationMode = 'CASCADE') =>
  createPermission(world.admin, { tenantId, input: { key: 'export', value: mode, mode, revocationMode } });
const change = (id: string, input: { value?: unknown; mode?: PermissionMode; revocationMode?: RevocationMode }) =>
  updatePermission(world.admin, { id, input });
const revoke = (id: string) => deletePermission(world.admin, { id });

/** The tenants of the line that have a policy of their own. */
async function holders(): Promise<string[]> {
  const rows = await world.sql<{ id: string }>(
    'select t.id from tenants t join permission_policies p on p.tenant_key = t.key where starts_with(t.path, $1) order by t.path',
    [top.path],
  );
  return rows.map(({ id }) => id);
}

describe('what a policy above allows below', () => {
  const allowed: Readonly<Record<PermissionMode, readonly PermissionMode[]>> = {
    LOCKED: [],
    INHERITED: ['INHERITED'],
    DELEGATED: modes,
  };
  const table = modes.flatMap((above) =>
    modes.map((mode) => [above, mode, allowed[above].includes(mode) ? 'ok' : 'PERMISSION_LOCKED'] as const),
  );

  test.each(table)('%s above, a new %s below: %s', async (above, mode, expected) => {
    await grant(top, above);

    expect(await outcomeOf(grant(leaf, mode))).toBe(expected);
    expect(await holders()).toEqual(expected === 'ok' ? [top.id, leaf.id] : [top.id]);
  });

  test.each(table)('%s above, one below that becomes %s: %s', async (above, mode, expected) => {
    const { id } = await grant(leaf, 'INHERITED');
    await grant(top, above);

    expect(await outcomeOf(change(id, { mode, value: 'new' }))).toBe(expected);
    const { value } = await world.database.prisma.permissionPolicy.findUniqueOrThrow({ where: { id } });
    expect(value).toBe(expected === 'ok' ? 'new' : 'INHERITED');
  });

  test('a LOCKED policy far above counts more than a DELEGATED one in between, and is the one that is named', async () => {
    await grant(middle, 'DELEGATED');
    await grant(top, 'LOCKED');

    const body = await world.refused(() => grant(leaf, 'INHERITED'), 'PERMISSION_LOCKED');

    expect(body.details).toEqual({ key: 'export', source_tenant_id: top.id });
    expect(await world.permissions(leaf)).toMatchObject([{ value: 'LOCKED', source: { id: top.id }, locked: true }]);
  });

  test('the nearest of the others counts', async () => {
    await grant(top, 'DELEGATED');
    await grant(middle, 'INHERITED');

    const body = await world.refused(() => grant(leaf, 'DELEGATED'), 'PERMISSION_LOCKED');

    expect(body.details).toEqual({ key: 'export', source_tenant_id: middle.id });
    await grant(leaf, 'INHERITED');
  });

  test('a copy of an INHERITED policy takes another value, by no way another mode', async () => {
    await grant(top, 'INHERITED');
    const { id } = await grant(leaf, 'INHERITED', 'SOFT');

    await world.refused(() => change(id, { mode: 'DELEGATED' }), 'PERMISSION_LOCKED');
    await world.refused(() => change(id, { mode: 'LOCKED', value: 1 }), 'PERMISSION_LOCKED');
    await revoke(id);
    await world.refused(() => grant(leaf, 'LOCKED'), 'PERMISSION_LOCKED');
    await change((await grant(leaf, 'INHERITED')).id, { value: 2 });

    expect(await world.permissions(leaf)).toMatchObject([{ value: 2, mode: 'INHERITED', source: { id: leaf.id } }]);
  });
});

describe('revocation', () => {
  test('CASCADE takes the key from the whole subtree, whatever the state of a tenant, and nothing beside it', async () => {
    const { id } = await grant(top, 'DELEGATED');
    await grant(middle, 'DELEGATED', 'SOFT');
    await grant(leaf, 'DELEGATED');
    const beside = await world.child(root);
    await grant(beside, 'DELEGATED');
    await suspendTenant(world.admin, { id: leaf.id });

    const { deletedCount } = await revoke(id);

    expect(deletedCount).toBe(3);
    expect(await holders()).toEqual([]);
    expect(await world.permissions(beside)).toHaveLength(1);
    await revoke((await world.permissions(beside))![0]!.policyId);
  });

  test('CASCADE takes more policies than a statement may have parameters', async () => {
    await using big = await DomainWorld.open();
    const tenant = await big.root();
    await growSubtree(big.database, tenant.id, 33_000);
    const { id } = await createPermission(big.admin, {
      tenantId: tenant.id,
      input: { key: 'export', value: true, mode: 'DELEGATED', revocationMode: 'CASCADE' },
    });
    await big.sql(`insert into permission_policies (id, tenant_key, root_id, key, value, revision)
      select gen_random_uuid(), key, root_id, 'export', 'true', 1 from tenants where depth > 0`);

    const { deletedCount } = await deletePermission(big.admin, { id });

    expect(deletedCount).toBe(33_001);
    expect(await big.counts()).toMatchObject({ policies: 0, events: 33_003 });
  });

  test('SOFT takes its own row only', async () => {
    const { id } = await grant(top, 'DELEGATED', 'SOFT');
    await grant(leaf, 'DELEGATED');

    expect(await revoke(id)).toMatchObject({ deletedCount: 1 });
    expect(await holders()).toEqual([leaf.id]);
  });

  test('PERMANENT is not revoked: not itself, not by a CASCADE above, not after a patch', async () => {
    const { id: above } = await grant(top, 'DELEGATED');
    const { id } = await grant(middle, 'DELEGATED', 'PERMANENT');
    await grant(leaf, 'DELEGATED');

    await world.refused(() => revoke(id), 'PERMISSION_REVOCATION_DENIED');
    await world.refused(() => change(id, { revocationMode: 'SOFT' }), 'PERMISSION_REVOCATION_DENIED');
    await world.refused(() => change(id, { revocationMode: 'CASCADE', value: 1 }), 'PERMISSION_REVOCATION_DENIED');
    await change(id, { value: 'new', mode: 'LOCKED', revocationMode: 'PERMANENT' });
    const { deletedCount } = await revoke(above);

    expect(deletedCount).toBe(2);
    expect(await holders()).toEqual([middle.id]);
    await world.refused(() => revoke(id), 'PERMISSION_REVOCATION_DENIED');
  });

  test('a policy that becomes PERMANENT while a CASCADE above runs is kept or gone, never both', async () => {
    const seen = new Set<string>();

    for (let n = 0; n < 30; n += 1) {
      [top, middle, leaf] = (await world.line(root, 3)) as [Tenant, Tenant, Tenant];
      const { id: above } = await grant(top, 'DELEGATED');
      const { id } = await grant(leaf, 'DELEGATED');
      const works = [() => revoke(above), () => change(id, { revocationMode: 'PERMANENT' })];
      const outcomes = await outcomesOf(...(n % 2 === 0 ? works : works.reverse()).map((work) => work()));
      seen.add(`${outcomes.sort().join(' ')}: ${(await holders()).length}`);
    }

    const possible = ['PERMISSION_NOT_FOUND ok: 0', 'ok ok: 1'];
    expect([...seen].filter((outcome) => !possible.includes(outcome))).toEqual([]);
  });

  test('of two revocations of one policy at the same moment one finds nothing', async () => {
    const { id } = await grant(top, 'DELEGATED');

    expect((await outcomesOf(revoke(id), revoke(id))).sort()).toEqual(['PERMISSION_NOT_FOUND', 'ok']);
  });
});
