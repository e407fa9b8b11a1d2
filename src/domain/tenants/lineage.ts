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
  /** The hash of the last event there, in hex: the same number may come again in a restored database, this doesn't. */
  readonly treeHash: string;
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

/**
 * The lineages of tenants, in the order of `ids`, in one statement and one snapshot: paths, names, the revisions at which own
 * entries last changed and how far the ledger had come belong together. Null for a tenant that is gone. The `offset` makes it one look
 * into the index for each tenant: for thousands of them, PostgreSQL would rather read the whole table.
 */
export async function readLineages(
  { database }: Pick<Call, 'database'>,
  ids: readonly string[],
): Promise<(Lineage | null)[]> {
  const rows = await database.query<LineageTenant>(Prisma.sql`
    with wanted as (select path from tenants where id = any(${[...ids]}::uuid[])),
    prefixes as (select distinct left(path, n) as path from wanted, generate_series(1, length(path)) as n where substr(path, n, 1) = '/')
    select ${headColumns}, l.revision as "treeRevision", encode(l.head_hash, 'hex') as "treeHash"
    from prefixes cross join lateral (select * from tenants where tenants.path = prefixes.path offset 0) t
      join ledgers l on l.id = t.root_id`);
  const byPath = new Map(rows.map((row) => [row.path, row]));
  const pathById = new Map(rows.map(({ id, path }) => [id, path]));
  return ids.map((id) => {
    const path = pathById.get(id);
    return path === undefined ? null : lineage(path).flatMap((prefix) => byPath.get(prefix) ?? []);
  });
}

/**
 * Those of the lineages read before that are what would be read now, in one statement: the ledgers of their trees stand where they stood,
 * and every change to a tenant is an event there, a move to another tree included. Only the position of a root is among those of other
 * trees, so it is compared.
 */
export async function currentOf(
  { database }: Pick<Call, 'database'>,
  lineages: readonly Lineage[],
): Promise<Lineage[]> {
  const ids = [...new Set(lineages.flatMap(([root]) => root?.id ?? []))];
  const rows = await database.query<Standing & { id: string }>(Prisma.sql`
    select l.id, encode(l.head_hash, 'hex') as "treeHash", t.sort_order as "sortOrder" from ledgers l join tenants t on t.id = l.id
    where l.id = any(${ids}::uuid[])`);
  const standings = new Map(rows.map(({ id, ...standing }) => [id, standing]));
  return lineages.filter(([root]) => root !== undefined && isEqual(root, standings.get(root.id)));
}

/** What tells whether anything of a tree has changed. */
type Standing = Pick<LineageTenant, 'treeHash' | 'sortOrder'>;

function isEqual(before: Standing, now: Standing | undefined): boolean {
  return now !== undefined && now.treeHash === before.treeHash && now.sortOrder === before.sortOrder;
}
