import type { Prisma, Tenant } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import type { EventType } from '../ledger/types.ts';
import { type Write, write } from '../ledger/write.ts';
import { assertUnchanged } from '../revision.ts';
import { assertDepth } from './depth.ts';
import { assertActive, assertTransition, type Transition, transitions } from './lifecycle.ts';
import { tenantState } from './rows.ts';

export interface TransitionTenant {
  readonly id: string;
  readonly ifRevision?: number | null | undefined;
}

/** `active` → `suspended`. Refused while a child is active. */
export function suspendTenant(call: Call, input: TransitionTenant): Promise<Tenant> {
  return transition(call, 'suspend', input);
}

/** `suspended` or `archived` → `active`. Needs an active parent. */
export function resumeTenant(call: Call, input: TransitionTenant): Promise<Tenant> {
  return transition(call, 'resume', input);
}

/** `active` or `suspended` → `archived`. Refused while a child is active. */
export function archiveTenant(call: Call, input: TransitionTenant): Promise<Tenant> {
  return transition(call, 'archive', input);
}

const eventTypes: Readonly<Record<Transition, EventType>> = {
  suspend: 'tenant.suspended',
  resume: 'tenant.resumed',
  archive: 'tenant.archived',
};

async function transition(call: Call, operation: Transition, { id, ifRevision }: TransitionTenant): Promise<Tenant> {
  return write(call, { tenantIds: [id] }, async (write) => {
    const tenant = write.tenant(id);
    const ledger = write.ledger(tenant.rootId);
    assertUnchanged(ifRevision, { changedAt: tenant.revision, treeRevision: ledger.nextRevision - 1n });
    assertTransition(tenant, operation);
    await (operation === 'resume'
      ? assertResumable(write, tenant)
      : assertNoChildren(write, tenant, { status: { in: ['active', 'pending'] } }, 'active'));
    const { to: status } = transitions[operation];
    const now = new Date();
    const data = {
      status,
      revision: ledger.nextRevision,
      updatedAt: now,
      archivedAt: status === 'archived' ? now : null,
    };
    const changed = await write.db.tenant.update({ where: { id }, data });
    ledger.append({
      type: eventTypes[operation],
      tenant: changed,
      before: tenantState(tenant),
      after: tenantState(changed),
    });
    return changed;
  });
}

/** An active tenant's parent is active; and the limit may have been lowered since. */
async function assertResumable({ db, limits }: Write, { parentId, depth }: Tenant): Promise<void> {
  const parent = parentId === null ? null : await db.tenant.findUniqueOrThrow({ where: { id: parentId } });
  if (parent !== null) {
    assertActive(parent);
  }
  assertDepth(limits, depth);
}

/** `TENANT_HAS_CHILDREN` when the tenant has children of the kind described. */
export async function assertNoChildren(
  { db }: Write,
  { id }: Tenant,
  where: Prisma.TenantWhereInput,
  kind = '',
): Promise<void> {
  const count = await db.tenant.count({ where: { parentId: id, ...where } });
  if (count > 0) {
    throw new StratumError('TENANT_HAS_CHILDREN', `The tenant still has ${kind === '' ? '' : `${kind} `}children`, {
      details: { tenant_id: id, child_count: count },
    });
  }
}
