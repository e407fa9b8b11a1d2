import { isDeepStrictEqual } from 'node:util';
import type { Call } from '../call.ts';
import { type LockedHome, lockedHome, scopeOfHome } from '../home.ts';
import type { EventType } from '../ledger/types.ts';
import { type Write, write } from '../ledger/write.ts';
import { lockedWebhook, requireWebhook } from './find.ts';
import { type Webhook, webhookState } from './rows.ts';

/** A webhook under the lock of its home. */
export interface LockedWebhook {
  readonly home: LockedHome;
  readonly webhook: Webhook;
}

/** Changes a webhook, or something of it; `WEBHOOK_NOT_FOUND` when there is none for the caller. */
export async function changeWebhook<Result>(
  call: Call,
  id: string,
  change: (write: Write, locked: LockedWebhook) => Promise<Result>,
): Promise<Result> {
  const { tenantId } = await requireWebhook(call, id);
  return write(call, scopeOfHome(tenantId), async (write) => {
    const home = lockedHome(write, tenantId);
    return change(write, { home, webhook: await lockedWebhook(write, id) });
  });
}

/** What of a webhook can change. */
export type WebhookFields = Pick<
  Webhook,
  'url' | 'events' | 'subtree' | 'ordered' | 'description' | 'active' | 'disabledReason' | 'failingSince'
>;

/** Writes what is different, and records it as an event of this type. What is equal already is no change: no event then. */
export async function saveWebhook(
  { db }: Write,
  { home: { tenant, ledger }, webhook }: LockedWebhook,
  type: EventType,
  fields: Partial<WebhookFields>,
): Promise<Webhook> {
  const wanted = { ...webhook, ...fields };
  if (isDeepStrictEqual(wanted, webhook)) {
    return webhook;
  }
  const saved = { ...wanted, updatedAt: new Date() };
  await db.$executeRaw`
    update webhooks set url = ${saved.url}, events = ${[...saved.events]}::text[], subtree = ${saved.subtree}, ordered = ${saved.ordered},
      description = ${saved.description}, active = ${saved.active}, disabled_reason = ${saved.disabledReason},
      failing_since = ${saved.failingSince}, updated_at = ${saved.updatedAt}
    where id = ${webhook.id}::uuid`;
  ledger.append({ type, tenant, before: webhookState(webhook), after: webhookState(saved) });
  return saved;
}
