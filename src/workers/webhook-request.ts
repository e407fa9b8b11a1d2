import type { LookupFunction } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Client } from 'undici';
import { StratumError } from '../domain/errors.ts';
import { parseWebhookUrl } from '../domain/webhooks/address.ts';
import { callableAddresses, type Lookup, systemLookup } from '../domain/webhooks/lookup.ts';
import { type KeptConnections, keepConnections } from './kept-connections.ts';
import { requestFault, statusFault, wasCut } from './webhook-faults.ts';
import { retryAfterMs } from './webhook-retry-after.ts';

export interface WebhookSender {
  /** One attempt. Whatever the receiver does is a result; nothing it does throws. */
  send(request: WebhookRequest): Promise<SendResult>;
  /** Waits for the attempts under way, and leaves no connection. */
  close(): Promise<void>;
}

export interface WebhookRequest {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface SendResult {
  /** Whether the answer was a 2xx, and arrived as far as it is read. */
  readonly ok: boolean;
  /** Null when no answer began. */
  readonly responseCode: number | null;
  /** How the answer began, as text that any database keeps. */
  readonly responseBody: string | null;
  /** A short sentence for people; null when it is ok. */
  readonly error: string | null;
  readonly durationMs: number;
  /** When the receiver wants to be asked again, if it said so. */
  readonly retryAfterMs: number | null;
  /** Whether it said that nothing is to come any more. */
  readonly isGone: boolean;
}

export interface WebhookSenderOptions {
  /** Whether addresses that are not of the public internet may be called, as in development. */
  readonly allowPrivate: boolean;
  /** What an attempt may take in all: lookup, connection, and the answer. */
  readonly timeoutMs?: number;
  /** How much of an answer is read. */
  readonly maxAnswerBytes?: number;
  /** Of Stratum, for receivers to see. */
  readonly version: string;
  readonly lookup?: Lookup;
}

interface Limits extends Required<WebhookSenderOptions> {
  readonly connections: KeptConnections;
}

/** Of the answer; far more than any receiver needs. */
const maxHeaderBytes = 16_384;

/**
 * Sends webhooks to hosts that nobody vouches for. Every attempt has a connection for itself, to an address that was checked when it was made:
 * a receiver that hangs keeps nobody waiting but itself, for as long as an attempt may take. What is left of it is kept for the next
 * attempt for a moment, where the whole answer was read.
 */
export function createWebhookSender({
  timeoutMs = 10_000,
  maxAnswerBytes = 2048,
  lookup = systemLookup,
  ...options
}: WebhookSenderOptions): WebhookSender {
  const connections = keepConnections({
    // The signal of a request ends all of it, a connection that is still being made too: no other clock is needed.
    connect: { lookup: checked({ lookup, allowPrivate: options.allowPrivate }), timeout: 0 },
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: maxHeaderBytes,
    allowH2: false,
  });
  const limits: Limits = { ...options, timeoutMs, maxAnswerBytes, lookup, connections };
  const underWay = new Set<Promise<SendResult>>();
  return {
    send: async (request) => {
      const attempt = timed(request, limits);
      underWay.add(attempt);
      try {
        return await attempt;
      } finally {
        underWay.delete(attempt);
      }
    },
    close: async () => {
      await Promise.allSettled(underWay);
      await connections.close();
    },
  };
}

/** What is known of an answer so far. */
interface Answer {
  status: number | null;
  retryAfter: string | undefined;
  /** Grows while it is read, so that what came before a failure is not lost. */
  readonly parts: Buffer[];
}

async function timed(request: WebhookRequest, limits: Limits): Promise<SendResult> {
  const startedAt = performance.now();
  const answer: Answer = { status: null, retryAfter: undefined, parts: [] };
  const error = await faultOf(request, answer, limits);
  const { status } = answer;
  return {
    ok: error === null,
    responseCode: status,
    responseBody: status === null ? null : legible(answer.parts),
    error,
    durationMs: Math.round(performance.now() - startedAt),
    retryAfterMs: status === 429 || status === 503 ? retryAfterMs(answer.retryAfter, new Date()) : null,
    isGone: status === 410,
  };
}

/** Makes the attempt, fills in the answer, and says what went wrong, if anything did. */
async function faultOf(request: WebhookRequest, answer: Answer, limits: Limits): Promise<string | null> {
  const signal = AbortSignal.timeout(limits.timeoutMs);
  try {
    // Again, though it was checked when it was stored: for an address instead of a name nothing is looked up.
    const url = parseWebhookUrl(request.url, limits);
    await exchange(url, { request, answer, limits, signal });
    return statusFault(answer.status);
  } catch (error) {
    if (signal.aborted) {
      return `the answer took longer than ${limits.timeoutMs / 1000} s`;
    }
    return error instanceof StratumError ? urlFault(error) : requestFault(error);
  }
}

interface Exchange {
  readonly request: WebhookRequest;
  readonly answer: Answer;
  readonly limits: Limits;
  readonly signal: AbortSignal;
}

/**
 * Asks over a connection that was kept, or a new one. A receiver may close one that was kept while the request is on its way to it; then it is asked
 * again over a new one: if it had read it after all, it gets the same event twice, under the same id.
 */
async function exchange(url: URL, details: Exchange, fresh = false): Promise<void> {
  const { answer, limits, signal } = details;
  const connection = limits.connections.open(url.origin, { fresh });
  try {
    if (await ask(connection.client, url, details)) {
      connection.keep();
    } else {
      await connection.end();
    }
  } catch (error) {
    await connection.end();
    if (connection.isKept && answer.status === null && wasCut(error) && !signal.aborted) {
      return exchange(url, details, true);
    }
    throw error;
  }
}

/** One request; says whether the answer was read to its end. */
async function ask(client: Client, url: URL, { request, answer, limits, signal }: Exchange): Promise<boolean> {
  const { statusCode, headers, body } = await client.request({
    method: 'POST',
    path: `${url.pathname}${url.search}`,
    headers: {
      ...request.headers,
      'content-type': 'application/json',
      'user-agent': `Stratum/${limits.version}`,
    },
    body: request.body,
    highWaterMark: limits.maxAnswerBytes,
    signal,
  });
  answer.status = statusCode;
  answer.retryAfter = [headers['retry-after']].flat()[0];
  return readInto(answer.parts, body, limits.maxAnswerBytes);
}

/** The lookup of a connection: what it gives is what was checked, so that nobody can answer one thing to us and another to the system. */
function checked({ lookup, allowPrivate }: Pick<Limits, 'lookup' | 'allowPrivate'>): LookupFunction {
  return (host, options, done) => {
    callableAddresses(host, { lookup, allowPrivate }).then(
      (addresses) => {
        const [{ address, family }] = addresses;
        return options.all ? done(null, [...addresses]) : done(null, address, family);
      },
      (error: Error) => done(error, []),
    );
  };
}

/** Reads until the end or the limit, and says whether it was the end; leaving the loop takes the connection down. */
async function readInto(parts: Buffer[], body: AsyncIterable<Buffer>, maxBytes: number): Promise<boolean> {
  let left = maxBytes;
  for await (const chunk of body) {
    parts.push(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) {
      return false;
    }
  }
  return true;
}

/** Bytes as text: what isn't UTF-8 is replaced, half a character at the cut and NUL, which PostgreSQL refuses, are left out. */
function legible(parts: readonly Buffer[]): string {
  return new TextDecoder().decode(Buffer.concat(parts), { stream: true }).replaceAll('\0', '');
}

function urlFault(error: StratumError): string {
  const message = error.issues?.[0]?.message ?? error.message;
  return message.startsWith('must ') ? `the URL ${message}` : message;
}
