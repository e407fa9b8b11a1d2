import { Prisma, type TenantStatus } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { tenantNotFound } from '../errors.ts';
import { canSee } from '../principal.ts';
import { assertStatus } from './lifecycle.ts';
import { lineage } from './path.ts';
import { headColumns, type TenantHead } from './rows.ts';

/** A tenant as it was when the ledger of its tree stood at `treeRevision`. */
export interface LineageTenant extends TenantHead {
  readonly treeRevision: bigint;
}

/** A tenant's ancestors and itself, root first; never empty. */
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

/** The tenant that a lineage leads to. */
export function tenantOf(lineage: Lineage): LineageTenant {
  return lineage.at(-1) as LineageTenant; // never empty
}

/**
 * The tenant a lineage leads to, if it exists for the caller and has one of the accepted statuses (any, unless told).
 * `TENANT_NOT_FOUND`, or the code for the status it has instead.
 */
export function requireTenant(
  { principal }: Call,
  lineage: Lineage | null,
  statuses: readonly TenantStatus[] | null | undefined = null,
): LineageTenant {
  const tenant = lineage === null ? null : tenantOf(lineage);
  if (tenant === null || !canSee(principal, tenant.path)) {
    throw tenantNotFound();
  }
  if (statuses !== null) {
    assertStatus(tenant, statuses);
  }
  return tenant;
}

/** The part of a lineage that exists for the caller, the tenant itself included. */
export function visibleLineage({ principal }: Call, lineage: Lineage): Lineage {
  return lineage.filter(({ path }) => canSee(principal, path));
}

/** Lineages as they were at the revisions they name. */
export type KnownLineages = ReadonlyMap<string, Lineage>;

/**
 * The lineages of tenants, in the order of `ids`, in one statement and one snapshot: paths, names, the revisions at which own
 * entries last changed and how far the ledger had come belong together. Null for a tenant that is gone.
 *
 * A lineage that is known needs not be read again while the ledger of its tree stands where it stood: every change to a tenant is
 * an event there, a move to another tree included.
 */
export async function readLineages(
  { database }: Pick<Call, 'database'>,
  ids: readonly string[],
  known: KnownLineages = new Map(),
): Promise<(Lineage | null)[]> {
  const rows = await database.query<Row>(changedSince(ids, known));
  const changed = new Set(rows.map(({ wanted }) => wanted));
  const tenants = rows
    .filter((row): row is Row & LineageTenant => row.path !== null)
    .map(({ wanted: _, ...tenant }) => tenant);
  const byPath = new Map(tenants.map((tenant) => [tenant.path, tenant]));
  const pathById = new Map(tenants.map(({ id, path }) => [id, path]));
  return ids.map((id) => {
    const kept = known.get(id);
    if (kept !== undefined && !changed.has(id)) {
      return kept;
    }
    const path = pathById.get(id);
    return path === undefined ? null : lineage(path).flatMap((prefix) => byPath.get(prefix) ?? []);
  });
}

/** A tenant on the way to one that is wanted, or wanted itself; of a wanted one that is gone only the id. */
type Row = { readonly wanted: string | null } & (LineageTenant | { readonly path: null });

/** The tenants of all lineages that are not what is known of them, each tenant once. */
function changedSince(ids: readonly string[], known: KnownLineages): Prisma.Sql {
  const trees = ids.map((id) => known.get(id)?.[0]?.rootId ?? null);
  const revisions = ids.map((id) => known.get(id)?.[0]?.treeRevision ?? -1n);
  return Prisma.sql`
    with given as (select * from unnest(${[...ids]}::uuid[], ${trees}::uuid[], ${revisions}::bigint[]) as given(id, tree, revision)),
    changed as (select given.id from given left join ledgers l on l.id = given.tree where l.revision is distinct from given.revision),
    ends as (select t.path from changed join tenants t on t.id = changed.id),
    paths as (select distinct left(path, n) as path from ends, generate_series(1, length(path)) as n where substr(path, n, 1) = '/')
    select changed.id as wanted, ancestor.* from changed full join (
      select ${headColumns}, l.revision as "treeRevision" from paths join tenants t on t.path = paths.path join ledgers l on l.id = t.root_id
    ) ancestor on ancestor.id = changed.id`;
}
