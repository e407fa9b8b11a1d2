import type { Call } from '../call.ts';
import { assertHomeActive } from '../home.ts';
import type { Write } from '../ledger/write.ts';
import { changeWebhook, type LockedWebhook, saveWebhook } from './change.ts';
import { resume } from './enqueue.ts';
import type { Webhook } from './rows.ts';

/** Switches a webhook on, also one that was switched off because nothing arrived. */
export function enableWebhook(call: Call, { id }: { readonly id: string }): Promise<Webhook> {
  return changeWebhook(call, id, (write, locked) => setActive(write, locked, true));
}

/** Switches a webhook off: what happens while it is off it is never told of by itself. */
export function disableWebhook(call: Call, { id }: { readonly id: string }): Promise<Webhook> {
  return changeWebhook(call, id, (write, locked) => setActive(write, locked, false));
}

/** Nothing changes when it is so already. */
export async function setActive(write: Write, locked: LockedWebhook, active: boolean): Promise<Webhook> {
  const { home, webhook } = locked;
  assertHomeActive(home);
  if (webhook.active === active) {
    return webhook;
  }
  const type = active ? 'webhook.enabled' : 'webhook.disabled';
  const fresh = active ? { failingSince: null } : {};
  const saved = await saveWebhook(write, locked, type, { active, disabledReason: null, ...fresh });
  if (active) {
    await resume(write, webhook.id);
  }
  return saved;
}
