import { isDeepStrictEqual } from 'node:util';
import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import { write } from '../ledger/write.ts';
import { assertUnchanged } from '../revision.ts';
import { assertActive } from '../tenants/lifecycle.ts';
import { json, jsonText, parse } from '../validation.ts';
import {
  assertDelegable,
  findPolicy,
  findTenantOf,
  policyState,
  type StoredPolicy,
  touchPermissions,
} from './change.ts';
import type { UpdatePermissionInput } from './input.ts';
import { type OwnPolicy, policyColumns } from './policies.ts';

export interface UpdatePermission {
  readonly id: string;
  /** When given, the policy must be this tenant's. */
  readonly tenantId?: string | null | undefined;
  readonly input: UpdatePermissionInput;
  readonly ifRevision?: number | null | undefined;
}

/** Changes value, mode or revocation mode of a policy of an active tenant. `PERMANENT` stays `PERMANENT`. */
export async function updatePermission(
  call: Call,
  { id, tenantId, input, ifRevision }: UpdatePermission,
): Promise<StoredPolicy> {
  const value = input.value === undefined ? undefined : parse(json, input.value, ['input', 'value']);
  const owner = await findTenantOf(call, { id, tenantId });
  return write(call, { tenantIds: [owner] }, async (write) => {
    const policy = await findPolicy(write, id);
    const tenant = write.tenant(owner);
    const ledger = write.ledger(tenant.rootId);
    assertUnchanged(ifRevision, { changedAt: policy.revision, treeRevision: ledger.nextRevision - 1n });
    assertActive(tenant);
    const mode = input.mode ?? policy.mode;
    const revocationMode = input.revocationMode ?? policy.revocationMode;
    await assertDelegable(write, tenant, policy.key, mode);
    if (policy.revocationMode === 'PERMANENT' && revocationMode !== 'PERMANENT') {
      throw new StratumError('PERMISSION_REVOCATION_DENIED', 'A permanent permission stays permanent', {
        details: { key: policy.key },
      });
    }
    if (
      mode === policy.mode &&
      revocationMode === policy.revocationMode &&
      (value === undefined || isDeepStrictEqual(value, policy.value))
    ) {
      return { ...policy, tenant };
    }
    const [updated] = (await write.db.$queryRaw`
      update permission_policies p set value = coalesce(${jsonText(value)}::jsonb, p.value), mode = ${mode}::permission_mode,
        revocation_mode = ${revocationMode}::revocation_mode, revision = ${ledger.nextRevision}, updated_at = ${new Date()}
      where p.id = ${id}::uuid returning ${policyColumns}`) as [OwnPolicy];
    ledger.append({
      type: 'permission.updated',
      tenant,
      before: policyState(tenant, policy),
      after: policyState(tenant, updated),
    });
    await touchPermissions(write, [tenant.key]);
    return { ...updated, tenant };
  });
}
