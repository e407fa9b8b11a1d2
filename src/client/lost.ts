import { ApiError, UnreachableError } from './errors.ts';
import { errorOf, type Failure } from './send.ts';

/** What ends a subscription only for the moment. */
const passing = new Set(['SUBSCRIBER_TOO_SLOW', 'SERVICE_UNAVAILABLE', 'RATE_LIMITED']);

/** Whether it will be as before when one subscribes again, a little later. */
export function isPassing(reason: Error): boolean {
  return !(reason instanceof ApiError) || passing.has(reason.code);
}

/** How long the server asks to wait before that. */
export function waitAskedBy(reason: Error): number {
  const seconds = reason instanceof ApiError ? Number(reason.details['retry_after_seconds'] ?? 0) : 0;
  return Number.isFinite(seconds) ? seconds * 1_000 : 0;
}

/** What a closed connection says of why, for those closings that no repetition will change. */
const codesOfClosings: Readonly<Record<number, string>> = {
  4400: 'VALIDATION_ERROR',
  4401: 'UNAUTHORIZED',
  4403: 'FORBIDDEN',
};

/** Of what a connection is lost by: the errors of an answer, a closing, or an event that says nothing. */
export function reasonOf(error: unknown, url: string): Error {
  if (Array.isArray(error)) {
    return errorOf(error[0] as Failure); // so the protocol has it
  }
  const { code, reason, message } = (error ?? {}) as { code?: unknown; reason?: unknown; message?: unknown };
  const fatal = typeof code === 'number' ? codesOfClosings[code] : undefined;
  if (fatal !== undefined) {
    return new ApiError(fatal, String(reason || fatal));
  }
  const why = [code, reason || message].filter((word) => word !== undefined && word !== '').join(' ');
  return new UnreachableError(url, `The connection to ${url} is lost${why === '' ? '' : ` (${why})`}`, {
    cause: error,
  });
}
