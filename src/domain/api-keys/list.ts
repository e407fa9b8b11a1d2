import { z } from 'zod';
import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { decodeCursor, encodeCursor, type Page, type PageInput, pageOf, pageSizeOf } from '../page.ts';
import { visibleSql } from '../principal.ts';
import { parse, uuid } from '../validation.ts';
import { dormantDays } from './input.ts';
import { type ApiKey, type ApiKeyRow, keyColumns, keysWithHomes, shownKey } from './rows.ts';

export interface ListApiKeys extends PageInput {
  /** Only keys of exactly this tenant. */
  readonly tenantId?: string | null | undefined;
}

/** One page of the keys that exist for the caller, newest first, those that have ended included. The cursor is the id of the last one. */
export async function listApiKeys(call: Call, input: ListApiKeys): Promise<Page<ApiKey>> {
  const size = pageSizeOf(input);
  const after = parse(uuid.nullish(), input.after, ['after']) ?? null;
  const behind = after === null ? Prisma.empty : Prisma.sql`and k.id < ${after}::uuid`;
  const rows = await call.database.query<ApiKeyRow>(
    Prisma.sql`select ${keyColumns} from ${keysWithHomes} where ${matching(call, input)} ${behind} order by k.id desc limit ${size + 1}`,
  );
  return pageOf(shownKeys(call, rows), size, ({ id }) => id);
}

/** How many there are on all pages. */
export function countApiKeys(call: Call, input: ListApiKeys): Promise<number> {
  return count(call, matching(call, input));
}

/** All keys of a tenant, oldest first. */
export async function ownApiKeys(call: Call, tenantId: string): Promise<ApiKey[]> {
  const rows = await call.database.query<ApiKeyRow>(
    Prisma.sql`select ${keyColumns} from ${keysWithHomes} where ${matching(call, { tenantId })} order by k.id`,
  );
  return shownKeys(call, rows);
}

export interface ListDormantKeys extends PageInput {
  readonly days: number;
}

/** One page of the keys that still work and were not used for so many days, or never: those first, then the longest unused. */
export async function listDormantKeys(call: Call, input: ListDormantKeys): Promise<Page<ApiKey>> {
  const size = pageSizeOf(input);
  const place = decodeCursor(dormantPlace, input.after);
  const behind =
    place === null ? Prisma.empty : Prisma.sql`and (${usedAt}, k.id) > (${place[0]}::timestamptz, ${place[1]}::uuid)`;
  const rows = await call.database.query<ApiKeyRow>(
    Prisma.sql`select ${keyColumns} from ${keysWithHomes} where ${dormant(call, input)} ${behind} order by ${usedAt}, k.id limit ${size + 1}`,
  );
  return pageOf(shownKeys(call, rows), size, ({ lastUsedAt, id }) =>
    encodeCursor([lastUsedAt?.toISOString() ?? '-infinity', id]),
  );
}

/** How many there are on all pages. */
export function countDormantKeys(call: Call, input: ListDormantKeys): Promise<number> {
  return count(call, dormant(call, input));
}

function matching({ principal }: Call, { tenantId }: ListApiKeys): Prisma.Sql {
  return tenantId ? Prisma.sql`t.id = ${tenantId}::uuid and ${visibleSql(principal)}` : visibleSql(principal);
}

const usedAt = Prisma.sql`coalesce(k.last_used_at, '-infinity')`;
const dormantPlace = z.tuple([z.union([z.literal('-infinity'), z.iso.datetime()]), z.uuid()]);

function dormant({ principal }: Call, input: ListDormantKeys): Prisma.Sql {
  const days = parse(dormantDays, input.days, ['days']);
  const since = new Date(Date.now() - days * 86_400_000);
  return Prisma.sql`${usedAt} < ${since} and k.revoked_at is null and (k.expires_at is null or k.expires_at > ${new Date()})
    and ${visibleSql(principal)}`;
}

async function count({ database }: Call, condition: Prisma.Sql): Promise<number> {
  const [row] = await database.query<{ count: bigint }>(
    Prisma.sql`select count(*) as count from ${keysWithHomes} where ${condition}`,
  );
  return Number(row?.count ?? 0);
}

function shownKeys(call: Call, rows: readonly ApiKeyRow[]): ApiKey[] {
  return rows.map((row) => shownKey(call, row));
}
