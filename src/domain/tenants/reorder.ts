import type { Tenant } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { write } from '../ledger/write.ts';
import { assertUnchanged } from '../revision.ts';
import { siblingsOf } from './position.ts';
import { tenantState } from './rows.ts';

export interface ReorderTenant {
  readonly id: string;
  /** From 0; beyond the last active sibling means last. */
  readonly position: number;
  readonly ifRevision?: number | null | undefined;
}

/** Puts a tenant at a position among its active siblings and numbers all siblings without gaps, active ones first. */
export async function reorderTenant(call: Call, { id, position, ifRevision }: ReorderTenant): Promise<Tenant> {
  return write(call, { tenantIds: [id], placed: id }, async (write) => {
    const tenant = write.tenant(id);
    const ledger = write.ledger(tenant.rootId);
    assertUnchanged(ifRevision, { changedAt: tenant.revision, treeRevision: ledger.nextRevision - 1n });
    const siblings = siblingsOf(tenant.parentId);
    await write.db.$executeRaw`
      with others as (
        select id, status, row_number() over (order by status <> 'active', sort_order) - 1 as rank from tenants where ${siblings} and id <> ${id}::uuid
      ), target as (
        select least(greatest(${position}::integer, 0), count(*)) as position from others where status = 'active'
      ), numbered as (
        select id, case when rank < position then rank else rank + 1 end as place from others, target
        union all select ${id}::uuid, position from target
      )
      update tenants set sort_order = place from numbered where tenants.id = numbered.id and sort_order <> place`;
    const moved = await write.db.tenant.update({
      where: { id },
      data: { revision: ledger.nextRevision, updatedAt: new Date() },
    });
    ledger.append({ type: 'tenant.reordered', tenant: moved, before: tenantState(tenant), after: tenantState(moved) });
    return moved;
  });
}
