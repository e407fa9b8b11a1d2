import { isDeepStrictEqual } from 'node:util';
import { assertCovered } from '../api-keys/create.ts';
import type { Call } from '../call.ts';
import { lockedHome, scopeOfHome } from '../home.ts';
import { write } from '../ledger/write.ts';
import { assertActive } from '../tenants/lifecycle.ts';
import { parse } from '../validation.ts';
import { named } from './create.ts';
import { lockedRole } from './find.ts';
import { type UpdateRoleInput, updateRoleInput } from './input.ts';
import { ownRole } from './own.ts';
import { type Role, roleState } from './rows.ts';

export interface UpdateRole {
  readonly id: string;
  readonly input: UpdateRoleInput;
}

/**
 * Changes a role, and with it what all keys that have it may do from their next request on. `FORBIDDEN` unless the caller has all scopes
 * that it gives now and is to give. What is equal already is no change: no event then.
 */
export async function updateRole(call: Call, { id, input }: UpdateRole): Promise<Role> {
  const wanted = parse(updateRoleInput, input, ['input']);
  const { tenantId } = await ownRole(call, id);
  return named(wanted.name ?? '', () =>
    write(call, scopeOfHome(tenantId), async (write) => {
      const { tenant, ledger } = lockedHome(write, tenantId);
      const role = await lockedRole(write, id, 'to change');
      assertCovered(call.principal, [...role.scopes, ...(wanted.scopes ?? [])]);
      if (tenant !== null) {
        assertActive(tenant);
      }
      const { description = role.description } = wanted;
      const name = wanted.name ?? role.name;
      const scopes = wanted.scopes ?? role.scopes;
      if (isDeepStrictEqual([name, description, scopes], [role.name, role.description, role.scopes])) {
        return role;
      }
      await write.db.$executeRaw`
        update roles set name = ${name}, description = ${description}, scopes = ${[...scopes]}::text[]::scope[], updated_at = ${new Date()}
        where id = ${id}::uuid`;
      const updated = await lockedRole(write, id, 'to change');
      ledger.append({ type: 'role.updated', tenant, before: roleState(role), after: roleState(updated) });
      return updated;
    }),
  );
}
