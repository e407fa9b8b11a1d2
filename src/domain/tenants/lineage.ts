import { Prisma, type Tenant } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { canSee } from '../principal.ts';
import { lineage } from './path.ts';

/** What resolution needs to know of a tenant and each of its ancestors. */
export type LineageTenant = Pick<
  Tenant,
  'id' | 'key' | 'slug' | 'name' | 'path' | 'rootId' | 'configRevision' | 'permissionRevision'
>;

/** A tenant's ancestors and itself, root first. */
export type Lineage = readonly LineageTenant[];

/** A tenant as it is named in answers about another one. Name and slug are null outside the caller's view. */
export interface TenantReference {
  readonly id: string;
  readonly name: string | null;
  readonly slug: string | null;
}

/** Names the tenant at one level of a lineage; 0 is the root. */
export function referenceAt({ principal }: Call, lineage: Lineage, level: number): TenantReference {
  const tenant = lineage[level];
  if (tenant === undefined) {
    throw new RangeError(`no level ${level} in this lineage`);
  }
  const { id, name, slug, path } = tenant;
  return canSee(principal, path) ? { id, name, slug } : { id, name: null, slug: null };
}

/**
 * The lineages of tenants, in the order of `ids`, in one statement and one snapshot: paths, names and the revisions at which own
 * entries last changed belong together. Null for a tenant that is gone.
 */
export async function readLineages({ database }: Call, ids: readonly string[]): Promise<(Lineage | null)[]> {
  const rows = await database.query<LineageTenant>(Prisma.sql`
    with wanted as (select path from tenants where id = any(${ids}::uuid[])),
    prefixes as (select distinct left(path, n) as path from wanted, generate_series(1, length(path)) as n where substr(path, n, 1) = '/')
    select t.id, t.key, t.slug, t.name, t.path, t.root_id as "rootId", t.config_revision as "configRevision", t.permission_revision as "permissionRevision"
    from prefixes join tenants t on t.path = prefixes.path`);
  const byPath = new Map(rows.map((row) => [row.path, row]));
  const pathById = new Map(rows.map(({ id, path }) => [id, path]));
  return ids.map((id) => {
    const path = pathById.get(id);
    return path === undefined ? null : lineage(path).flatMap((prefix) => byPath.get(prefix) ?? []);
  });
}
