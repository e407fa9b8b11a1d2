import type { LRUCache } from 'lru-cache';
import { ownKey } from './entry-cache.ts';
import type { LineageTenant } from './tenants/lineage.ts';

/** Rows of one kind that belong to a tenant, read with the revision at which they were current. */
export type OwnRow<Row> = Row & {
  readonly tenantKey: bigint;
  readonly rootId: string;
  readonly ownRevision: bigint;
  readonly id: string | null;
};

interface Source<Row> {
  readonly cache: LRUCache<string, readonly Row[]>;
  readonly revisionOf: (tenant: LineageTenant) => bigint;
  /** One statement for all tenants, with an otherwise empty row for a tenant that has none. */
  readonly read: (tenantKeys: readonly bigint[]) => Promise<OwnRow<Row>[]>;
}

/** The own rows of tenants, in the order of `tenants`: from memory where nothing changed, the rest in one statement. */
export async function ownRows<Row extends object>(
  tenants: readonly LineageTenant[],
  { cache, revisionOf, read }: Source<Row>,
): Promise<(readonly Row[])[]> {
  const kept = tenants.map((tenant) => cache.get(ownKey(tenant.key, tenant.rootId, revisionOf(tenant))));
  const missing = tenants.filter((_tenant, index) => kept[index] === undefined).map(({ key }) => key);
  const fresh = missing.length === 0 ? new Map<bigint, Fresh<Row>>() : gather(await read(missing));
  for (const { key, rows } of fresh.values()) {
    cache.set(key, rows);
  }
  return tenants.map((tenant, index) => kept[index] ?? fresh.get(tenant.key)?.rows ?? []);
}

interface Fresh<Row> {
  /** Names the revision these rows were read at, not the one that was asked for: a write in between leaves no stale copy behind. */
  readonly key: string;
  readonly rows: Row[];
}

function gather<Row extends object>(read: readonly OwnRow<Row>[]): Map<bigint, Fresh<Row>> {
  const fresh = new Map<bigint, Fresh<Row>>();
  for (const { tenantKey, rootId, ownRevision, ...row } of read) {
    const own = fresh.get(tenantKey) ?? { key: ownKey(tenantKey, rootId, ownRevision), rows: [] };
    fresh.set(tenantKey, own);
    if (row.id !== null) {
      own.rows.push(row as unknown as Row); // what is left of the row when its tenant's columns are taken off
    }
  }
  return fresh;
}
