import type { Tenant } from '../db/generated/prisma/client.ts';
import { StratumError } from './errors.ts';
import { installationLedgerId, type LockedLedger, type Write, type WriteScope } from './ledger/write.ts';
import type { Principal } from './principal.ts';
import { assertActive } from './tenants/lifecycle.ts';

/** Where keys and roles are at home: in one tenant, or, without one, in the whole installation. */
export interface LockedHome {
  readonly tenant: Tenant | null;
  readonly ledger: LockedLedger;
}

/** What a write to something at home there has to lock. */
export function scopeOfHome(tenantId: string | null): WriteScope {
  return tenantId === null ? { tenantIds: [], installation: true } : { tenantIds: [tenantId] };
}

/** A home under its lock; `TENANT_NOT_FOUND` when its tenant is gone or not visible. */
export function lockedHome(write: Write, tenantId: string | null): LockedHome {
  if (tenantId === null) {
    return { tenant: null, ledger: write.ledger(installationLedgerId) };
  }
  const tenant = write.tenant(tenantId);
  return { tenant, ledger: write.ledger(tenant.rootId) };
}

/** `FORBIDDEN` for what belongs to the whole installation, unless the principal does too. */
export function assertInstallation({ home }: Principal, what: string): void {
  if (home !== null) {
    throw new StratumError('FORBIDDEN', `Only a principal of the whole installation may ${what}`);
  }
}

/** `assertActive` for a home: the installation is always in use. */
export function assertHomeActive({ tenant }: LockedHome): void {
  if (tenant !== null) {
    assertActive(tenant);
  }
}
