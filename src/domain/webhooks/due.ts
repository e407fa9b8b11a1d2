import { type Event, Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { eventColumns } from '../ledger/rows.ts';
import { shownEvent } from '../ledger/shown.ts';
import { messageOf, testMessage, type WebhookMessage } from './data.ts';
import { envelopesOf, openSecret } from './secrets.ts';

/** A delivery that is to be tried now, with all that it takes. */
export interface DueDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly url: string;
  readonly ordered: boolean;
  /** How often it was tried. */
  readonly attempts: number;
  readonly failingSince: Date | null;
  readonly message: WebhookMessage;
  /** The current one first. */
  readonly secrets: readonly string[];
}

interface DueRow extends Omit<DueDelivery, 'message' | 'secrets'> {
  readonly envelopes: readonly string[];
  readonly createdAt: Date;
  readonly homeId: string | null;
  readonly homePath: string | null;
}

/**
 * A delivery by its id, if it is due: on its way, its webhook switched on, its time come, and nothing before it that has to arrive first.
 * Null otherwise: then somebody else does what is to be done, or nobody has to.
 */
export async function findDue(call: Pick<Call, 'database' | 'secrets'>, id: string): Promise<DueDelivery | null> {
  const [row] = await call.database.query<DueRow & Event>(Prisma.sql`
    select ${eventColumns}, d.id, d.webhook_id as "webhookId", w.url, w.ordered, d.attempts, w.failing_since as "failingSince",
      d.created_at as "createdAt", t.id as "homeId", t.path as "homePath", ${envelopesOf(Prisma.sql`w.id`)} as envelopes
    from webhook_deliveries d join webhooks w on w.id = d.webhook_id left join tenants t on t.key = w.tenant_key
      left join events e on e.ledger_id = d.ledger_id and e.revision = d.revision
    where d.id = ${id}::uuid and d.status = 'pending' and w.active and d.next_attempt_at <= now() + interval '1 second'
      and not (w.ordered and ${precededBy(Prisma.sql`d`)})`);
  if (row === undefined) {
    return null;
  }
  const { webhookId, url, ordered, attempts, failingSince, envelopes } = row;
  const secrets = envelopes.map((envelope) => openSecret(call, webhookId, envelope));
  return { id, webhookId, url, ordered, attempts, failingSince, message: told(row), secrets };
}

/** Whether an earlier event of the same ledger hasn't reached the webhook of a delivery yet. */
export function precededBy(delivery: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`exists (
    select from webhook_deliveries o where o.webhook_id = ${delivery}.webhook_id and o.status = 'pending'
      and o.ledger_id = ${delivery}.ledger_id and o.revision < ${delivery}.revision)`;
}

/** What the webhook's home may see of the event. */
function told(row: DueRow & Event): WebhookMessage {
  if (row.ledgerId === null) {
    return testMessage(row);
  }
  const { homeId, homePath } = row;
  return messageOf(shownEvent(homeId === null || homePath === null ? null : { tenantId: homeId, path: homePath }, row));
}

/** How many deliveries wait for somebody to make them. */
export async function countDue({ database }: Pick<Call, 'database'>): Promise<number> {
  const [row] = await database.query<{ count: bigint }>(Prisma.sql`
    select count(*) as count from webhook_deliveries d join webhooks w on w.id = d.webhook_id and w.active
    where d.status = 'pending' and d.next_attempt_at <= now()`);
  return Number(row?.count ?? 0);
}
