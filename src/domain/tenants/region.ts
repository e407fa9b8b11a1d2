import type { Tenant } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { invalid, type StratumError } from '../errors.ts';
import { type Write, write } from '../ledger/write.ts';
import { assertUnchanged } from '../revision.ts';
import { tenantState } from './rows.ts';

export interface MigrateTenantRegion {
  readonly id: string;
  readonly regionId: string;
  readonly ifRevision?: number | null | undefined;
}

/**
 * Puts a tenant of any status into an active region; those below it stay where they are. Of any status, since a region is emptied
 * only when its suspended and archived tenants have left too. Where it is already, nothing happens: no event then.
 */
export async function migrateTenantRegion(
  call: Call,
  { id, regionId, ifRevision }: MigrateTenantRegion,
): Promise<Tenant> {
  return write(call, { tenantIds: [id] }, async (write) => {
    const tenant = write.tenant(id);
    const ledger = write.ledger(tenant.rootId);
    assertUnchanged(ifRevision, { changedAt: tenant.revision, treeRevision: ledger.nextRevision - 1n });
    if (tenant.regionId === regionId) {
      return tenant;
    }
    if (!(await activeRegions(write, [regionId])).has(regionId)) {
      throw noSuchRegion();
    }
    const migrated = await write.db.tenant.update({
      where: { id },
      data: { regionId, revision: ledger.nextRevision, updatedAt: new Date() },
    });
    ledger.append({
      type: 'tenant.region_migrated',
      tenant: migrated,
      before: tenantState(tenant),
      after: tenantState(migrated),
    });
    return migrated;
  });
}

/** Those of the regions that take in tenants, and will until this write is done. */
export async function activeRegions({ db }: Write, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) {
    return new Set();
  }
  const regions = await db.$queryRaw<{ id: string }[]>`
    select id from regions where id = any(${[...new Set(ids)]}::uuid[]) and status = 'active' order by id for share`;
  return new Set(regions.map(({ id }) => id));
}

export function noSuchRegion(): StratumError {
  return invalid([{ path: ['regionId'], message: 'no such active region', code: 'not_found' }]);
}
