import { createHmac, timingSafeEqual } from 'node:crypto';

/** A key as it may be kept: whoever reads it, without the secret, can neither use nor guess the key. */
export type KeyHash = Buffer;

export type HashKey = (key: string) => KeyHash;

/** HMAC-SHA-256 under the installation's secret. */
export function createKeyHash(secret: string): HashKey {
  return (key) => createHmac('sha256', secret).update(key).digest();
}

/** Takes the same time whether the first byte differs or the last. */
export function isSameHash(one: KeyHash, other: KeyHash): boolean {
  return timingSafeEqual(one, other);
}
