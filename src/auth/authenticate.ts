import { StratumError } from '../domain/errors.ts';
import type { Principal } from '../domain/principal.ts';
import { apiKeyOf, type RequestHeaders } from './credentials.ts';
import { createKeyHash, isSameHash, type KeyHash } from './key-hash.ts';

/** A key that the configuration names, with every right in the installation. */
export interface ConfiguredKey {
  readonly id: string;
  readonly key: string;
}

export interface AuthenticatorOptions {
  /** The secret that keys are hashed under. */
  readonly hmacSecret: string;
  readonly configuredKeys: readonly ConfiguredKey[];
}

/**
 * Who sent a request, by its headers.
 * @throws {StratumError} `UNAUTHORIZED` when it has no key, or one that is not accepted.
 */
export type Authenticate = (headers: RequestHeaders) => Promise<Principal>;

interface KnownKey {
  readonly hash: KeyHash;
  readonly principal: Principal;
}

export function createAuthenticator({ hmacSecret, configuredKeys }: AuthenticatorOptions): Authenticate {
  const hashOf = createKeyHash(hmacSecret);
  const known = configuredKeys.map(({ id, key }) => ({ hash: hashOf(key), principal: installationAdmin(id) }));
  return async (headers) => {
    const key = apiKeyOf(headers);
    if (key === null) {
      throw new StratumError('UNAUTHORIZED', 'An API key is required, in X-API-Key or as a bearer token');
    }
    const principal = findPrincipal(known, hashOf(key));
    if (principal === null) {
      throw new StratumError('UNAUTHORIZED', 'Invalid or revoked API key');
    }
    return principal;
  };
}

/** Compares with every key, so that the time tells nothing about which one it is or is close to. */
function findPrincipal(known: readonly KnownKey[], hash: KeyHash): Principal | null {
  const found = known.filter((one) => isSameHash(one.hash, hash));
  return found[0]?.principal ?? null;
}

function installationAdmin(id: string): Principal {
  return { type: 'api_key', id, scopes: ['admin'], home: null };
}
