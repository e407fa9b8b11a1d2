import { type PermissionMode, Prisma, type RevocationMode } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { ownRows } from '../own-rows.ts';
import type { LineageTenant } from '../tenants/lineage.ts';

/** A permission policy as it is stored. */
export interface OwnPolicy {
  readonly id: string;
  readonly key: string;
  readonly value: unknown;
  readonly mode: PermissionMode;
  readonly revocationMode: RevocationMode;
  readonly revision: bigint;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The columns of `permission_policies p` as an {@link OwnPolicy}. */
export const policyColumns = Prisma.sql`
  p.id, p.key, p.value, p.mode, p.revocation_mode as "revocationMode", p.revision, p.created_at as "createdAt", p.updated_at as "updatedAt"`;

/** The own policies of tenants, ordered by key, in the order of `tenants`. */
export function ownPolicies(
  { database, cache, view }: Call,
  tenants: readonly LineageTenant[],
): Promise<(readonly OwnPolicy[])[]> {
  return ownRows<OwnPolicy>(tenants, {
    cache: cache.permissions,
    view,
    versionOf: ({ permissionVersion }) => permissionVersion,
    read: (keys) =>
      database.query(Prisma.sql`
        select t.key as "tenantKey", t.permission_version as version, ${policyColumns}
        from tenants t left join permission_policies p on p.tenant_key = t.key where t.key = any(${keys}::bigint[]) order by p.key`),
  });
}
