import type { Call } from '../domain/call.ts';
import {
  type AttemptResult,
  nextInOrder,
  type Outcome,
  putOff,
  type RetryPolicy,
  recordAttempt,
} from '../domain/webhooks/attempt.ts';
import { type DueDelivery, findDue } from '../domain/webhooks/due.ts';
import { signedHeaders } from '../domain/webhooks/signature.ts';
import type { BusyWebhooks } from './busy-webhooks.ts';
import type { WebhookSender } from './webhook-request.ts';

export interface DeliverOptions {
  readonly call: Call;
  readonly sender: WebhookSender;
  readonly retry: RetryPolicy;
  /** How long a job may take at the very most: one that is held for longer is held by nobody any more. */
  readonly leaseMs: number;
  /** Hears what became of each attempt. */
  readonly onAttempt?: ((outcome: Outcome, seconds: number) => void) | null;
}

/** A job, as the database adds them (`enqueue_deliveries`). */
export interface DeliverJob {
  readonly deliveryId: string;
  readonly webhookId: string;
  readonly ordered: boolean;
}

/** So many deliveries go to one webhook at a time, unless it wants them in order. */
const places = 8;

/** One job of a webhook in order goes on with what comes next, for so much of the time it may take. */
const inOneGo = 1 / 3;

/** A webhook that is busy has its next delivery put off by this much. */
const putOffMs = 1_000;

/** Delivers what a job names, if there is a place for it. */
export async function runDeliverJob(job: DeliverJob, busy: BusyWebhooks, options: DeliverOptions): Promise<void> {
  const { deliveryId, webhookId, ordered } = job;
  if (!(await busy.enter(webhookId, ordered ? 1 : places))) {
    await putOff(options.call, { deliveryId, webhookId }, putOffMs);
    return;
  }
  try {
    const end = performance.now() + options.leaseMs * inOneGo;
    let next: string | null = deliveryId;
    do {
      const outcome = await deliverWebhook(next, options);
      next = ordered && isOver(outcome) ? await nextInOrder(options.call, next) : null;
    } while (next !== null && performance.now() < end);
    if (next !== null) {
      await putOff(options.call, { deliveryId: next, webhookId }, 0);
    }
  } finally {
    busy.leave(webhookId);
  }
}

function isOver(outcome: Outcome | null): boolean {
  return outcome === 'success' || outcome === 'dead';
}

/**
 * Tries to deliver what is due, once; null when it is not due. No transaction is open while the receiver is waited for: a process that dies between
 * the receiver's answer and the record of it leaves the delivery due, and it is sent again, with the same event id.
 */
async function deliverWebhook(
  deliveryId: string,
  { call, sender, retry, onAttempt }: DeliverOptions,
): Promise<Outcome | null> {
  const due = await findDue(call, deliveryId);
  if (due === null) {
    return null;
  }
  const result = await attempt(due, sender);
  const outcome = await recordAttempt(call, due, result, retry);
  onAttempt?.(outcome, result.durationMs / 1_000);
  return outcome;
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
