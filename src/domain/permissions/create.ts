import { v7 as uuidv7 } from 'uuid';
import type { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import { write } from '../ledger/write.ts';
import { assertActive } from '../tenants/lifecycle.ts';
import { jsonForStorage, parse } from '../validation.ts';
import { assertDelegable, policyState, type StoredPolicy, touchPermissions } from './change.ts';
import { type CreatePermissionInput, createPermissionInput } from './input.ts';

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
    const data: Prisma.PermissionPolicyUncheckedCreateInput = {
      id: uuidv7(),
      tenantKey: tenant.key,
      rootId: tenant.rootId,
      key,
      value: jsonForStorage(value),
      mode,
      revocationMode,
      revision: ledger.nextRevision,
    };
    const policy = await write.db.permissionPolicy.create({ data });
    ledger.append({ type: 'permission.created', tenant, after: policyState(tenant, policy) });
    await touchPermissions(write, tenant.rootId, [tenant.key]);
    return { ...policy, tenant };
  });
}
