import type { Call } from '../call.ts';
import { assertHomeActive } from '../home.ts';
import type { Write } from '../ledger/write.ts';
import { parse } from '../validation.ts';
import { changeWebhook, type LockedWebhook } from './change.ts';
import { rotateSecretInput } from './input.ts';
import { type WebhookWithSecret, webhookState } from './rows.ts';
import { replaceSecret } from './secrets.ts';
import { newWebhookSecret } from './signature.ts';

export interface RotateWebhookSecret {
  readonly id: string;
  /** The new secret; one is made unless told. */
  readonly secret?: string | null | undefined;
  /** How long deliveries are signed with the old secret too; a day unless told. */
  readonly overlapSeconds?: number | null | undefined;
}

const day = 86_400;

/** Puts a secret in place of the current one, which is signed with beside it for a while: receivers change over when they can. */
export async function rotateWebhookSecret(
  call: Call,
  { id, ...input }: RotateWebhookSecret,
): Promise<WebhookWithSecret> {
  const { secret: given, overlapSeconds } = parse(rotateSecretInput, input);
  return changeWebhook(call, id, async (write, locked) => {
    assertHomeActive(locked.home);
    const secret = given ?? newWebhookSecret();
    await changeSecret(write, locked, { secret, overlapSeconds: overlapSeconds ?? day });
    return { webhook: locked.webhook, secret: given ? null : secret };
  });
}

/** Replaces the secret and records that it was done. */
export async function changeSecret(
  write: Write,
  { home: { tenant, ledger }, webhook }: LockedWebhook,
  change: { readonly secret: string; readonly overlapSeconds: number },
): Promise<void> {
  await replaceSecret(write, webhook.id, change);
  const state = webhookState(webhook);
  const after = { ...state, overlap_seconds: change.overlapSeconds };
  ledger.append({ type: 'webhook.secret_rotated', tenant, before: state, after });
}
