import { v7 as uuidv7 } from 'uuid';
import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import { write } from '../ledger/write.ts';
import { assertActive } from '../tenants/lifecycle.ts';
import { jsonText, parse } from '../validation.ts';
import { assertDelegable, policyState, type StoredPolicy, touchPermissions } from './change.ts';
import { type CreatePermissionInput, createPermissionInput } from './input.ts';
import { type OwnPolicy, policyColumns } from './policies.ts';

/** Sets a permission on an active tenant, for itself and its descendants. */
export async function createPermission(
  call: Call,
  { tenantId, input }: { tenantId: string; input: CreatePermissionInput },
): Promise<StoredPolicy> {
  const { key, value, mode, revocationMode } = parse(createPermissionInput, input, ['input']);
  return write(call, { tenantIds: [tenantId] }, async (write) => {
    const tenant = write.tenant(tenantId);
    assertActive(tenant);
    await assertDelegable(write, tenant, key, mode);
    const ledger = write.ledger(tenant.rootId);
    if ((await write.db.permissionPolicy.count({ where: { tenantKey: tenant.key, key } })) > 0) {
      throw new StratumError('PERMISSION_ALREADY_EXISTS', `The tenant has a permission '${key}' already`, {
        details: { key },
      });
    }
    const [policy] = (await write.db.$queryRaw`
      insert into permission_policies as p (id, tenant_key, root_id, key, value, mode, revocation_mode, revision)
      values (${uuidv7()}::uuid, ${tenant.key}, ${tenant.rootId}::uuid, ${key}, ${jsonText(value)}::jsonb,
        ${mode}::permission_mode, ${revocationMode}::revocation_mode, ${ledger.nextRevision})
      returning ${policyColumns}`) as [OwnPolicy];
    ledger.append({ type: 'permission.created', tenant, after: policyState(tenant, policy) });
    await touchPermissions(write, [tenant.key]);
    return { ...policy, tenant };
  });
}
