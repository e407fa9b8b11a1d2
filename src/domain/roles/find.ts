import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import type { Write } from '../ledger/write.ts';
import { type Role, roleColumns, rolesWithHomes, roleVisibleTo } from './rows.ts';

/** Roles by id, in the order of `ids`, in one statement; null for one that doesn't exist for the caller. */
export async function findRoles({ database, principal }: Call, ids: readonly string[]): Promise<(Role | null)[]> {
  const rows = await database.query<Role>(Prisma.sql`
    select ${roleColumns} from ${rolesWithHomes} where r.id = any(${[...ids]}::uuid[]) and ${roleVisibleTo(principal)}`);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** A role before any lock is taken; `NOT_FOUND` when there is none for the caller. */
export async function requireRole(call: Call, id: string): Promise<Role> {
  const [role] = await findRoles(call, [id]);
  if (!role) {
    throw roleNotFound();
  }
  return role;
}

/** A role that nobody else changes until the write is done; `NOT_FOUND` when there is none for the caller. */
export async function lockedRole({ db, principal }: Write, id: string, lock: 'to use' | 'to change'): Promise<Role> {
  const mode = lock === 'to use' ? Prisma.sql`share` : Prisma.sql`update`;
  const [role] = await db.$queryRaw<Role[]>(Prisma.sql`
    select ${roleColumns} from ${rolesWithHomes} where r.id = ${id}::uuid and ${roleVisibleTo(principal)} for ${mode} of r`);
  if (role === undefined) {
    throw roleNotFound();
  }
  return role;
}

function roleNotFound(): StratumError {
  return new StratumError('NOT_FOUND', 'No such role');
}
