import { type PermissionPolicy, Prisma, type Tenant } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import { type Write, write } from '../ledger/write.ts';
import { assertUnchanged } from '../revision.ts';
import { beneath } from '../tenants/path.ts';
import { findPolicy, findTenantOf, policyState, touchPermissions } from './change.ts';
import { type OwnPolicy, policyColumns } from './policies.ts';

export interface DeletePermission {
  readonly id: string;
  /** When given, the policy must be this tenant's. */
  readonly tenantId?: string | null | undefined;
  readonly ifRevision?: number | null | undefined;
}

export interface DeletedPermission {
  readonly id: string;
  readonly tenantId: string;
  readonly key: string;
  /** How many policies went, descendants' included. */
  readonly deletedCount: number;
  readonly revision: bigint;
}

/**
 * Revokes a policy, in any state of its tenant and whatever an ancestor has locked. `CASCADE` takes the same key from the whole
 * subtree, permanent policies excepted; `SOFT` takes this one only; `PERMANENT` refuses.
 */
export async function deletePermission(
  call: Call,
  { id, tenantId, ifRevision }: DeletePermission,
): Promise<DeletedPermission> {
  const owner = await findTenantOf(call, { id, tenantId });
  return write(call, { tenantIds: [owner] }, async (write) => {
    const policy = await findPolicy(write, id);
    const tenant = write.tenant(owner);
    const ledger = write.ledger(tenant.rootId);
    assertUnchanged(ifRevision, { changedAt: policy.revision, treeRevision: ledger.nextRevision - 1n });
    if (policy.revocationMode === 'PERMANENT') {
      throw new StratumError('PERMISSION_REVOCATION_DENIED', 'A permanent permission can not be revoked', {
        details: { key: policy.key },
      });
    }
    const doomed = await remove(write, tenant, policy);
    for (const { tenantId, path, ...one } of doomed) {
      const holder = { id: tenantId, path };
      ledger.append({ type: 'permission.deleted', tenant: holder, before: policyState(holder, one) });
    }
    await touchPermissions(
      write,
      doomed.map(({ tenantKey }) => tenantKey),
    );
    return { id, tenantId: owner, key: policy.key, deletedCount: doomed.length, revision: ledger.nextRevision - 1n };
  });
}

interface DoomedPolicy extends OwnPolicy {
  readonly tenantKey: bigint;
  readonly tenantId: string;
  readonly path: string;
}

/** Removes what a revocation takes, parents before their children; in one statement, since a cascade may take any number. */
async function remove({ db }: Write, { path, rootId }: Tenant, policy: PermissionPolicy): Promise<DoomedPolicy[]> {
  const { id, key, revocationMode } = policy;
  const taken =
    revocationMode === 'SOFT'
      ? Prisma.sql`p.id = ${id}::uuid`
      : Prisma.sql`p.root_id = ${rootId}::uuid and p.key = ${key} and t.path >= ${path} and t.path < ${beneath(path).before}
          and p.revocation_mode <> 'PERMANENT'`;
  const doomed = await db.$queryRaw<DoomedPolicy[]>`
    delete from permission_policies p using tenants t where t.key = p.tenant_key and ${taken}
    returning ${policyColumns}, t.key as "tenantKey", t.id as "tenantId", t.path`;
  return doomed.sort((a, b) => (a.path < b.path ? -1 : 1));
}
