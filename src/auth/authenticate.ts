import { isSameHash, type KeyHash } from '../domain/api-keys/hash.ts';
import type { HolderReader, HomeTenant, KeyHolder } from '../domain/api-keys/holders.ts';
import { isMinted, type KeyMint } from '../domain/api-keys/mint.ts';
import type { KeyUsage } from '../domain/api-keys/usage.ts';
import { StratumError } from '../domain/errors.ts';
import type { Principal } from '../domain/principal.ts';
import { assertStatus } from '../domain/tenants/lifecycle.ts';
import { credentialOf, type RequestHeaders } from './credentials.ts';
import { type ReadToken, unauthorized } from './tokens.ts';

/** A key that the configuration names, with every right in the installation. */
export interface ConfiguredKey {
  readonly id: string;
  readonly key: string;
  /** Whether it works only for callers on this machine who call it by a name of its own: everybody knows the key. */
  readonly isLocal?: boolean;
}

export interface AuthenticatorOptions {
  readonly configuredKeys: readonly ConfiguredKey[];
  readonly keys: KeyMint;
  readonly holders: HolderReader;
  readonly usage: Pick<KeyUsage, 'note'>;
  /** Null when no tokens are accepted. */
  readonly readToken: ReadToken | null;
}

/** What is known of a request before anybody knows who sent it. */
export interface Arrival {
  readonly headers: RequestHeaders;
  /** The address at the other end of the connection. */
  readonly peer: string | undefined;
}

/** Somebody who is known. */
export interface Known {
  readonly principal: Principal;
  /** Refuses them while their tenant is out of use: `TENANT_SUSPENDED`, `TENANT_ARCHIVED`. */
  assertInUse(): void;
  /** Who that is by now. It throws what the request would be refused with. */
  recheck(): Promise<Known>;
}

/**
 * Who sent a request, asked anew for each, in at most one statement: what was revoked, has expired or may do less is known as that to the
 * next request in every process.
 * @throws {StratumError} `UNAUTHORIZED` when it has no credential, or one that is not accepted.
 */
export type Authenticate = (arrival: Arrival) => Promise<Known>;

export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  const { keys, holders, usage, readToken } = options;
  const configured = options.configuredKeys.map((key) => ({ ...key, hash: keys.hashOf(key.key) }));
  const byToken = async (token: string, read: ReadToken): Promise<Found> => {
    const { subject, tenantId, scopes, name, expiresAt } = await read(token);
    const home = await holders.tenant(tenantId);
    if (home?.status !== 'active') {
      throw unauthorized('its tenant is not in use');
    }
    const principal = { type: 'jwt', id: subject, name, scopes, home: homeOf(home), expiresAt } as const;
    return { principal, assertInUse: () => {} };
  };
  const byKey = async (text: string, hash: KeyHash): Promise<Found> => {
    const holder = isMinted(text) ? await holders.ofKey(hash) : null;
    if (holder === null) {
      throw new StratumError('UNAUTHORIZED', 'Invalid or revoked API key');
    }
    usage.note(holder.id);
    return { principal: principalOf(holder), assertInUse: () => assertInUse(holder.home) };
  };
  /** How the holder of a credential is found out, however often: what can be known of the credential itself is found out once. */
  const finder = (arrival: Arrival): (() => Found | Promise<Found>) => {
    const credential = credentialOf(arrival.headers);
    if (credential === null) {
      throw new StratumError('UNAUTHORIZED', 'An API key is required, in X-API-Key or as a bearer token');
    }
    const { kind, text } = credential;
    const hash = keys.hashOf(text);
    const known = findConfigured(configured, hash);
    if (known !== null) {
      return () => admitConfigured(known, arrival);
    }
    return kind === 'bearer' && readToken !== null && isToken(text)
      ? () => byToken(text, readToken)
      : () => byKey(text, hash);
  };
  return async (arrival) => {
    const find = finder(arrival);
    const ask = async (): Promise<Known> => ({ ...(await find()), recheck: ask });
    return ask();
  };
}

type Found = Omit<Known, 'recheck'>;

function principalOf({ id, name, scopes, home, expiresAt, rateLimitMax, rateLimitWindow }: KeyHolder): Principal {
  const rateLimit = { max: rateLimitMax, window: rateLimitWindow };
  return { type: 'api_key', id, name, scopes, home: home && homeOf(home), expiresAt, rateLimit };
}

function homeOf({ id, path }: HomeTenant): { tenantId: string; path: string } {
  return { tenantId: id, path };
}

function assertInUse(home: HomeTenant | null): void {
  if (home !== null) {
    assertStatus(home, ['active']);
  }
}

interface KnownKey extends ConfiguredKey {
  readonly hash: KeyHash;
}

/** Compares with every key, so that the time tells nothing about which one it is or is close to. */
function findConfigured(configured: readonly KnownKey[], hash: KeyHash): KnownKey | null {
  const found = configured.filter((one) => isSameHash(one.hash, hash));
  return found[0] ?? null;
}

function admitConfigured({ id, isLocal = false }: KnownKey, arrival: Arrival): Found {
  if (isLocal && !isFromHere(arrival)) {
    throw new StratumError(
      'UNAUTHORIZED',
      'The development key works on localhost only; set STRATUM_BOOTSTRAP_KEY to call from elsewhere',
    );
  }
  const principal: Principal = { type: 'api_key', id, name: null, scopes: ['admin'], home: null, expiresAt: null };
  return { principal, assertInUse: () => {} };
}

/** Three parts, of which the first is a JSON object: no key looks like that. */
function isToken(text: string): boolean {
  return /^eyJ[\w-]*\.[\w-]*\.[\w-]*$/.test(text);
}

/** Both the caller and the name it calls by: a page on the web can make a name of its own point to this machine. */
export function isFromHere({ headers, peer = '' }: Arrival): boolean {
  const host = typeof headers['host'] === 'string' ? headers['host'] : '';
  return (
    /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/.test(peer) && /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host)
  );
}
