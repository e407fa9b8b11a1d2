import { isCycle } from '../../db/errors.ts';
import { Prisma, type Tenant } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { invalidField, StratumError } from '../errors.ts';
import { assertInstallation } from '../home.ts';
import { type Write, write } from '../ledger/write.ts';
import { assertUnchanged } from '../revision.ts';
import { parse, uuid } from '../validation.ts';
import { assertDepth } from './depth.ts';
import { assertActive } from './lifecycle.ts';
import { beneath, isWithin } from './path.ts';
import { nextPositions } from './position.ts';
import { tenantColumns, tenantState } from './rows.ts';

export interface MoveTenant {
  readonly id: string;
  /** Null makes the tenant a root. */
  readonly newParentId?: string | null | undefined;
  readonly ifRevision?: number | null | undefined;
}

/**
 * Moves a tenant with its whole subtree under another active tenant of any tree, behind the siblings there. The row's parent
 * changes here; the database rewrites the subtree's paths in one UPDATE of its own.
 */
export async function moveTenant(call: Call, { id, newParentId, ifRevision }: MoveTenant): Promise<Tenant> {
  if (newParentId === undefined) {
    throw invalidField('newParentId', 'is required (null makes the tenant a root)', 'required');
  }
  const parentId = newParentId === null ? null : parse(uuid, newParentId, ['newParentId']);
  try {
    return await write(
      call,
      { tenantIds: parentId === null ? [id] : [id, parentId], placed: id, installation: parentId === null },
      async (write) => {
        const tenant = write.tenant(id);
        assertUnchanged(ifRevision, {
          changedAt: tenant.revision,
          treeRevision: write.ledger(tenant.rootId).nextRevision - 1n,
        });
        const parent = parentId === null ? null : write.tenant(parentId);
        return tenant.parentId === parentId ? tenant : place(write, tenant, parent);
      },
    );
  } catch (error) {
    throw isCycle(error) ? cycle(id, parentId, error) : error;
  }
}

async function place(write: Write, tenant: Tenant, parent: Tenant | null): Promise<Tenant> {
  await assertPlaceable(write, tenant, parent);
  const parentId = parent?.id ?? null;
  const source = write.ledger(tenant.rootId);
  const target = parent === null ? await write.openLedger(tenant.id) : write.ledger(parent.rootId);
  const position = (await nextPositions(write, [parentId]))(parentId);
  const moved = await update(write, tenant.id, { parentId, position, revision: target.nextRevision });
  const change = { type: 'tenant.moved', before: tenantState(tenant), after: tenantState(moved) } as const;
  if (source.id === target.id) {
    target.append({ ...change, tenant: moved, fromPath: tenant.path });
  } else {
    source.append({ ...change, tenant });
    target.append({ ...change, tenant: moved });
  }
  return moved;
}

async function assertPlaceable({ principal, db, limits }: Write, tenant: Tenant, parent: Tenant | null): Promise<void> {
  if (parent === null) {
    assertInstallation(principal, 'make a root');
    return;
  }
  if (isWithin(parent.path, tenant.path)) {
    throw cycle(tenant.id, parent.id);
  }
  assertActive(parent);
  const { after, before } = beneath(tenant.path);
  const { _max } = await db.tenant.aggregate({ where: { path: { gte: after, lt: before } }, _max: { depth: true } });
  assertDepth(limits, parent.depth + 1 + ((_max.depth ?? tenant.depth) - tenant.depth));
}

/** By hand, since only the columns that are named here may fire the triggers that place a tenant. */
async function update(
  { db }: Write,
  id: string,
  { parentId, position, revision }: { parentId: string | null; position: number; revision: bigint },
): Promise<Tenant> {
  await db.$executeRaw`
    update tenants set parent_id = ${parentId}::uuid, sort_order = ${position}, revision = ${revision}, updated_at = ${new Date()} where id = ${id}::uuid`;
  const [moved] = await db.$queryRaw<Tenant[]>(
    Prisma.sql`select ${tenantColumns} from tenants t where t.id = ${id}::uuid`,
  );
  return moved as Tenant; // the row is locked by this transaction
}

function cycle(id: string, newParentId: string | null, cause?: unknown): StratumError {
  return new StratumError('TENANT_CYCLE_DETECTED', 'A tenant can not move beneath itself', {
    details: { tenant_id: id, new_parent_id: newParentId },
    cause,
  });
}
