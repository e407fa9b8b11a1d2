import { Prisma } from '../../db/generated/prisma/client.ts';
import { changeKey } from '../api-keys/change.ts';
import { assertCovered } from '../api-keys/create.ts';
import { usableKey } from '../api-keys/find.ts';
import { type ApiKey, type ApiKeyRow, keyState, shownKey } from '../api-keys/rows.ts';
import type { Call } from '../call.ts';
import { invalid } from '../errors.ts';
import { assertHomeActive } from '../home.ts';
import type { Write } from '../ledger/write.ts';
import { lockedRole } from './find.ts';
import type { Role } from './rows.ts';

export interface AssignRole {
  readonly keyId: string;
  readonly roleId: string;
}

/**
 * Gives a key a role in place of the one it has: from its next request on it may do what the role says. The role must be of the installation,
 * of the key's tenant or of one above. `FORBIDDEN` unless the caller has all scopes that the key has now and is to get.
 */
export async function assignRole(call: Call, { keyId, roleId }: AssignRole): Promise<ApiKey> {
  return changeKey(call, keyId, async (write, { home, key }) => {
    const role = await lockedRole(write, roleId, 'to use');
    assertCovered(call.principal, [...key.effectiveScopes, ...role.scopes]);
    assertHomeActive(home);
    await assertReaches(write, role, key);
    if (key.roleId === roleId) {
      return shownKey(write, key);
    }
    const changed = await setRole(write, key, roleId);
    home.ledger.append({
      type: 'api_key.role_assigned',
      tenant: home.tenant,
      before: keyState(key),
      after: keyState(changed),
    });
    return shownKey(write, changed);
  });
}

/** Takes a key's role away, in any state of its tenant: it has its own scopes again. Nothing happens when it has none. */
export async function removeRole(call: Call, { keyId }: Pick<AssignRole, 'keyId'>): Promise<ApiKey> {
  return changeKey(call, keyId, async (write, { home, key }) => {
    assertCovered(call.principal, [...key.effectiveScopes, ...key.scopes]);
    if (key.roleId === null) {
      return shownKey(write, key);
    }
    const changed = await setRole(write, key, null);
    home.ledger.append({
      type: 'api_key.role_removed',
      tenant: home.tenant,
      before: keyState(key),
      after: keyState(changed),
    });
    return shownKey(write, changed);
  });
}

async function setRole(write: Write, { id }: ApiKeyRow, roleId: string | null): Promise<ApiKeyRow> {
  await write.db.$executeRaw`update api_keys set role_id = ${roleId}::uuid where id = ${id}::uuid`;
  return usableKey(write, id);
}

/** A role counts from its home down. */
async function assertReaches({ db }: Write, role: Role, key: ApiKeyRow): Promise<void> {
  if (role.tenantId === null) {
    return;
  }
  const rows = await db.$queryRaw<object[]>(Prisma.sql`
    select 1 from tenants h join tenants t on starts_with(t.path, h.path) where h.id = ${role.tenantId}::uuid and t.id = ${key.tenantId}::uuid`);
  if (rows.length === 0) {
    const message = 'must be a role of the installation, of the key’s tenant or of a tenant above it';
    throw invalid([{ path: ['roleId'], message, code: 'out_of_reach' }]);
  }
}
