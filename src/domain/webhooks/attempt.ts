import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { changeWebhook, saveWebhook } from './change.ts';
import { type DueDelivery, precededBy } from './due.ts';
import { isHeld } from './held.ts';

/** What became of one try to deliver. */
export interface AttemptResult {
  readonly ok: boolean;
  readonly responseCode: number | null;
  readonly responseBody: string | null;
  readonly error: string | null;
  readonly startedAt: Date;
  readonly durationMs: number;
  /** When the receiver wants to be asked again, if it said so. */
  readonly retryAfterMs: number | null;
  /** Whether it said that nothing is to come any more. */
  readonly isGone: boolean;
}

export interface RetryPolicy {
  /** How long after each failure it is tried again, in milliseconds: one more failure than that is the last. */
  readonly scheduleMs: readonly number[];
  /** Up to this share of a pause is added by chance, so that what failed together isn't tried together. */
  readonly jitter: number;
  /** A webhook to which nothing arrived for so long is switched off. */
  readonly giveUpAfterMs: number;
}

/** What is to become of a delivery. */
export type Outcome = 'success' | 'retry' | 'dead';

/** What became of a try, as it was written down. */
export interface Recorded {
  readonly outcome: Outcome;
  /** Whether the webhook keeps order, by now: that may have been changed since the delivery was set going. */
  readonly ordered: boolean;
}

/** The longest that a receiver may put off a delivery. */
const longestPauseMs = 24 * 3_600_000;

/** When to try again after so many failures: null for never. */
export function pauseAfter(
  failures: number,
  { scheduleMs, jitter }: RetryPolicy,
  result: Pick<AttemptResult, 'retryAfterMs' | 'isGone'>,
): number | null {
  const planned = scheduleMs[failures - 1];
  if (planned === undefined || result.isGone) {
    return null;
  }
  const asked = Math.min(result.retryAfterMs ?? 0, longestPauseMs);
  return Math.round(Math.max(planned * (1 + jitter * Math.random()), asked));
}

/**
 * Writes down what became of a try, and sets going what follows from it, in one statement. Where the delivery was changed meanwhile, as by
 * somebody who sent it out again, only the try is written down.
 */
export async function recordAttempt(
  call: Call,
  due: DueDelivery,
  result: AttemptResult,
  policy: RetryPolicy,
): Promise<Recorded> {
  const pauseMs = result.ok ? null : pauseAfter(due.attempts + 1, policy, result);
  const outcome: Outcome = result.ok ? 'success' : pauseMs === null ? 'dead' : 'retry';
  const isOver = outcome !== 'retry';
  const status = { success: 'success', retry: 'pending', dead: 'failed' }[outcome];
  const nextAt = fromNow(pauseMs);
  const [row] = await call.database.query<{ ordered: boolean }>(Prisma.sql`
    with tried as (
      insert into webhook_attempts (delivery_id, number, started_at, duration_ms, response_code, response_body, error)
      select d.id, coalesce((select max(number) from webhook_attempts a where a.delivery_id = d.id), 0) + 1, ${result.startedAt},
        ${Math.round(result.durationMs)}::int, ${result.responseCode}::int, ${result.responseBody}, ${result.error}
      from webhook_deliveries d where d.id = ${due.id}::uuid),
    changed as (
      update webhook_deliveries set status = ${status}::delivery_status, attempts = attempts + 1, next_attempt_at = ${nextAt},
        last_error = ${result.error}, response_code = ${result.responseCode}::int, completed_at = case when ${isOver} then now() end
      where id = ${due.id}::uuid and status = 'pending' and attempts = ${due.attempts} returning id, webhook_id),
    told as (
      update webhooks w set failing_since = case when ${result.ok} then null else now() end
      from changed where w.id = changed.webhook_id and (w.failing_since is null) <> ${result.ok})
    select w.ordered, (select enqueue_delivery(id, webhook_id, ${nextAt}) from changed where not ${isOver})
    from webhooks w where w.id = ${due.webhookId}::uuid`);
  if (!result.ok) {
    await giveUp(call, due, result, policy);
  }
  return { outcome, ordered: row?.ordered ?? false };
}

/** The delivery that comes next behind one of a webhook that keeps order; null when there is none, or somebody is at it. */
export async function nextInOrder({ database }: Pick<Call, 'database'>, id: string): Promise<string | null> {
  const [next] = await database.query<{ id: string; isHeld: boolean }>(Prisma.sql`
    select n.id, ${isHeld(Prisma.sql`n.id`)} as "isHeld"
    from webhook_deliveries d join webhook_deliveries n on n.webhook_id = d.webhook_id and n.ledger_id = d.ledger_id
    where d.id = ${id}::uuid and n.status = 'pending' order by n.revision limit 1`);
  return next === undefined || next.isHeld ? null : next.id;
}

/** Sets a delivery going some time from now. */
export async function putOff(
  { database }: Pick<Call, 'database'>,
  { deliveryId, webhookId }: { readonly deliveryId: string; readonly webhookId: string },
  forMs: number,
): Promise<void> {
  await database.query(Prisma.sql`select enqueue_delivery(${deliveryId}::uuid, ${webhookId}::uuid, ${fromNow(forMs)})`);
}

/** By the clock of the database, which says what is due too: those of processes differ. Null for never. */
function fromNow(ms: number | null): Prisma.Sql {
  return Prisma.sql`now() + make_interval(secs => ${ms === null ? null : ms / 1_000}::float8)`;
}

/** Switches off a webhook to which nothing arrives any more, and says why. What is on its way to it waits until somebody switches it on again. */
async function giveUp(
  call: Call,
  due: DueDelivery,
  { isGone, error }: AttemptResult,
  { giveUpAfterMs }: RetryPolicy,
): Promise<void> {
  const failingForMs = due.failingSince === null ? 0 : Date.now() - due.failingSince.getTime();
  if (!isGone && failingForMs < giveUpAfterMs) {
    return;
  }
  const reason = isGone
    ? 'the receiver answered 410 Gone'
    : `nothing arrived since ${due.failingSince?.toISOString()}; the last fault: ${error}`;
  await changeWebhook(call, due.webhookId, (write, locked) =>
    locked.webhook.active
      ? saveWebhook(write, locked, 'webhook.disabled', { active: false, disabledReason: reason })
      : Promise.resolve(locked.webhook),
  );
}

/** Sets going what is due and nobody cares for, as after a process was killed. Gives how many. */
export async function sweepDeliveries({ database }: Pick<Call, 'database'>, leaseMs: number): Promise<number> {
  const overdue = Prisma.sql`now() - make_interval(secs => ${leaseMs / 1_000}::float8)`;
  // A job that is held longer than any attempt takes is held by nobody: its worker is gone.
  await database.query(Prisma.sql`
    select graphile_worker.force_unlock_workers(array_agg(distinct locked_by)) from graphile_worker.jobs
    where task_identifier = 'deliver_webhook' and locked_at < ${overdue} having count(*) > 0`);
  const [row] = await database.query<{ count: bigint }>(Prisma.sql`
    select count(enqueue_delivery(d.id, d.webhook_id, now())) as count from (
      select d.id, d.webhook_id from webhook_deliveries d join webhooks w on w.id = d.webhook_id
      where d.status = 'pending' and w.active and d.next_attempt_at < ${overdue} and not (w.ordered and ${precededBy(Prisma.sql`d`)})
        and not exists (select from graphile_worker.jobs j where j.key = 'delivery:' || d.id and j.attempts < j.max_attempts)
      order by d.next_attempt_at limit 1000) d`);
  return Number(row?.count ?? 0);
}
