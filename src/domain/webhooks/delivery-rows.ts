import { type DeliveryStatus, Prisma } from '../../db/generated/prisma/client.ts';
import { eventId } from '../ledger/resource.ts';
import type { Principal } from '../principal.ts';
import { ownPart } from '../tenants/path.ts';

/** One event on its way to one webhook, or a test. */
export interface Delivery {
  readonly id: string;
  readonly webhookId: string;
  readonly webhookUrl: string;
  /** What is known of its event is null for a test, and where the event happened outside of what the caller may see. */
  readonly eventId: string | null;
  readonly eventType: string | null;
  readonly eventTenantId: string | null;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly lastError: string | null;
  readonly responseCode: number | null;
  readonly createdAt: Date;
  readonly completedAt: Date | null;
}

/** A delivery as it is read. */
export interface DeliveryRow extends Omit<Delivery, 'eventId'> {
  readonly eventHash: Uint8Array | null;
}

/**
 * `webhook_deliveries d` of `webhooks w` with their tenants `t`, and the events `e` as far as the principal may see them: a tenant that came from
 * elsewhere may have brought deliveries of what happened there.
 */
export function deliveriesWithEvents(principal: Principal): Prisma.Sql {
  return Prisma.sql`
    webhook_deliveries d join webhooks w on w.id = d.webhook_id left join tenants t on t.key = w.tenant_key
    left join events e on e.ledger_id = d.ledger_id and e.revision = d.revision and ${seenBy(principal)}`;
}

/** Of the tree that the webhook is in now, and of what was beneath the principal's home when it happened. */
function seenBy({ home }: Principal): Prisma.Sql {
  if (home === null) {
    return Prisma.sql`true`;
  }
  const through = `%/${ownPart(home.path)}%`;
  return Prisma.sql`
    e.ledger_id = w.root_id and (w.root_id = ${home.tenantId}::uuid or '/' || e.path like ${through} or '/' || e.from_path like ${through})`;
}

/** The columns of {@link deliveriesWithEvents} as a {@link DeliveryRow}. */
export const deliveryColumns = Prisma.sql`
  d.id, d.webhook_id as "webhookId", w.url as "webhookUrl", e.hash as "eventHash", e.type as "eventType", e.tenant_id as "eventTenantId",
  d.status::text as status, d.attempts, d.next_attempt_at as "nextAttemptAt", d.last_error as "lastError", d.response_code as "responseCode",
  d.created_at as "createdAt", d.completed_at as "completedAt"`;

export function deliveryOf({ eventHash, ...row }: DeliveryRow): Delivery {
  return { ...row, eventId: eventHash === null ? null : eventId({ hash: Buffer.from(eventHash) }) };
}
