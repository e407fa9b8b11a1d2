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
  const names = missing.map((tenant) => `${tenant.key}@${versionOf(tenant)}`).join();
  const fresh = await once(cache, names, async () => {
    const gathered = gather(await read(missing.map(({ key }) => key)));
    for (const { version, rows } of gathered.values()) {
      cache.set(version, rows);
    }
    return gathered;
  });
  view.torn ||= missing.some((tenant) => fresh.get(tenant.key)?.version !== versionOf(tenant));
  return tenants.map((tenant, index) => kept[index] ?? fresh.get(tenant.key)?.rows ?? []);
}

type Reading = Promise<Map<bigint, Fresh<object>>>;

/** What is being read for each cache, by the rows that are wanted. */
const readings = new WeakMap<object, Map<string, Reading>>();

/**
 * Lets everybody who wants the same rows at the same moment, as after a change that many are told of, wait for one reading. Whoever began it knew
 * the versions that are wanted now, so it reads nothing older.
 */
async function once<Row extends object>(
  cache: object,
  names: string,
  read: () => Promise<Map<bigint, Fresh<Row>>>,
): Promise<Map<bigint, Fresh<Row>>> {
  const going = readings.get(cache) ?? new Map<string, Reading>();
  readings.set(cache, going);
  const reading =
    (going.get(names) as ReturnType<typeof read> | undefined) ?? read().finally(() => going.delete(names)); // a cache has rows of one kind
  going.set(names, reading as Reading);
  return reading;
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
