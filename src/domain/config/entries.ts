import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { ownRows } from '../own-rows.ts';
import type { LineageTenant } from '../tenants/lineage.ts';

/** A config entry as it is stored: a sensitive one as its envelope, never in clear. */
export interface OwnEntry {
  readonly id: string;
  readonly key: string;
  readonly value: unknown;
  /** The envelope of a sensitive value; null otherwise. */
  readonly ciphertext: string | null;
  readonly locked: boolean;
  readonly revision: bigint;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The columns of `config_entries c` as an {@link OwnEntry}. */
export const entryColumns = Prisma.sql`
  c.id, c.key, c.value, c.ciphertext, c.locked, c.revision, c.created_at as "createdAt", c.updated_at as "updatedAt"`;

/** The own entries of tenants, ordered by key, in the order of `tenants`. */
export function ownEntries(
  { database, cache, view }: Call,
  tenants: readonly LineageTenant[],
): Promise<(readonly OwnEntry[])[]> {
  return ownRows<OwnEntry>(tenants, {
    cache: cache.config,
    view,
    versionOf: ({ configVersion }) => configVersion,
    read: (keys) =>
      database.query(Prisma.sql`
        select t.key as "tenantKey", t.config_version as version, ${entryColumns}
        from tenants t left join config_entries c on c.tenant_key = t.key where t.key = any(${keys}::bigint[]) order by c.key`),
  });
}
