import { Prisma } from '../../db/generated/prisma/client.ts';
import { assertCovered } from '../api-keys/create.ts';
import type { Call } from '../call.ts';
import { lockedHome, scopeOfHome } from '../home.ts';
import { type Write, write } from '../ledger/write.ts';
import type { Scope } from '../principal.ts';
import { lockedRole } from './find.ts';
import { ownRole } from './own.ts';
import { type Role, roleState } from './rows.ts';

/**
 * Removes a role, in any state of its tenant. Keys that have it have their own scopes again: `FORBIDDEN` unless the caller has all of
 * those, and all that the role gives.
 */
export async function deleteRole(call: Call, { id }: { readonly id: string }): Promise<Role> {
  const { tenantId } = await ownRole(call, id);
  return write(call, scopeOfHome(tenantId), async (write) => {
    const { tenant, ledger } = lockedHome(write, tenantId);
    const role = await lockedRole(write, id, 'to change');
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
