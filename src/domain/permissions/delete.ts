import type { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import { write } from '../ledger/write.ts';
import { assertUnchanged } from '../revision.ts';
import { beneath } from '../tenants/path.ts';
import { findPolicy, findTenantOf, policyState, touchPermissions } from './change.ts';

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
    const { before } = beneath(tenant.path);
    const where: Prisma.PermissionPolicyWhereInput =
      policy.revocationMode === 'SOFT'
        ? { id }
        : {
            rootId: tenant.rootId,
            key: policy.key,
            tenant: { path: { gte: tenant.path, lt: before } },
            revocationMode: { not: 'PERMANENT' },
          };
    const doomed = await write.db.permissionPolicy.findMany({
      where,
      include: { tenant: true },
      orderBy: { tenant: { path: 'asc' } },
    });
    await write.db.permissionPolicy.deleteMany({ where: { id: { in: doomed.map((one) => one.id) } } });
    for (const { tenant: holder, ...one } of doomed) {
      ledger.append({ type: 'permission.deleted', tenant: holder, before: policyState(holder, one) });
    }
    await touchPermissions(
      write,
      tenant.rootId,
      doomed.map(({ tenantKey }) => tenantKey),
    );
    return { id, tenantId: owner, key: policy.key, deletedCount: doomed.length, revision: ledger.nextRevision - 1n };
  });
}
