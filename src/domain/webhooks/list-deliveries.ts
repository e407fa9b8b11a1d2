import { z } from 'zod';
import { type DeliveryStatus, Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { decodeCursor, encodeCursor, type Page, type PageInput, pageOf, pageSizeOf } from '../page.ts';
import { visibleSql } from '../principal.ts';
import { type Delivery, type DeliveryRow, deliveriesWithEvents, deliveryColumns, deliveryOf } from './delivery-rows.ts';

export interface ListDeliveries extends PageInput {
  readonly statuses?: readonly DeliveryStatus[] | null | undefined;
}

/** A moment, and the id of what happened then. */
const placeOf = z.tuple([z.iso.datetime(), z.guid()]);

/** One page of the deliveries of each webhook, in the order of `webhookIds`, newest first, in one statement. */
export async function listDeliveries(
  { database, principal }: Call,
  webhookIds: readonly string[],
  input: ListDeliveries,
): Promise<Page<Delivery>[]> {
  const size = pageSizeOf(input);
  const place = decodeCursor(placeOf, input.after);
  const behind =
    place === null
      ? Prisma.empty
      : Prisma.sql`and (d.created_at, d.id) < (${place[0]}::timestamptz, ${place[1]}::uuid)`;
  const rows = await database.query<DeliveryRow>(Prisma.sql`
    select delivery.* from unnest(${[...webhookIds]}::uuid[]) as wanted(id) cross join lateral (
      select ${deliveryColumns} from ${deliveriesWithEvents(principal)}
      where d.webhook_id = wanted.id and ${withStatus(input)} ${behind}
      order by d.created_at desc, d.id desc limit ${size + 1}
    ) delivery`);
  const byWebhook = Map.groupBy(rows.map(deliveryOf), ({ webhookId }) => webhookId);
  const cursorOf = ({ createdAt, id }: Delivery): string => encodeCursor([createdAt.toISOString(), id]);
  return webhookIds.map((id) => pageOf(byWebhook.get(id) ?? [], size, cursorOf));
}

/** How many deliveries each webhook has on all pages, in the order of `webhookIds`. */
export async function countDeliveries(
  { database }: Call,
  webhookIds: readonly string[],
  input: ListDeliveries,
): Promise<number[]> {
  const rows = await database.query<{ id: string; count: bigint }>(Prisma.sql`
    select d.webhook_id as id, count(*) as count from webhook_deliveries d
    where d.webhook_id = any(${[...webhookIds]}::uuid[]) and ${withStatus(input)} group by d.webhook_id`);
  const counts = new Map(rows.map(({ id, count }) => [id, Number(count)]));
  return webhookIds.map((id) => counts.get(id) ?? 0);
}

/** One page of the deliveries that failed, of all webhooks that exist for the caller, the latest first. */
export async function listFailedDeliveries({ database, principal }: Call, input: PageInput): Promise<Page<Delivery>> {
  const size = pageSizeOf(input);
  const place = decodeCursor(placeOf, input.after);
  const behind =
    place === null
      ? Prisma.empty
      : Prisma.sql`and (d.completed_at, d.id) < (${place[0]}::timestamptz, ${place[1]}::uuid)`;
  // Of each webhook no more than a page is looked at: an index has them in this order.
  const rows = await database.query<DeliveryRow>(Prisma.sql`
    select ${deliveryColumns} from (
      select latest.id from webhooks w left join tenants t on t.key = w.tenant_key cross join lateral (
        select d.id, d.completed_at from webhook_deliveries d where d.webhook_id = w.id and d.status = 'failed' ${behind}
        order by d.completed_at desc, d.id desc limit ${size + 1}
      ) latest where ${visibleSql(principal)} order by latest.completed_at desc, latest.id desc limit ${size + 1}
    ) chosen, ${deliveriesWithEvents(principal)} where d.id = chosen.id order by d.completed_at desc, d.id desc`);
  return pageOf(rows.map(deliveryOf), size, ({ completedAt, createdAt, id }) =>
    encodeCursor([(completedAt ?? createdAt).toISOString(), id]),
  );
}

/** How many there are on all pages. */
export async function countFailedDeliveries({ database, principal }: Call): Promise<number> {
  const [row] = await database.query<{ count: bigint }>(Prisma.sql`
    select count(*) as count from webhook_deliveries d join webhooks w on w.id = d.webhook_id left join tenants t on t.key = w.tenant_key
    where d.status = 'failed' and ${visibleSql(principal)}`);
  return Number(row?.count ?? 0);
}

function withStatus({ statuses }: ListDeliveries): Prisma.Sql {
  return statuses ? Prisma.sql`d.status = any(${[...statuses]}::text[]::delivery_status[])` : Prisma.sql`true`;
}
