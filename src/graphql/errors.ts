import { GraphQLError, type GraphQLErrorExtensions } from 'graphql';
import { isUnavailable } from '../db/errors.ts';
import { type ErrorCode, StratumError } from '../domain/errors.ts';

/**
 * What a caller sees of an error: always a code. A `StratumError` has its own; what the executor itself refuses (syntax, validation,
 * variables) is `VALIDATION_ERROR`; a database out of reach is `SERVICE_UNAVAILABLE`; anything else is a fault of ours and
 * keeps its particulars to itself.
 */
export function maskError(error: unknown): GraphQLError {
  const { nodes = null, path = null, source = null, positions = null } = error instanceof GraphQLError ? error : {};
  const origin = originOf(error);
  const refusal = refusalOf(origin);
  const { message, ...extensions } = refusal.toJSON();
  const http = httpOf(origin, refusal, path !== null);
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    extensions: { ...extensions, ...(http && { http }) },
    originalError: null,
  });
}

/**
 * The status to answer with, in the words of Yoga, which takes it from the extensions and out of what it sends. What Yoga itself refuses
 * has one. Without a field that failed nothing was carried out; undefined leaves the choice to Yoga.
 */
function httpOf(origin: unknown, { code, statusCode }: StratumError, ofField: boolean): GraphQLErrorExtensions['http'] {
  if (origin instanceof GraphQLError) {
    return origin.extensions.http ?? (ofField ? undefined : { spec: true, status: statusCode });
  }
  const headers = headersByCode[code];
  return headers || (!ofField && code !== 'VALIDATION_ERROR')
    ? { status: statusCode, ...(headers && { headers }) }
    : undefined;
}

/** What concerns the whole request has a status of its own, and says what to do about it. */
const headersByCode: Partial<Record<ErrorCode, Record<string, string>>> = {
  UNAUTHORIZED: { 'WWW-Authenticate': 'Bearer' },
  SERVICE_UNAVAILABLE: { 'Retry-After': '1' },
};

/** Whether an error is a fault of ours, which somebody should hear of. */
export function isFault(error: unknown): boolean {
  return refusalOf(originOf(error)).statusCode >= 500;
}

/** The error that was thrown, beneath all the executor has wrapped around it. */
export function originOf(error: unknown): unknown {
  let origin = error;
  while (origin instanceof GraphQLError && origin.originalError !== undefined) {
    origin = origin.originalError;
  }
  return origin;
}

function refusalOf(origin: unknown): StratumError {
  if (origin instanceof StratumError) {
    return origin;
  }
  if (origin instanceof GraphQLError) {
    const code = origin.extensions.http?.status === 405 ? 'METHOD_NOT_ALLOWED' : 'VALIDATION_ERROR';
    return new StratumError(code, origin.message);
  }
  return isUnavailable(origin)
    ? new StratumError('SERVICE_UNAVAILABLE', 'The database can not be reached in time')
    : new StratumError('INTERNAL_SERVER_ERROR', 'An unexpected error occurred');
}
