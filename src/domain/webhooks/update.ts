import type { Call } from '../call.ts';
import { assertHomeActive } from '../home.ts';
import { parse } from '../validation.ts';
import { setActive } from './activity.ts';
import { changeWebhook, saveWebhook, type WebhookFields } from './change.ts';
import { resume } from './enqueue.ts';
import { type UpdateWebhookInput, updateWebhookInput } from './input.ts';
import { changeSecret } from './rotate-secret.ts';
import type { Webhook } from './rows.ts';
import { callableUrl } from './url.ts';

export interface UpdateWebhook {
  readonly id: string;
  readonly input: UpdateWebhookInput;
}

/**
 * Changes a webhook: what it is like, whether it is on, and its secret, which counts at once and alone. Each of the three is an event of its own;
 * what is equal already is no change.
 */
export async function updateWebhook(call: Call, { id, input }: UpdateWebhook): Promise<Webhook> {
  const { active, secret, url, description, ...rest } = parse(updateWebhookInput, input, ['input']);
  const fields: Partial<WebhookFields> = {
    ...given(rest),
    ...(url && { url: callableUrl(call, url) }),
    ...(description !== undefined && { description }),
  };
  return changeWebhook(call, id, async (write, { home, webhook: before }) => {
    assertHomeActive(home);
    let webhook = await saveWebhook(write, { home, webhook: before }, 'webhook.updated', fields);
    if (before.ordered && !webhook.ordered) {
      await resume(write, id); // what waited for its turn waits no more
    }
    if (secret) {
      await changeSecret(write, { home, webhook }, { secret, overlapSeconds: 0 });
    }
    if (active !== undefined && active !== null) {
      webhook = await setActive(write, { home, webhook }, active);
    }
    return webhook;
  });
}

/** Null of what can't be null means the same as nothing: it stays as it is. */
function given<Fields extends object>(fields: Fields): { [Key in keyof Fields]?: NonNullable<Fields[Key]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Fields]?: NonNullable<Fields[Key]> }; // its own fields
}
