import type { Call } from '../domain/call.ts';
import {
  type AttemptResult,
  nextInOrder,
  type Outcome,
  putOff,
  type Recorded,
  type RetryPolicy,
  recordAttempt,
} from '../domain/webhooks/attempt.ts';
import { type DueDelivery, findDue } from '../domain/webhooks/due.ts';
import { allWebhooks } from '../domain/webhooks/places.ts';
import { signedHeaders } from '../domain/webhooks/signature.ts';
import type { SharedPlaces } from './shared-places.ts';
import type { WebhookSender } from './webhook-request.ts';

export interface DeliverOptions {
  readonly call: Call;
  readonly sender: WebhookSender;
  readonly retry: RetryPolicy;
  readonly limits: DeliveryLimits;
  /** How long a job may take at the very most: one that is held for longer is held by nobody any more. */
  readonly leaseMs: number;
  /** Hears what became of each attempt. */
  readonly onAttempt?: ((outcome: Outcome, seconds: number) => void) | null;
}

/** How many deliveries go on at a time, over all workers together. */
export interface DeliveryLimits {
  /** To one webhook, unless it wants them in order. */
  readonly perWebhook: number;
  /** Of all webhooks together; null for as many as workers make. */
  readonly inAll: number | null;
}

/** A job, as the database adds them (`enqueue_deliveries`). */
export interface DeliverJob {
  readonly deliveryId: string;
  readonly webhookId: string;
  readonly ordered: boolean;
}

/** One job of a webhook in order goes on with what comes next, for so much of the time it may take. */
const inOneGo = 1 / 3;

/** A webhook that is busy has its next delivery put off by this much. */
const putOffMs = 1_000;

/** Delivers what a job names, if there is a place for it. */
export async function runDeliverJob(job: DeliverJob, places: SharedPlaces, options: DeliverOptions): Promise<void> {
  const { webhookId, ordered } = job;
  // All workers do one job at a time of a webhook in order: it needs no place.
  const isIn = ordered || (await places.enter(webhookId, options.limits.perWebhook));
  try {
    if (!isIn || !(await enterInAll(places, options))) {
      await putOff(options.call, job, putOffMs);
      return;
    }
    try {
      await deliverOn(job, options);
    } finally {
      places.leave(allWebhooks);
    }
  } finally {
    if (isIn && !ordered) {
      places.leave(webhookId);
    }
  }
}

/** While all places are taken nothing else could be delivered either: it is waited for one. */
async function enterInAll(places: SharedPlaces, { limits, leaseMs }: DeliverOptions): Promise<boolean> {
  return limits.inAll === null || places.enter(allWebhooks, limits.inAll, leaseMs / 3);
}

/**
 * Delivers what a job names, and where order is kept what comes next. Where order is kept only since the job was made, what is to come is left to the
 * queue that all workers do one job at a time of.
 */
async function deliverOn({ deliveryId, webhookId, ordered }: DeliverJob, options: DeliverOptions): Promise<void> {
  const end = performance.now() + options.leaseMs * inOneGo;
  let next: string | null = deliveryId;
  do {
    const due = await findDue(options.call, next);
    if (due?.ordered && !ordered) {
      break;
    }
    const recorded = due && (await deliverWebhook(due, options));
    const isNextDue = recorded !== null && recorded.outcome !== 'retry' && (recorded.ordered || ordered);
    next = isNextDue ? await nextInOrder(options.call, next) : null;
  } while (next !== null && ordered && performance.now() < end);
  if (next !== null) {
    await putOff(options.call, { deliveryId: next, webhookId }, 0);
  }
}

/**
 * Tries once to deliver what is due. No transaction is open while the receiver is waited for: a process that dies between the receiver's answer and
 * the record of it leaves the delivery due, and it is sent again, with the same event id.
 */
async function deliverWebhook(due: DueDelivery, { call, sender, retry, onAttempt }: DeliverOptions): Promise<Recorded> {
  const result = await attempt(due, sender);
  const recorded = await recordAttempt(call, due, result, retry);
  onAttempt?.(recorded.outcome, result.durationMs / 1_000);
  return recorded;
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
