import type { Call } from '../call.ts';
import { assertInstallation } from '../home.ts';
import { requireRole } from './find.ts';
import type { Role } from './rows.ts';

/** A role that the caller may change: everybody sees those of the installation, only principals of the installation change them. */
export async function ownRole(call: Call, id: string): Promise<Role> {
  const role = await requireRole(call, id);
  if (role.tenantId === null) {
    assertInstallation(call.principal, 'change roles of the installation');
  }
  return role;
}
