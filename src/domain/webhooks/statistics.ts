import { type DeliveryStatus, Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { visibleSql } from '../principal.ts';

/** How many deliveries there are, and what became of them. */
export interface DeliveryStatistics {
  readonly total: number;
  readonly pending: number;
  readonly success: number;
  readonly failed: number;
}

interface Counted {
  readonly status: DeliveryStatus;
  readonly count: bigint;
}

/** Of each webhook, in the order of `webhookIds`, in one statement. */
export async function statisticsOf({ database }: Call, webhookIds: readonly string[]): Promise<DeliveryStatistics[]> {
  const rows = await database.query<Counted & { id: string }>(Prisma.sql`
    select webhook_id as id, status::text as status, count(*) as count from webhook_deliveries
    where webhook_id = any(${[...webhookIds]}::uuid[]) group by webhook_id, status`);
  const byWebhook = Map.groupBy(rows, ({ id }) => id);
  return webhookIds.map((id) => summary(byWebhook.get(id) ?? []));
}

/** Of all webhooks that exist for the caller. */
export async function deliveryStatistics({ database, principal }: Call): Promise<DeliveryStatistics> {
  return summary(
    await database.query<Counted>(Prisma.sql`
      select d.status::text as status, count(*) as count
      from webhook_deliveries d join webhooks w on w.id = d.webhook_id left join tenants t on t.key = w.tenant_key
      where ${visibleSql(principal)} group by d.status`),
  );
}

function summary(counted: readonly Counted[]): DeliveryStatistics {
  const of = (status: DeliveryStatus): number => Number(counted.find((one) => one.status === status)?.count ?? 0);
  const [pending, success, failed] = [of('pending'), of('success'), of('failed')];
  return { total: pending + success + failed, pending, success, failed };
}
