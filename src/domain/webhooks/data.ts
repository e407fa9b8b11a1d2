import type { Event } from '../../db/generated/prisma/client.ts';
import { eventId } from '../ledger/resource.ts';

/** What a receiver is sent, as JSON. Public API: the names are those of v1. */
export interface WebhookMessage {
  /** Of the event: the same for every attempt and every redelivery. */
  readonly id: string;
  readonly type: string;
  readonly tenant_id: string | null;
  readonly data: object;
  readonly created_at: string;
  /** Where the event stands: events of one ledger are in the order of their revisions. Null for a test. */
  readonly ledger_id: string | null;
  readonly revision: number | null;
}

/** The message that tells of an event. */
export function messageOf(event: Event): WebhookMessage {
  return {
    id: eventId(event),
    type: event.type,
    tenant_id: event.tenantId,
    data: dataOf(event),
    created_at: event.occurredAt.toISOString(),
    ledger_id: event.ledgerId,
    revision: Number(event.revision),
  };
}

/** The message of a test, which tells of nothing. */
export function testMessage({
  id,
  webhookId,
  createdAt,
}: {
  id: string;
  webhookId: string;
  createdAt: Date;
}): WebhookMessage {
  return {
    id,
    type: 'webhook.test',
    tenant_id: null,
    data: { webhook_id: webhookId },
    created_at: createdAt.toISOString(),
    ledger_id: null,
    revision: null,
  };
}

type State = { readonly id?: string; readonly key?: string; readonly parent_id?: string | null } | null;

/** What an event is about, by the names of v1; what v1 knew nothing of goes by the name of its kind. */
function dataOf({ type, tenantId, before, after }: Event): object {
  const [kind = ''] = type.split('.');
  const [was, is] = [before as State, after as State]; // as the states of things are made
  switch (type) {
    case 'tenant.moved':
      return { tenant: is, new_parent_id: is?.parent_id ?? null };
    case 'tenant.purged':
      return { tenant_id: tenantId };
    case 'config.updated':
      return { key: is?.key, entry: is };
    case 'config.deleted':
      return { key: was?.key };
    case 'permission.created':
    case 'permission.updated':
      return { policy: is };
    case 'permission.deleted':
      return { policy_id: was?.id };
    default:
      return { [kind]: is ?? was };
  }
}
