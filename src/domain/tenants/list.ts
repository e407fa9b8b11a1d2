import { z } from 'zod';
import { Prisma, type TenantStatus } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { type Page, type PageInput, pageOf, pageSizeOf } from '../page.ts';
import { visibleSql } from '../principal.ts';
import { parse, uuid } from '../validation.ts';
import { headColumns, type TenantHead } from './rows.ts';

export interface ListTenants extends PageInput {
  readonly statuses: readonly TenantStatus[];
  /** Only those without a parent. */
  readonly roots?: boolean | null | undefined;
  /** Only those whose name or slug contains this text, whatever its case. */
  readonly search?: string | null | undefined;
}

/** One page of all tenants that exist for the caller, oldest first. The cursor is the id of the last one. */
export async function listTenants(call: Call, input: ListTenants): Promise<Page<TenantHead>> {
  const size = pageSizeOf(input);
  const after = parse(uuid.nullish(), input.after, ['after']) ?? null;
  const behind = after === null ? Prisma.empty : Prisma.sql`and t.id > ${after}::uuid`;
  const rows = await call.database.query<TenantHead>(
    Prisma.sql`select ${headColumns} from tenants t where ${matching(call, input)} ${behind} order by t.id limit ${size + 1}`,
  );
  return pageOf(rows, size, ({ id }) => id);
}

/** How many there are on all pages. */
export async function countTenants(call: Call, input: ListTenants): Promise<number> {
  const [row] = await call.database.query<{ count: bigint }>(
    Prisma.sql`select count(*) as count from tenants t where ${matching(call, input)}`,
  );
  return Number(row?.count ?? 0);
}

function matching({ principal }: Call, { statuses, roots, search }: ListTenants): Prisma.Sql {
  const conditions = [withStatus(statuses), visibleSql(principal)];
  if (roots) {
    conditions.push(Prisma.sql`t.parent_id is null`);
  }
  if (search) {
    const pattern = `%${parse(searchText, search, ['search']).replace(/[\\%_]/g, '\\$&')}%`;
    conditions.push(Prisma.sql`(t.name ilike ${pattern} or t.slug ilike ${pattern})`);
  }
  return Prisma.join(conditions, ' and ');
}

const searchText = z.string().max(255, 'must have at most 255 characters').refine(isStorable, 'must not contain NUL');

function isStorable(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0');
}

/** Tenants `t` of one of these statuses. */
export function withStatus(statuses: readonly TenantStatus[]): Prisma.Sql {
  return Prisma.sql`t.status = any(${[...statuses]}::tenant_status[])`;
}
