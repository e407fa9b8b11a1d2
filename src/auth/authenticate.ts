import { StratumError } from '../domain/errors.ts';
import type { Principal } from '../domain/principal.ts';
import { apiKeyOf, type RequestHeaders } from './credentials.ts';
import { createKeyHash, isSameHash, type KeyHash } from './key-hash.ts';

/** A key that the configuration names, with every right in the installation. */
export interface ConfiguredKey {
  readonly id: string;
  readonly key: string;
  /** Whether it works only for callers on this machine who call it by a name of its own: everybody knows the key. */
  readonly isLocal?: boolean;
}

export interface AuthenticatorOptions {
  /** The secret that keys are hashed under. */
  readonly hmacSecret: string;
  readonly configuredKeys: readonly ConfiguredKey[];
}

/** What is known of a request before anybody knows who sent it. */
export interface Arrival {
  readonly headers: RequestHeaders;
  /** The address at the other end of the connection. */
  readonly peer: string | undefined;
}

/**
 * Who sent a request.
 * @throws {StratumError} `UNAUTHORIZED` when it has no key, or one that is not accepted.
 */
export type Authenticate = (arrival: Arrival) => Promise<Principal>;

interface KnownKey {
  readonly hash: KeyHash;
  readonly principal: Principal;
  readonly isLocal: boolean;
}

export function createAuthenticator({ hmacSecret, configuredKeys }: AuthenticatorOptions): Authenticate {
  const hashOf = createKeyHash(hmacSecret);
  const known = configuredKeys.map(({ id, key, isLocal = false }) => ({
    hash: hashOf(key),
    principal: installationAdmin(id),
    isLocal,
  }));
  return async (arrival) => {
    const key = apiKeyOf(arrival.headers);
    if (key === null) {
      throw new StratumError('UNAUTHORIZED', 'An API key is required, in X-API-Key or as a bearer token');
    }
    const found = findKey(known, hashOf(key));
    if (found === null) {
      throw new StratumError('UNAUTHORIZED', 'Invalid or revoked API key');
    }
    if (found.isLocal && !isLocal(arrival)) {
      throw new StratumError(
        'UNAUTHORIZED',
        'The development key works on localhost only; set STRATUM_BOOTSTRAP_KEY to call from elsewhere',
      );
    }
    return found.principal;
  };
}

/** Compares with every key, so that the time tells nothing about which one it is or is close to. */
function findKey(known: readonly KnownKey[], hash: KeyHash): KnownKey | null {
  const found = known.filter((one) => isSameHash(one.hash, hash));
  return found[0] ?? null;
}

/** Both the caller and the name it calls by: a page on the web can make a name of its own point to this machine. */
function isLocal({ headers, peer = '' }: Arrival): boolean {
  const host = typeof headers['host'] === 'string' ? headers['host'] : '';
  return (
    /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/.test(peer) && /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host)
  );
}

function installationAdmin(id: string): Principal {
  return { type: 'api_key', id, scopes: ['admin'], home: null };
}
