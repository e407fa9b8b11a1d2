import { type Limited, pause } from './deadline.ts';
import { ApiError, UnreachableError } from './errors.ts';

export interface RetryOptions {
  readonly retries: number;
  /** Whether it may be carried out twice: it only asks, or has a key by which the server knows it again. */
  readonly isRepeatable: boolean;
}

/** Tries again what may be tried again, a little later each time, never past the deadline. */
export async function retrying<Result>(
  { retries, isRepeatable }: RetryOptions,
  { signal, remainingMs }: Limited,
  attempt: () => Promise<Result>,
): Promise<Result> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const waitMs = Math.max(backOffMs(tries), retryAfterOf(error));
      if (tries >= retries || waitMs >= remainingMs() || !(isRepeatable ? mayPass(error) : wasNotCarriedOut(error))) {
        throw error;
      }
      await pause(waitMs, signal);
    }
  }
}

const firstWaitMs = 200;
export const longestWaitMs = 10_000;

/** Doubles each time; a part of it is chance, so that those who failed together don't come back together. */
export function backOffMs(tries: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** tries) * (0.5 + Math.random() / 2);
}

export function retryAfterOf(error: unknown): number {
  return (error instanceof ApiError || error instanceof UnreachableError ? error.retryAfterMs : undefined) ?? 0;
}

const passing = new Set(['RATE_LIMITED', 'SERVICE_UNAVAILABLE', 'IDEMPOTENCY_KEY_IN_USE']);
const passingStatuses = new Set([429, 502, 503, 504]);

/** Whether it may go better the next time. */
function mayPass(error: unknown): boolean {
  return error instanceof UnreachableError
    ? error.status === undefined || passingStatuses.has(error.status)
    : error instanceof ApiError && passing.has(error.code);
}

/** Whether nothing can have come of it: the server never got it, or turned it away before it read it. */
function wasNotCarriedOut(error: unknown): boolean {
  return error instanceof UnreachableError
    ? !error.wasSent
    : error instanceof ApiError && error.code === 'RATE_LIMITED' && error.status === 429;
}
