import { createHmac, randomBytes } from 'node:crypto';

/** One attempt to deliver an event, as far as its headers tell of it. */
export interface SignedAttempt {
  /** The same for every attempt and redelivery: what receivers know duplicates by. */
  readonly eventId: string;
  readonly eventType: string;
  readonly deliveryId: string;
  readonly sentAt: Date;
  /** The body exactly as it is sent. */
  readonly body: string;
  /** The current secret, then those that it takes over from. */
  readonly secrets: readonly [current: string, ...previous: string[]];
}

/** The headers of an attempt: Stratum's own, and those of Standard Webhooks (https://www.standardwebhooks.com). */
export function signedHeaders({ eventId, eventType, deliveryId, sentAt, body, secrets }: SignedAttempt) {
  const timestamp = sentAt.toISOString();
  const seconds = String(Math.floor(sentAt.getTime() / 1000));
  const [current] = secrets;
  return {
    'x-stratum-event': eventType,
    'x-stratum-delivery-id': deliveryId,
    'x-stratum-timestamp': timestamp,
    'x-stratum-signature': ownSignature(current, { timestamp, body }),
    'webhook-id': eventId,
    'webhook-timestamp': seconds,
    'webhook-signature': secrets
      .map((secret) => standardSignature(secret, { id: eventId, timestamp: seconds, body }))
      .join(' '),
  };
}

/** What stands in `X-Stratum-Signature`. The key is the secret as it is written, whatever its form. */
export function ownSignature(
  secret: string,
  { timestamp, body }: { timestamp: string; body: string | Uint8Array },
): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`;
}

/** One of the signatures that stand in `webhook-signature`. */
export function standardSignature(
  secret: string,
  { id, timestamp, body }: { id: string; timestamp: string; body: string | Uint8Array },
): string {
  const mac = createHmac('sha256', standardKey(secret)).update(`${id}.${timestamp}.`).update(body);
  return `v1,${mac.digest('base64')}`;
}

const standardPrefix = 'whsec_';
const minSecretLength = 16;
const maxSecretLength = 255;

/** A secret that nobody chose: 32 random bytes in the form of Standard Webhooks. */
export function newWebhookSecret(): string {
  return `${standardPrefix}${randomBytes(32).toString('base64')}`;
}

/** Why a text can't be a secret; null if it can. */
export function webhookSecretFault(secret: string): string | null {
  const length = [...secret].length;
  if (length < minSecretLength || length > maxSecretLength) {
    return `must have ${minSecretLength} to ${maxSecretLength} characters`;
  }
  if (!secret.isWellFormed() || secret.includes('\0')) {
    return 'must not contain NUL characters or lone surrogates';
  }
  // Libraries of receivers decode whatever follows the prefix, each forgiving other mistakes.
  if (secret.startsWith(standardPrefix) && (decoded(secret)?.length ?? 0) < minSecretLength) {
    return `must have base64 of ${minSecretLength} bytes or more after ${standardPrefix}`;
  }
  return null;
}

function standardKey(secret: string): Buffer {
  return decoded(secret) ?? Buffer.from(secret);
}

/** The bytes of a secret in the form of Standard Webhooks; null for any other. Node's decoder skips what isn't base64, hence the way back. */
function decoded(secret: string): Buffer | null {
  if (!secret.startsWith(standardPrefix)) {
    return null;
  }
  const base64 = secret.slice(standardPrefix.length);
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? bytes : null;
}
