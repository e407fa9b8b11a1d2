import type { Call } from '../call.ts';
import { changeWebhook } from './change.ts';
import { type Webhook, webhookState } from './rows.ts';

/** Removes a webhook with its secrets and deliveries, in any state of its tenant: nothing more is sent. */
export async function deleteWebhook(call: Call, { id }: { readonly id: string }): Promise<Webhook> {
  return changeWebhook(call, id, async ({ db }, { home: { tenant, ledger }, webhook }) => {
    await db.$executeRaw`delete from webhooks where id = ${id}::uuid`;
    ledger.append({ type: 'webhook.deleted', tenant, before: webhookState(webhook) });
    return webhook;
  });
}
