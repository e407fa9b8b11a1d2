import DataLoader from 'dataloader';
import type { Database } from '../../db/database.ts';
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

/** Reads lineages for all calls of the process. */
export interface LineageReader {
  /** The lineage of a tenant as it is no earlier than now; null when the tenant is gone. */
  load(id: string): Promise<Lineage | null>;
}

/** What comes in while the database answers goes out together: few requests wait for many statements, and many for a few. */
const statementsAtOnce = 2;

/**
 * Joins the reads of concurrent requests into one statement. Each statement begins after the last of its requests has come, so every
 * answer is as current as one that was read alone.
 */
export function createLineageReader(database: Database): LineageReader {
  let running = 0;
  // The batch that is being gathered, or null when nobody waits.
  let dispatch: (() => void) | null = null;
  const next = (): void => {
    if (dispatch !== null && running < statementsAtOnce) {
      const go = dispatch;
      dispatch = null;
      running += 1;
      go();
    }
  };
  const read = async (ids: readonly string[]): Promise<(Lineage | null)[]> => {
    try {
      return await readLineages({ database }, [...new Set(ids)]).then((lineages) => spread(ids, lineages));
    } finally {
      running -= 1;
      setImmediate(next);
    }
  };
  return new DataLoader<string, Lineage | null>(read, {
    cache: false,
    batchScheduleFn: (go) => {
      dispatch = go;
      setImmediate(next);
    },
  });
}

/** Gives back to everybody who asked what was read once. */
function spread(ids: readonly string[], lineages: readonly (Lineage | null)[]): (Lineage | null)[] {
  const byId = new Map([...new Set(ids)].map((id, index) => [id, lineages[index] ?? null]));
  return ids.map((id) => byId.get(id) ?? null);
}

/**
 * The lineages of tenants, in the order of `ids`, in one statement and one snapshot: paths, names, the revisions at which own
 * entries last changed and how far the ledger had come belong together. Null for a tenant that is gone.
 */
export async function readLineages(
  { database }: Pick<Call, 'database'>,
  ids: readonly string[],
): Promise<(Lineage | null)[]> {
  const rows = await database.query<LineageTenant>(Prisma.sql`
    with wanted as (select path from tenants where id = any(${ids}::uuid[])),
    prefixes as (select distinct left(path, n) as path from wanted, generate_series(1, length(path)) as n where substr(path, n, 1) = '/')
    select ${headColumns}, l.revision as "treeRevision"
    from prefixes join tenants t on t.path = prefixes.path join ledgers l on l.id = t.root_id`);
  const byPath = new Map(rows.map((row) => [row.path, row]));
  const pathById = new Map(rows.map(({ id, path }) => [id, path]));
  return ids.map((id) => {
    const path = pathById.get(id);
    return path === undefined ? null : lineage(path).flatMap((prefix) => byPath.get(prefix) ?? []);
  });
}
