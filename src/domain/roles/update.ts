import { isDeepStrictEqual } from 'node:util';
import { assertCovered } from '../api-keys/create.ts';
import type { Call } from '../call.ts';
import { assertHomeActive } from '../home.ts';
import { parse } from '../validation.ts';
import { changeRole } from './change.ts';
import { named } from './create.ts';
import { lockedRole } from './find.ts';
import { type UpdateRoleInput, updateRoleInput } from './input.ts';
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
  return named(wanted.name ?? '', () =>
    changeRole(call, id, async (write, { home, role }) => {
      assertCovered(call.principal, [...role.scopes, ...(wanted.scopes ?? [])]);
      assertHomeActive(home);
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
      home.ledger.append({
        type: 'role.updated',
        tenant: home.tenant,
        before: roleState(role),
        after: roleState(updated),
      });
      return updated;
    }),
  );
}
