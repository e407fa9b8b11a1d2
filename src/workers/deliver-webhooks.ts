import type { Call } from '../domain/call.ts';
import { type AttemptResult, type Outcome, type RetryPolicy, recordAttempt } from '../domain/webhooks/attempt.ts';
import { type DueDelivery, findDue } from '../domain/webhooks/due.ts';
import { signedHeaders } from '../domain/webhooks/signature.ts';
import type { WebhookSender } from './webhook-request.ts';

export interface DeliverOptions {
  readonly call: Call;
  readonly sender: WebhookSender;
  readonly retry: RetryPolicy;
  /** Hears what became of each attempt. */
  readonly onAttempt?: ((outcome: Outcome, seconds: number) => void) | null;
}

/**
 * Tries to deliver what is due, once. No transaction is open while the receiver is waited for: a process that dies between the receiver's answer
 * and the record of it leaves the delivery due, and it is sent again, with the same event id.
 */
export async function deliverWebhook(
  deliveryId: string,
  { call, sender, retry, onAttempt }: DeliverOptions,
): Promise<void> {
  const due = await findDue(call, deliveryId);
  if (due === null) {
    return;
  }
  const result = await attempt(due, sender);
  const outcome = await recordAttempt(call, due, result, retry);
  onAttempt?.(outcome, result.durationMs / 1_000);
}

async function attempt(due: DueDelivery, sender: WebhookSender): Promise<AttemptResult> {
  const { url, message, secrets } = due;
  const [current, ...previous] = secrets;
  if (current === undefined) {
    throw new Error(`webhook ${due.webhookId} has no secret`);
  }
  const startedAt = new Date();
  const body = JSON.stringify(message);
  const headers = signedHeaders({
    eventId: message.id,
    eventType: message.type,
    deliveryId: due.id,
    sentAt: startedAt,
    body,
    secrets: [current, ...previous],
  });
  return { ...(await sender.send({ url, body, headers })), startedAt };
}
