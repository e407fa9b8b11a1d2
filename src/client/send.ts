import type { Identify } from './credentials.ts';
import { ApiError, type ApiIssue, UnreachableError } from './errors.ts';

/** Where requests go, and who sends them. */
export interface Door {
  readonly url: string;
  readonly endpoint: string;
  readonly identify: Identify;
  readonly fetch: typeof globalThis.fetch;
}

export interface Operation {
  readonly query: string;
  readonly variables: unknown;
  readonly idempotencyKey?: string | undefined;
}

/**
 * Sends an operation, once, and gives its data.
 * @throws {ApiError} The first thing that was refused.
 * @throws {UnreachableError}
 */
export async function send(
  { url, endpoint, identify, fetch }: Door,
  operation: Operation,
  signal: AbortSignal,
): Promise<unknown> {
  const { query, variables, idempotencyKey } = operation;
  const headers = {
    accept: 'application/graphql-response+json, application/json',
    'content-type': 'application/json',
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    ...(await identify()),
  };
  const body = JSON.stringify({ query, variables });
  // Where it is led on to is somebody else, who is not to have the key.
  const init = { method: 'POST', headers, body, signal, redirect: 'manual' } as const;
  const response = await fetch(endpoint, init).catch((error: unknown) => {
    throw unreachable(url, error);
  });
  const answer = await readAnswer(response, url);
  const failure = answer.errors?.[0] ?? answer.error;
  if (failure !== undefined) {
    throw errorOf(failure, {
      status: response.status,
      requestId: response.headers.get('x-request-id') ?? undefined,
      retryAfterMs: retryAfterMs(response),
    });
  }
  return answer.data;
}

/** An error as GraphQL has it (with `extensions`), or as the body of a refusal that never got as far. */
export interface Failure {
  readonly message: string;
  readonly code?: string;
  readonly details?: Record<string, unknown>;
  readonly issues?: readonly ApiIssue[];
  readonly extensions?: Readonly<Record<string, unknown>> & Pick<Failure, 'code' | 'details' | 'issues'>;
}

export function errorOf(
  failure: Failure,
  answer: { status?: number; requestId?: string | undefined; retryAfterMs?: number | undefined } = {},
): ApiError {
  const { code, details, issues } = failure.extensions ?? failure;
  const faults = issues?.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');
  const message = faults ? `${failure.message}: ${faults}` : failure.message;
  return new ApiError(code ?? 'INTERNAL_SERVER_ERROR', message, { ...answer, details, issues });
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly Failure[];
  readonly error?: Failure;
}

async function readAnswer(response: Response, url: string): Promise<Answer> {
  const answer: unknown = await response.text().then(parsed, (error: unknown) => {
    throw unreachable(url, error); // it broke off
  });
  if (isAnswer(answer)) {
    return answer;
  }
  const { status } = response;
  throw new UnreachableError(url, `What answers at ${url} is not Stratum: HTTP status ${status}`, {
    status,
    retryAfterMs: retryAfterMs(response),
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && ('data' in value || 'errors' in value || 'error' in value);
}

/** Seconds, or a date. */
function retryAfterMs({ headers }: Response): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) {
    return undefined;
  }
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** What can only happen before there is a connection. In a browser nobody can tell. */
const unconnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** `fetch` itself only says that it failed; why is in the cause. */
function unreachable(url: string, cause: unknown): UnreachableError {
  const { code, message } = reasonOf(cause);
  const reason = code || message;
  return new UnreachableError(url, `Nothing answers at ${url}${reason === '' ? '' : ` (${reason})`}`, {
    cause,
    wasSent: !unconnected.has(code),
  });
}

function reasonOf(error: unknown): { code: string; message: string } {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? { code: '', ...cause, message: cause.message } : { code: '', message: '' };
}
