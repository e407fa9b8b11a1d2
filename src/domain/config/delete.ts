import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import { write } from '../ledger/write.ts';
import { assertUnchanged } from '../revision.ts';
import { parse } from '../validation.ts';
import { entriesAbove, entryState, touchConfig } from './change.ts';
import { configKey } from './input.ts';

export interface DeleteConfig {
  readonly tenantId: string;
  readonly key: string;
  readonly ifRevision?: number | null | undefined;
}

export interface DeletedEntry {
  readonly tenantId: string;
  readonly key: string;
  /** The revision of the tree at which the entry went. */
  readonly revision: bigint;
}

/** Removes a tenant's own entry, in any state of the tenant and whatever an ancestor has locked. */
export async function deleteConfig(call: Call, { tenantId, key, ifRevision }: DeleteConfig): Promise<DeletedEntry> {
  parse(configKey, key, ['key']);
  return write(call, { tenantIds: [tenantId] }, async (write) => {
    const tenant = write.tenant(tenantId);
    const ledger = write.ledger(tenant.rootId);
    const where = { tenantKey_key: { tenantKey: tenant.key, key } };
    const entry = await write.db.configEntry.findUnique({ where });
    assertUnchanged(ifRevision, { changedAt: entry?.revision ?? null, treeRevision: ledger.nextRevision - 1n });
    if (entry === null) {
      throw new StratumError('CONFIG_NOT_FOUND', `The tenant has no config '${key}' of its own`, { details: { key } });
    }
    const above = await entriesAbove(write, tenant, [key]);
    await write.db.configEntry.delete({ where });
    const revision = ledger.append({
      type: 'config.deleted',
      tenant,
      before: entryState(tenant, entry, above.isSensitive(key)),
    });
    await touchConfig(write, tenant);
    return { tenantId, key, revision };
  });
}
