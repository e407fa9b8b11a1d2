import type { PermissionMode, PermissionPolicy, Tenant } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import type { Write } from '../ledger/write.ts';
import { visibleTo } from '../principal.ts';
import { lineage } from '../tenants/path.ts';
import type { OwnPolicy } from './policies.ts';

/** A policy with the tenant it belongs to. */
export interface StoredPolicy extends OwnPolicy {
  readonly tenant: Pick<Tenant, 'id' | 'path'>;
}

/**
 * Whether ancestors let a tenant have a policy of its own with this mode, read under the tree's lock. Below `LOCKED` none may,
 * below `INHERITED` the value may differ but not the mode, below `DELEGATED` everything. Otherwise `PERMISSION_LOCKED`.
 */
export async function assertDelegable(
  { db }: Write,
  { path }: Tenant,
  key: string,
  mode: PermissionMode,
): Promise<void> {
  const above = await db.permissionPolicy.findMany({
    where: { key, tenant: { path: { in: lineage(path).slice(0, -1) } } },
    select: { mode: true, tenant: { select: { id: true } } },
    orderBy: { tenant: { depth: 'asc' } },
  });
  const governing = above.find((policy) => policy.mode === 'LOCKED') ?? above.at(-1);
  if (governing?.mode === 'LOCKED') {
    throw locked(key, governing.tenant.id, `Permission '${key}' is locked by tenant ${governing.tenant.id}`);
  }
  if (governing?.mode === 'INHERITED' && mode !== 'INHERITED') {
    throw locked(
      key,
      governing.tenant.id,
      `Permission '${key}' is not delegated by tenant ${governing.tenant.id}: its mode must stay INHERITED`,
    );
  }
}

function locked(key: string, sourceTenantId: string, message: string): StratumError {
  return new StratumError('PERMISSION_LOCKED', message, { details: { key, source_tenant_id: sourceTenantId } });
}

/** The tenant of a policy by the policy's id, before any lock is taken; `PERMISSION_NOT_FOUND` when there is none for the caller. */
export async function findTenantOf(
  { db, principal }: Call,
  { id, tenantId }: { id: string; tenantId?: string | null | undefined },
): Promise<string> {
  const policy = await db.permissionPolicy.findFirst({
    where: { id, tenant: { ...visibleTo(principal), ...(tenantId && { id: tenantId }) } },
    select: { tenant: { select: { id: true } } },
  });
  if (policy === null) {
    throw permissionNotFound();
  }
  return policy.tenant.id;
}

/** A policy under the lock; `PERMISSION_NOT_FOUND` when it, or its tenant, is gone for the caller meanwhile. */
export async function findPolicy({ db, principal }: Write, id: string): Promise<PermissionPolicy> {
  const policy = await db.permissionPolicy.findFirst({ where: { id, tenant: visibleTo(principal) } });
  if (policy === null) {
    throw permissionNotFound();
  }
  return policy;
}

function permissionNotFound(): StratumError {
  return new StratumError('PERMISSION_NOT_FOUND', 'No such permission policy');
}

/** A policy's public state, as events keep it. */
export function policyState({ id: tenantId }: Pick<Tenant, 'id'>, policy: OwnPolicy): object {
  return {
    id: policy.id,
    tenant_id: tenantId,
    key: policy.key,
    value: policy.value,
    mode: policy.mode,
    revocation_mode: policy.revocationMode,
    revision: Number(policy.revision),
  };
}

/** Gives the own policies of tenants new versions, now that they have changed: caches go by them. */
export async function touchPermissions({ db }: Write, tenantKeys: readonly bigint[]): Promise<void> {
  await db.$executeRaw`
    update tenants set permission_version = gen_random_uuid() where key = any(${[...tenantKeys]}::bigint[])`;
}
