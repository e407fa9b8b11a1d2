import { z } from 'zod';
import { Prisma, type TenantStatus } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { decodeCursor, encodeCursor, type Page, type PageInput, pageOf, pageSizeOf } from '../page.ts';
import { parse } from '../validation.ts';
import { withStatus } from './list.ts';
import { beneath } from './path.ts';
import { headColumns, type TenantHead } from './rows.ts';

export interface ListDescendants extends PageInput {
  readonly statuses: readonly TenantStatus[];
  /** How many levels beneath the tenant at most; all of them unless told. */
  readonly depth?: number | null | undefined;
}

/** A tenant and where it stands. */
export type Top = Pick<TenantHead, 'path' | 'depth'>;

/**
 * One page of the descendants of each tenant, in the order of `tops`, in one statement: depth-first, each parent before its
 * children. The cursor is the rest of the path beneath the tenant, so it holds while the tenant itself moves.
 */
export async function listDescendants(
  { database }: Call,
  tops: readonly Top[],
  input: ListDescendants,
): Promise<Page<TenantHead>[]> {
  const size = pageSizeOf(input);
  const rest = decodeCursor(restOfPath, input.after) ?? '';
  const rows = await database.query<TenantHead & { index: number }>(Prisma.sql`
    select top.index, descendant.* from ${unnested(tops, rest)} cross join lateral (
      select ${headColumns} from tenants t where ${beneathTop(input)} order by t.path limit ${size + 1}
    ) descendant order by top.index, descendant.path`);
  const byTop = Map.groupBy(rows, ({ index }) => index);
  return tops.map(({ path }, index) =>
    pageOf<TenantHead>(byTop.get(index) ?? [], size, (tenant) => encodeCursor(tenant.path.slice(path.length))),
  );
}

/** How many descendants each tenant has on all pages, in the order of `tops`. */
export async function countDescendants(
  { database }: Call,
  tops: readonly Top[],
  input: Pick<ListDescendants, 'statuses' | 'depth'>,
): Promise<number[]> {
  const rows = await database.query<{ count: bigint }>(Prisma.sql`
    select (select count(*) from tenants t where ${beneathTop(input)}) as count from ${unnested(tops)} order by top.index`);
  return rows.map(({ count }) => Number(count));
}

const restOfPath = z.string().regex(/^([0-9a-z]+\/)+$/);
const levels = z.number().int().min(1, 'must be 1 or more').max(256, 'must be 256 or less');

/** The tenants as rows `top(index, low, high, depth)`: descendants have paths between low and high. */
function unnested(tops: readonly Top[], rest = ''): Prisma.Sql {
  const lows = tops.map(({ path }) => path + rest);
  const highs = tops.map(({ path }) => beneath(path).before);
  const depths = tops.map(({ depth }) => depth);
  return Prisma.sql`
    (select ordinality::integer - 1 as index, low collate "C" as low, high collate "C" as high, depth
     from unnest(${lows}::text[], ${highs}::text[], ${depths}::integer[]) with ordinality as given(low, high, depth, ordinality)) top`;
}

function beneathTop({ statuses, depth }: Pick<ListDescendants, 'statuses' | 'depth'>): Prisma.Sql {
  const within = depth === null || depth === undefined ? null : parse(levels, depth, ['depth']);
  const limited = within === null ? Prisma.empty : Prisma.sql`and t.depth <= top.depth + ${within}`;
  return Prisma.sql`t.path > top.low and t.path < top.high and ${withStatus(statuses)} ${limited}`;
}
