import { CancelledError, TimeoutError } from './errors.ts';

export interface Limits {
  readonly timeoutMs: number;
  /** Each of them ends the work when it is aborted. */
  readonly signals: readonly (AbortSignal | undefined)[];
}

/** What the work is given: the moment it has to be done by, and the signal that says it is over. */
export interface Limited {
  readonly signal: AbortSignal;
  remainingMs(): number;
}

/**
 * Does something that may take so long, and can be given up.
 * @throws {TimeoutError}
 * @throws {CancelledError}
 */
export async function within<Result>(
  { timeoutMs, signals }: Limits,
  work: (limited: Limited) => Promise<Result>,
): Promise<Result> {
  const over = new AbortController();
  const stops = signals.map((signal) => signal && onAbort(signal, () => over.abort(cancelledBy(signal))));
  const timer = setTimeout(() => over.abort(new TimeoutError(timeoutMs)), Math.min(timeoutMs, longestTimer));
  const end = performance.now() + timeoutMs;
  try {
    over.signal.throwIfAborted();
    const limited = { signal: over.signal, remainingMs: () => end - performance.now() };
    return await Promise.race([work(limited), rejected(over.signal)]);
  } catch (error) {
    // Whatever failed because of it: it is why.
    throw over.signal.aborted ? over.signal.reason : error;
  } finally {
    clearTimeout(timer);
    for (const stop of stops) {
      stop?.();
    }
  }
}

/** A timer that is to wait for longer waits for nothing. */
const longestTimer = 2 ** 31 - 1;

/** Waits, unless it is over before. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await Promise.race([new Promise((resolve) => (timer = setTimeout(resolve, ms))), rejected(signal)]);
  } finally {
    clearTimeout(timer);
  }
}

export function cancelledBy({ reason }: AbortSignal): CancelledError {
  return reason instanceof CancelledError ? reason : new CancelledError('The call was cancelled', { cause: reason });
}

/** Calls back when it is aborted, at once when it already is; gives what forgets about it. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
    return () => {};
  }
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => onAbort(signal, () => reject(signal.reason)));
}
