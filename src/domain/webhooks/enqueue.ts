import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Write } from '../ledger/write.ts';
import { isHeld } from './held.ts';

/** As many deliveries at most are set going at once: each is a job, and one transaction makes them all. */
export const maxDeliveries = 10_000;

/** Sets deliveries going, in this transaction; gives how many. `rows` selects their `id` and `webhook_id`, by whatever changes them first. */
export async function enqueue(
  { db }: Write,
  { changes, rows }: { changes?: Prisma.Sql; rows: Prisma.Sql },
): Promise<number> {
  const [row] = await db.$queryRaw<{ count: number }[]>(Prisma.sql`
    ${changes ? Prisma.sql`with ${changes}` : Prisma.empty}
    select enqueue_deliveries(array_agg(d.id), array_agg(d.webhook_id), now()) as count from (${rows}) d`);
  return row?.count ?? 0;
}

/** Sends out again those of `webhook_deliveries d` of `webhooks w` with the tenants `t` that a condition chooses, unless they are on their way. */
export function sendAgain(write: Write, chosen: Prisma.Sql): Promise<number> {
  const changes = Prisma.sql`
    chosen as (
      select d.id from webhook_deliveries d join webhooks w on w.id = d.webhook_id left join tenants t on t.key = w.tenant_key
      where d.status <> 'pending' and ${chosen} order by d.completed_at, d.id limit ${maxDeliveries} for update of d),
    sent as (
      update webhook_deliveries d set status = 'pending', attempts = 0, next_attempt_at = now(), completed_at = null
      from chosen where d.id = chosen.id returning d.id, d.webhook_id)`;
  return enqueue(write, { changes, rows: Prisma.sql`select id, webhook_id from sent` });
}

/** Sets going again what is due and nobody is about, as what fell due while a webhook was off; what falls due later is on its way. */
export function resume(write: Write, webhookId: string): Promise<number> {
  return enqueue(write, {
    rows: Prisma.sql`
      select id, webhook_id from webhook_deliveries
      where webhook_id = ${webhookId}::uuid and status = 'pending' and next_attempt_at <= now() and not ${isHeld(Prisma.sql`id`)}
      order by created_at, id limit ${maxDeliveries}`,
  });
}
