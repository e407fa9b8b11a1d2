import { Prisma } from '../../db/generated/prisma/client.ts';

/** Who is told of which events. The secrets that deliveries are signed with are not part of it. */
export interface Webhook {
  readonly id: string;
  /** Null for a webhook of the whole installation. */
  readonly tenantId: string | null;
  readonly url: string;
  /** Types of events, or `*` for all of them. */
  readonly events: readonly string[];
  readonly subtree: boolean;
  readonly ordered: boolean;
  readonly description: string | null;
  readonly active: boolean;
  /** Why it is not active; null while it is, and when somebody switched it off. */
  readonly disabledReason: string | null;
  /** Since when nothing has arrived; null after a delivery that did. */
  readonly failingSince: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A webhook with its secret in clear, for the only time; null when the caller gave the secret. */
export interface WebhookWithSecret {
  readonly webhook: Webhook;
  readonly secret: string | null;
}

/** `webhooks w` with its tenant `t`. */
export const webhooksWithHomes = Prisma.sql`webhooks w left join tenants t on t.key = w.tenant_key`;

/** The columns of {@link webhooksWithHomes} as a {@link Webhook}. */
export const webhookColumns = Prisma.sql`
  w.id, t.id as "tenantId", w.url, w.events, w.subtree, w.ordered, w.description, w.active, w.disabled_reason as "disabledReason",
  w.failing_since as "failingSince", w.created_at as "createdAt", w.updated_at as "updatedAt"`;

/** A webhook's public state, as events keep it. */
export function webhookState(webhook: Webhook): object {
  return {
    id: webhook.id,
    tenant_id: webhook.tenantId,
    url: webhook.url,
    events: webhook.events,
    subtree: webhook.subtree,
    ordered: webhook.ordered,
    description: webhook.description,
    active: webhook.active,
    disabled_reason: webhook.disabledReason,
    created_at: webhook.createdAt.toISOString(),
    updated_at: webhook.updatedAt.toISOString(),
  };
}
