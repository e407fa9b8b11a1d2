import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import type { Write } from '../ledger/write.ts';
import { visibleSql } from '../principal.ts';
import { type ApiKey, type ApiKeyRow, keyColumns, keysWithHomes, shownKey } from './rows.ts';

/** Keys by id, in the order of `ids`, in one statement; null for one that doesn't exist for the caller. */
export async function findApiKeys(call: Call, ids: readonly string[]): Promise<(ApiKey | null)[]> {
  const rows = await call.database.query<ApiKeyRow>(Prisma.sql`
    select ${keyColumns} from ${keysWithHomes} where k.id = any(${[...ids]}::uuid[]) and ${visibleSql(call.principal)}`);
  const byId = new Map(rows.map((row) => [row.id, shownKey(call, row)]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** A key under the lock of its home that has not been revoked; `NOT_FOUND` otherwise. */
export async function usableKey({ db, principal }: Write, id: string): Promise<ApiKeyRow> {
  const [row] = await db.$queryRaw<ApiKeyRow[]>(Prisma.sql`
    select ${keyColumns} from ${keysWithHomes} where k.id = ${id}::uuid and k.revoked_at is null and ${visibleSql(principal)}`);
  if (row === undefined) {
    throw keyNotFound();
  }
  return row;
}

export function keyNotFound(): StratumError {
  return new StratumError('NOT_FOUND', 'No such API key, or it was revoked');
}
