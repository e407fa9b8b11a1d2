import { randomBytes } from 'node:crypto';
import type { HashKey, KeyHash } from './hash.ts';

/** How a key begins: whether it is for a product in use, or for trying things out. */
export type KeyPrefix = 'sk_live_' | 'sk_test_';

/** A new key, in clear for its holder alone, with what is kept of it. */
export interface MintedKey {
  readonly plaintext: string;
  readonly prefix: KeyPrefix;
  readonly hash: KeyHash;
}

/** Makes keys, and knows them again by their hashes. */
export interface KeyMint {
  mint(): MintedKey;
  hashOf(key: string): KeyHash;
}

/** Whether text can be a key that was minted: nobody needs to look for any other. */
export function isMinted(text: string): boolean {
  return /^sk_(live|test)_[A-Za-z0-9_-]{43}$/.test(text);
}

/** Keys of 256 random bits in base64url behind their prefix. */
export function createKeyMint(hashOf: HashKey, prefix: KeyPrefix): KeyMint {
  return {
    mint: () => {
      const plaintext = prefix + randomBytes(32).toString('base64url');
      return { plaintext, prefix, hash: hashOf(plaintext) };
    },
    hashOf,
  };
}
