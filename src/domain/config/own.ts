import type { Call } from '../call.ts';
import { tenantOf } from '../tenants/lineage.ts';
import type { StoredEntry } from './change.ts';
import type { OwnEntry } from './entries.ts';
import { type ConfigLineage, type Shown, shower } from './resolved.ts';

/** An entry that a tenant has set itself, as the caller may see it. */
export interface OwnConfigEntry extends Omit<OwnEntry, 'value' | 'ciphertext'>, Shown {
  readonly tenantId: string;
}

/** A tenant's own entries, in order of keys. */
export function ownConfig(call: Call, lineage: ConfigLineage): OwnConfigEntry[] {
  const show = shower(call, lineage, false);
  const level = lineage.tenants.length - 1;
  const { id: tenantId } = tenantOf(lineage.tenants);
  return (lineage.entries[level] ?? []).map((own) => {
    const { ciphertext: _, ...entry } = own;
    return { ...entry, tenantId, ...show(own, level) };
  });
}

/** An entry that was just written. It is stored as a secret exactly when it is one, and secrets are not repeated. */
export function writtenEntry({ tenant, ...stored }: StoredEntry): OwnConfigEntry {
  const { ciphertext, value, ...entry } = stored;
  const sensitive = ciphertext !== null;
  return { ...entry, tenantId: tenant.id, value: sensitive ? null : value, sensitive, masked: sensitive };
}
