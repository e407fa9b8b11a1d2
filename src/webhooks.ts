import { timingSafeEqual } from 'node:crypto';
import { ownSignature, standardSignature, webhookSecretFault } from './domain/webhooks/signature.ts';

/** What a webhook receives: the body of a delivery. */
export interface WebhookEvent {
  /** The same in every delivery of this event. */
  readonly id: string;
  /** Such as `config.updated`. */
  readonly type: string;
  /** Null for what concerns the whole installation. */
  readonly tenant_id: string | null;
  readonly data: unknown;
  /** When it happened, in ISO 8601. */
  readonly created_at: string;
  /** Where it stands: events of one ledger are in the order of their revisions. Null for a test. */
  readonly ledger_id?: string | null;
  readonly revision?: number | null;
}

export type WebhookVerificationCode =
  | 'missing_header'
  | 'invalid_timestamp'
  | 'timestamp_out_of_tolerance'
  | 'no_matching_signature'
  | 'invalid_payload';

/** A request that is not a delivery of ours, or not a fresh one. */
export class WebhookVerificationError extends Error {
  readonly code: WebhookVerificationCode;

  constructor(code: WebhookVerificationCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

export interface VerifyWebhookOptions {
  /** The body as it came in, before anything parsed it. */
  readonly payload: string | Uint8Array;
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The secret of the webhook, or several of which one has to fit. */
  readonly secret: string | readonly string[];
  /** How far the time of sending may be from now, before or after. */
  readonly toleranceSeconds?: number;
  readonly now?: Date;
}

/**
 * The event in a delivery, if it was signed with the secret and sent just now; throws a {@link WebhookVerificationError} otherwise.
 * The headers of Standard Webhooks are preferred to Stratum's own. A mistake of the program itself, such as an empty secret or
 * a body that is already parsed, is a `TypeError`.
 */
export function verifyWebhook({
  payload,
  headers,
  secret,
  toleranceSeconds = 300,
  now = new Date(),
}: VerifyWebhookOptions): WebhookEvent {
  const secrets = usableSecrets(secret);
  if (typeof payload !== 'string' && !(payload instanceof Uint8Array)) {
    throw new TypeError('payload must be the raw body, as text or bytes, not what was parsed from it');
  }
  const signed = signedIn(headers, payload);
  const ageSeconds = (now.getTime() - signed.sentAtMs) / 1000;
  // Said this way round so that a tolerance or a clock that is not a number refuses.
  if (!(Math.abs(ageSeconds) <= toleranceSeconds)) {
    throw new WebhookVerificationError(
      'timestamp_out_of_tolerance',
      `sent ${Math.round(Math.abs(ageSeconds))} seconds ${ageSeconds < 0 ? 'after' : 'before'} now: ${toleranceSeconds} are tolerated`,
    );
  }
  if (!secrets.some((candidate) => signed.isSignedWith(candidate))) {
    throw new WebhookVerificationError('no_matching_signature', 'no signature fits the body and the secret');
  }
  return eventIn(payload);
}

function usableSecrets(secret: string | readonly string[]): readonly string[] {
  const secrets = typeof secret === 'string' ? [secret] : secret;
  if (!Array.isArray(secrets) || secrets.length === 0) {
    throw new TypeError('secret is missing');
  }
  for (const each of secrets) {
    const fault = typeof each === 'string' ? webhookSecretFault(each) : 'is missing';
    if (fault !== null) {
      // An empty or a short secret is one that anybody could sign with.
      throw new TypeError(`secret ${fault}`);
    }
  }
  return secrets;
}

/** What is signed, and how to tell by whom. */
interface Signed {
  readonly sentAtMs: number;
  isSignedWith(secret: string): boolean;
}

function signedIn(headers: VerifyWebhookOptions['headers'], body: string | Uint8Array): Signed {
  const read = reader(headers);
  const own = { timestamp: read('x-stratum-timestamp'), signature: read('x-stratum-signature') };
  const standard = {
    id: read('webhook-id'),
    timestamp: read('webhook-timestamp'),
    signature: read('webhook-signature'),
  };
  const { id, timestamp, signature } = standard;
  if (id && timestamp && signature) {
    const given = signature.split(' ');
    return {
      sentAtMs: fromSeconds(timestamp),
      isSignedWith: (secret) => holds(given, standardSignature(secret, { id, timestamp, body })),
    };
  }
  if (own.timestamp && own.signature) {
    const [at, given] = [own.timestamp, own.signature];
    return {
      sentAtMs: fromIso(at),
      isSignedWith: (secret) => holds([given], ownSignature(secret, { timestamp: at, body })),
    };
  }
  const missing = Object.entries(standard).flatMap(([name, value]) => (value ? [] : [`webhook-${name}`]));
  throw new WebhookVerificationError('missing_header', `missing: ${missing.join(', ')}`);
}

/** Reads headers by their name in small letters, in whatever shape and spelling a framework keeps them. */
function reader(headers: VerifyWebhookOptions['headers']): (name: string) => string | undefined {
  const entries: Iterable<[string, string | readonly string[] | undefined]> =
    headers instanceof Headers ? headers : Object.entries(headers);
  const byName = new Map([...entries].map(([name, value]) => [name.toLowerCase(), value]));
  return (name) => {
    const value = byName.get(name);
    return typeof value === 'string' ? value : value?.join(' ');
  };
}

/** Whether one of the given signatures is the right one, in a time that does not tell how much of it was right. */
function holds(given: readonly string[], right: string): boolean {
  const expected = Buffer.from(right);
  return given.some((signature) => {
    const bytes = Buffer.from(signature);
    return bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
}

function fromSeconds(timestamp: string): number {
  if (!/^\d{1,12}$/.test(timestamp)) {
    throw new WebhookVerificationError('invalid_timestamp', 'webhook-timestamp is not a number of seconds');
  }
  return Number(timestamp) * 1000;
}

function fromIso(timestamp: string): number {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new WebhookVerificationError('invalid_timestamp', 'x-stratum-timestamp is not a time in ISO 8601');
  }
  return time;
}

function eventIn(payload: string | Uint8Array): WebhookEvent {
  const value = parsed(payload);
  if (!isEvent(value)) {
    throw new WebhookVerificationError('invalid_payload', 'the body has not the form of an event');
  }
  return value;
}

function parsed(payload: string | Uint8Array): unknown {
  try {
    return JSON.parse(
      typeof payload === 'string' ? payload : new TextDecoder('utf-8', { fatal: true }).decode(payload),
    );
  } catch (cause) {
    throw new WebhookVerificationError('invalid_payload', 'the body is not JSON', { cause });
  }
}

function isEvent(value: unknown): value is WebhookEvent {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const { id, type, tenant_id, created_at, ledger_id, revision } = value as Record<string, unknown>;
  return (
    [id, type, created_at].every((part) => typeof part === 'string') &&
    (typeof tenant_id === 'string' || tenant_id === null) &&
    'data' in value &&
    typeof (ledger_id ?? '') === 'string' &&
    typeof (revision ?? 0) === 'number'
  );
}
