import type { LRUCache } from 'lru-cache';
import type { View } from './call.ts';
import type { LineageTenant } from './tenants/lineage.ts';

/** Rows of one kind that belong to a tenant, read with the version that names them. */
export type OwnRow<Row> = Row & {
  readonly tenantKey: bigint;
  readonly version: string;
  readonly id: string | null;
};

interface Source<Row> {
  readonly cache: LRUCache<string, readonly Row[]>;
  readonly versionOf: (tenant: LineageTenant) => string;
  /** One statement for all tenants, with an otherwise empty row for a tenant that has none. */
  readonly read: (tenantKeys: readonly bigint[]) => Promise<OwnRow<Row>[]>;
  /** Is told when a tenant's rows have changed since the tenant itself was read. */
  readonly view: View;
}

/** The own rows of tenants, in the order of `tenants`: from memory where nothing changed, the rest in one statement. */
export async function ownRows<Row extends object>(
  tenants: readonly LineageTenant[],
  { cache, versionOf, read, view }: Source<Row>,
): Promise<(readonly Row[])[]> {
  const kept = tenants.map((tenant) => cache.get(versionOf(tenant)));
  const missing = tenants.filter((_tenant, index) => kept[index] === undefined);
  if (missing.length === 0) {
    return kept as (readonly Row[])[]; // none is missing
  }
  const fresh = gather(await read(missing.map(({ key }) => key)));
  for (const { version, rows } of fresh.values()) {
    cache.set(version, rows);
  }
  view.torn ||= missing.some((tenant) => fresh.get(tenant.key)?.version !== versionOf(tenant));
  return tenants.map((tenant, index) => kept[index] ?? fresh.get(tenant.key)?.rows ?? []);
}

interface Fresh<Row> {
  /** Names the rows as they were read, not as they were asked for: a write in between leaves no stale copy behind. */
  readonly version: string;
  readonly rows: Row[];
}

function gather<Row extends object>(read: readonly OwnRow<Row>[]): Map<bigint, Fresh<Row>> {
  const fresh = new Map<bigint, Fresh<Row>>();
  for (const { tenantKey, version, ...row } of read) {
    const own = fresh.get(tenantKey) ?? { version, rows: [] };
    fresh.set(tenantKey, own);
    if (row.id !== null) {
      own.rows.push(row as unknown as Row); // what is left of the row when its tenant's columns are taken off
    }
  }
  return fresh;
}
