import type { Call } from '../call.ts';
import type { Endable } from '../ledger/endable.ts';
import { type Applied, followResolved, type ResolvedChange } from '../ledger/follow-resolved.ts';
import { omniscient } from '../principal.ts';
import type { Lineage } from '../tenants/lineage.ts';
import { ownEntries } from './entries.ts';
import { type ResolvedEntry, resolvedConfig } from './resolved.ts';

/** Tells of every key whose config entry for a tenant changes; all keys unless some are named. */
export function followConfig(
  call: Call,
  tenantId: string,
  keys: readonly string[] | null,
): Promise<Endable<ResolvedChange<ResolvedEntry>>> {
  const read = async (call: Call, tenants: Lineage): Promise<Applied<ResolvedEntry>[]> => {
    const lineage = { tenants, entries: await ownEntries(call, tenants) };
    const full = resolvedConfig({ ...call, principal: omniscient }, lineage, { keys, revealSensitive: true });
    const shown = resolvedConfig(call, lineage, { keys });
    return shown.map((entry, index) => ({ key: entry.key, entry, print: printOf(full[index] ?? entry) }));
  };
  return followResolved(call, tenantId, { prefix: 'config.', read });
}

function printOf({ value, sensitive, locked, source }: ResolvedEntry): string {
  return JSON.stringify([value, sensitive, locked, source.id]);
}
