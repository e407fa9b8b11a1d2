import { v7 as uuidv7 } from 'uuid';
import { violatesUnique } from '../../db/errors.ts';
import { assertCovered } from '../api-keys/create.ts';
import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import { assertHomeActive, assertInstallation, lockedHome, scopeOfHome } from '../home.ts';
import { write } from '../ledger/write.ts';
import { parse } from '../validation.ts';
import { lockedRole } from './find.ts';
import { type CreateRoleInput, createRoleInput } from './input.ts';
import { type Role, roleState } from './rows.ts';

/**
 * Makes a role of an active tenant, for keys of its subtree, or of the whole installation. `ROLE_ALREADY_EXISTS` when its home has one of
 * that name; `FORBIDDEN` for scopes that the caller doesn't have.
 */
export async function createRole(call: Call, { input }: { input: CreateRoleInput }): Promise<Role> {
  const { tenantId = null, name, description = null, scopes } = parse(createRoleInput, input, ['input']);
  assertCovered(call.principal, scopes);
  if (tenantId === null) {
    assertInstallation(call.principal, 'make roles of the installation');
  }
  return named(name, () =>
    write(call, scopeOfHome(tenantId), async (write) => {
      const home = lockedHome(write, tenantId);
      assertHomeActive(home);
      const { tenant, ledger } = home;
      const id = uuidv7();
      await write.db.$executeRaw`
        insert into roles (id, tenant_key, root_id, name, description, scopes)
        values (${id}::uuid, ${tenant?.key ?? null}, ${tenant?.rootId ?? null}::uuid, ${name}, ${description}, ${scopes}::text[]::scope[])`;
      const role = await lockedRole(write, id, 'to change');
      ledger.append({ type: 'role.created', tenant, after: roleState(role) });
      return role;
    }),
  );
}

/** Says of a name that is taken that it is. */
export async function named<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (violatesUnique(error, 'role_name')) {
      throw new StratumError('ROLE_ALREADY_EXISTS', `There is a role "${name}" already`, {
        details: { name },
        cause: error,
      });
    }
    throw error;
  }
}
