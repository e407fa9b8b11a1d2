import { z } from 'zod';
import { Prisma, type TenantStatus } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { decodeCursor, encodeCursor, type Page, type PageInput, pageOf, pageSizeOf } from '../page.ts';
import { text } from '../validation.ts';
import { withStatus } from './list.ts';
import { headColumns, type TenantHead } from './rows.ts';

/** By what the children of a tenant are put in order. */
export const childOrders = ['POSITION', 'NAME', 'OLDEST_FIRST', 'NEWEST_FIRST'] as const;

export type ChildOrder = (typeof childOrders)[number];

export interface ListChildren extends PageInput {
  readonly statuses: readonly TenantStatus[];
  readonly orderBy: ChildOrder;
}

/** Where a page ends: what the order goes by, then the id, so that equal ones have an order too. */
type Place = readonly [order: ChildOrder, value: string | number, id: string];

interface Order {
  /** The expression that the order goes by, with its type. */
  readonly by: Prisma.Sql;
  readonly type: Prisma.Sql;
  readonly descending?: boolean;
  readonly valueOf: (tenant: TenantHead) => string | number;
}

const orders: Readonly<Record<ChildOrder, Order>> = {
  POSITION: { by: Prisma.sql`t.sort_order`, type: Prisma.sql`integer`, valueOf: ({ sortOrder }) => sortOrder },
  NAME: { by: Prisma.sql`t.name`, type: Prisma.sql`text`, valueOf: ({ name }) => name },
  OLDEST_FIRST: { by: Prisma.sql`t.id`, type: Prisma.sql`uuid`, valueOf: ({ id }) => id },
  NEWEST_FIRST: { by: Prisma.sql`t.id`, type: Prisma.sql`uuid`, descending: true, valueOf: ({ id }) => id },
};

/** One page of the children of each tenant, in the order of `parentIds`, in one statement. */
export async function listChildren(
  { database }: Call,
  parentIds: readonly string[],
  input: ListChildren,
): Promise<Page<TenantHead>[]> {
  const size = pageSizeOf(input);
  const order = orders[input.orderBy];
  const place = decodeCursor(placeIn(input.orderBy), input.after);
  const direction = order.descending ? Prisma.sql`desc` : Prisma.sql`asc`;
  const rows = await database.query<TenantHead>(Prisma.sql`
    select child.* from unnest(${[...parentIds]}::uuid[]) as parent(id) cross join lateral (
      select ${headColumns} from tenants t
      where t.parent_id = parent.id and ${withStatus(input.statuses)} ${behind(order, place)}
      order by ${order.by} ${direction}, t.id ${direction} limit ${size + 1}
    ) child`);
  const byParent = Map.groupBy(rows, ({ parentId }) => parentId);
  const cursorOf = (tenant: TenantHead): string => encodeCursor([input.orderBy, order.valueOf(tenant), tenant.id]);
  return parentIds.map((id) => pageOf(byParent.get(id) ?? [], size, cursorOf));
}

/** How many children each tenant has on all pages, in the order of `parentIds`. */
export async function countChildren(
  { database }: Call,
  parentIds: readonly string[],
  { statuses }: Pick<ListChildren, 'statuses'>,
): Promise<number[]> {
  const rows = await database.query<{ id: string; count: bigint }>(Prisma.sql`
    select t.parent_id as id, count(*) as count from tenants t
    where t.parent_id = any(${[...parentIds]}::uuid[]) and ${withStatus(statuses)} group by t.parent_id`);
  const counts = new Map(rows.map(({ id, count }) => [id, Number(count)]));
  return parentIds.map((id) => counts.get(id) ?? 0);
}

function behind({ by, type, descending }: Order, place: Place | null): Prisma.Sql {
  if (place === null) {
    return Prisma.empty;
  }
  const [, value, id] = place;
  const than = descending ? Prisma.sql`<` : Prisma.sql`>`;
  return Prisma.sql`and (${by}, t.id) ${than} (${value}::${type}, ${id}::uuid)`;
}

/** A cursor of one order means nothing in another. */
function placeIn(order: ChildOrder): z.ZodType<Place> {
  const value = { POSITION: z.int32(), NAME: text(1, 255), OLDEST_FIRST: z.guid(), NEWEST_FIRST: z.guid() }[order];
  return z.tuple([z.literal(order), value, z.guid()]);
}
