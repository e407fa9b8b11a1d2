import type { Call } from '../call.ts';
import { write } from '../ledger/write.ts';
import { assertUnchanged } from '../revision.ts';
import { tenantState } from './rows.ts';
import { assertNoChildren, type TransitionTenant } from './transition.ts';

export interface PurgedTenant {
  readonly id: string;
  /** The revision of the tree at which the tenant went. */
  readonly revision: bigint;
}

/** Removes a tenant of any status and all it owns for good; its events stay. Refused while it has children of any status. */
export async function purgeTenant(call: Call, { id, ifRevision }: TransitionTenant): Promise<PurgedTenant> {
  return write(call, { tenantIds: [id] }, async (write) => {
    const tenant = write.tenant(id);
    const ledger = write.ledger(tenant.rootId);
    assertUnchanged(ifRevision, { changedAt: tenant.revision, treeRevision: ledger.nextRevision - 1n });
    await assertNoChildren(write, tenant, {});
    await write.db.configEntry.deleteMany({ where: { tenantKey: tenant.key } });
    await write.db.permissionPolicy.deleteMany({ where: { tenantKey: tenant.key } });
    await write.db.apiKey.deleteMany({ where: { tenantKey: tenant.key } });
    await write.db.role.deleteMany({ where: { tenantKey: tenant.key } });
    await write.db.webhook.deleteMany({ where: { tenantKey: tenant.key } });
    await write.db.tenant.delete({ where: { id } });
    return { id, revision: ledger.append({ type: 'tenant.purged', tenant, before: tenantState(tenant) }) };
  });
}
