import type { Call } from '../call.ts';
import type { Endable } from '../ledger/endable.ts';
import { type Applied, followResolved, type ResolvedChange } from '../ledger/follow-resolved.ts';
import type { Lineage } from '../tenants/lineage.ts';
import { ownPolicies } from './policies.ts';
import { type ResolvedPermission, resolvedPermissions } from './resolved.ts';

/** Tells of every key whose permission for a tenant changes; all keys unless some are named. */
export function followPermissions(
  call: Call,
  tenantId: string,
  keys: readonly string[] | null,
): Promise<Endable<ResolvedChange<ResolvedPermission>>> {
  const read = async (call: Call, tenants: Lineage): Promise<Applied<ResolvedPermission>[]> => {
    const policies = await ownPolicies(call, tenants);
    return resolvedPermissions(call, { tenants, policies }, { keys }).map((entry) => ({
      key: entry.key,
      entry,
      print: printOf(entry),
    }));
  };
  return followResolved(call, tenantId, { prefix: 'permission.', read });
}

function printOf({ policyId, value, mode, revocationMode }: ResolvedPermission): string {
  return JSON.stringify([policyId, value, mode, revocationMode]);
}
