import type { Call } from '../call.ts';
import { assertInstallation, type LockedHome, lockedHome, scopeOfHome } from '../home.ts';
import { type Write, write } from '../ledger/write.ts';
import { lockedRole, requireRole } from './find.ts';
import type { Role } from './rows.ts';

/** A role under the lock of its home. */
export interface LockedRole {
  readonly home: LockedHome;
  readonly role: Role;
}

/** Changes a role: everybody sees those of the installation, only principals of the installation change them. */
export async function changeRole<Result>(
  call: Call,
  id: string,
  change: (write: Write, locked: LockedRole) => Promise<Result>,
): Promise<Result> {
  const { tenantId } = await requireRole(call, id);
  if (tenantId === null) {
    assertInstallation(call.principal, 'change roles of the installation');
  }
  return write(call, scopeOfHome(tenantId), async (write) => {
    const home = lockedHome(write, tenantId);
    return change(write, { home, role: await lockedRole(write, id, 'to change') });
  });
}
