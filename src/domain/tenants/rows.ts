import { Prisma, type Tenant } from '../../db/generated/prisma/client.ts';

/** A tenant without its two JSON objects, which may be large and are read only when they are asked for. */
export type TenantHead = Omit<Tenant, 'document' | 'metadata'>;

/** The columns of `tenants t` as a {@link TenantHead}, for hand-written reads. */
export const headColumns = Prisma.sql`
  t.id, t.key, t.parent_id as "parentId", t.root_id as "rootId", t.path, t.depth, t.slug, t.name, t.status,
  t.isolation_strategy as "isolationStrategy", t.region_id as "regionId", t.sort_order as "sortOrder", t.revision,
  t.config_version as "configVersion", t.permission_version as "permissionVersion",
  t.created_at as "createdAt", t.updated_at as "updatedAt", t.archived_at as "archivedAt"`;

/** The columns of `tenants t` as the whole Prisma model. */
export const tenantColumns = Prisma.sql`${headColumns}, t.document, t.metadata`;

/** A tenant's public state, as events keep it: no internal key, path or cache revision. */
export function tenantState(tenant: Tenant): object {
  return {
    id: tenant.id,
    parent_id: tenant.parentId,
    root_id: tenant.rootId,
    depth: tenant.depth,
    slug: tenant.slug,
    name: tenant.name,
    status: tenant.status,
    config: tenant.document,
    metadata: tenant.metadata,
    isolation_strategy: tenant.isolationStrategy,
    region_id: tenant.regionId,
    sort_order: tenant.sortOrder,
    revision: Number(tenant.revision),
    created_at: tenant.createdAt.toISOString(),
    updated_at: tenant.updatedAt.toISOString(),
    archived_at: tenant.archivedAt?.toISOString() ?? null,
  };
}
