import { Prisma } from '../../db/generated/prisma/client.ts';
import { assertCovered } from '../api-keys/create.ts';
import type { Call } from '../call.ts';
import type { Write } from '../ledger/write.ts';
import type { Scope } from '../principal.ts';
import { changeRole } from './change.ts';
import { type Role, roleState } from './rows.ts';

/**
 * Removes a role, in any state of its tenant. Keys that have it have their own scopes again: `FORBIDDEN` unless the caller has all of
 * those, and all that the role gives.
 */
export async function deleteRole(call: Call, { id }: { readonly id: string }): Promise<Role> {
  return changeRole(call, id, async (write, { home: { tenant, ledger }, role }) => {
    assertCovered(call.principal, [...role.scopes, ...(await scopesUnder(write, role))]);
    await write.db.role.delete({ where: { id }, select: { id: true } });
    ledger.append({ type: 'role.deleted', tenant, before: roleState(role) });
    return role;
  });
}

/** All own scopes of the keys that have the role. */
async function scopesUnder({ db }: Write, { id }: Role): Promise<Scope[]> {
  const rows = await db.$queryRaw<{ scope: Scope }[]>(
    Prisma.sql`select distinct unnest(scopes)::text as scope from api_keys where role_id = ${id}::uuid and revoked_at is null`,
  );
  return rows.map(({ scope }) => scope);
}
