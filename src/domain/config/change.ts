import type { Tenant } from '../../db/generated/prisma/client.ts';
import type { Write } from '../ledger/write.ts';
import { lineage } from '../tenants/path.ts';
import type { OwnEntry } from './entries.ts';

/** An own entry with the tenant it belongs to. */
export interface StoredEntry extends OwnEntry {
  readonly tenant: Pick<Tenant, 'id' | 'path'>;
}

/** What ancestors say about keys. */
export interface EntriesAbove {
  /** The id of the topmost tenant that has locked the key, or null. */
  highestLock(key: string): string | null;
  /** Whether an ancestor marked the key as sensitive. */
  isSensitive(key: string): boolean;
}

/** What the ancestors of a tenant say about `keys`, read under the tree's lock: no lock can appear meanwhile. */
export async function entriesAbove({ db }: Write, { path }: Tenant, keys: readonly string[]): Promise<EntriesAbove> {
  const entries = await db.configEntry.findMany({
    where: { key: { in: [...keys] }, tenant: { path: { in: lineage(path).slice(0, -1) } } },
    select: { key: true, locked: true, ciphertext: true, tenant: { select: { id: true } } },
    orderBy: { tenant: { depth: 'asc' } },
  });
  return {
    highestLock: (key) => entries.find((entry) => entry.key === key && entry.locked)?.tenant.id ?? null,
    isSensitive: (key) => entries.some((entry) => entry.key === key && entry.ciphertext !== null),
  };
}

/** An entry's public state, as events keep it. Sensitive values, by the entry itself or an ancestor's word (`hidden`), are left out. */
export function entryState({ id: tenantId }: Pick<Tenant, 'id'>, entry: OwnEntry, hidden: boolean): object {
  const sensitive = hidden || entry.ciphertext !== null;
  return {
    id: entry.id,
    tenant_id: tenantId,
    key: entry.key,
    value: sensitive ? null : entry.value,
    locked: entry.locked,
    sensitive,
    masked: sensitive,
    revision: Number(entry.revision),
  };
}

/** Gives the tenant's own entries a new version, now that they have changed: caches go by it. */
export async function touchConfig({ db }: Write, { id }: Tenant): Promise<void> {
  await db.$executeRaw`update tenants set config_version = gen_random_uuid() where id = ${id}::uuid`;
}
