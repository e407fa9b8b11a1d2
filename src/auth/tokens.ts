import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { StratumError } from '../domain/errors.ts';
import { scopes as allScopes, type Scope } from '../domain/principal.ts';
import { isUuid } from '../domain/validation.ts';

export interface TokenOptions {
  /** The secret of tokens signed with HS256; null to accept none of those. */
  readonly secret: string | null;
  /** Where the public keys of an issuer are; null to accept no token signed with one. They are kept, and read again when a new one is used. */
  readonly jwksUrl: string | null;
  /** The algorithms of those keys. Never HS256, or a public key could pass for a secret. */
  readonly algorithms: readonly string[];
  /** What `iss` must be; null not to ask. */
  readonly issuer: string | null;
  /** What `aud` must hold; null not to ask. */
  readonly audience: string | null;
  /** How far clocks may differ. */
  readonly clockToleranceSeconds: number;
  /** Where the claims stand, as names or dotted paths. */
  readonly tenantClaim: string;
  readonly scopesClaim: string;
}

/** What a token says. */
export interface TokenClaims {
  readonly subject: string;
  readonly name: string | null;
  readonly tenantId: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
}

/** Reads a token. @throws {StratumError} `UNAUTHORIZED` with what is wrong with it; `SERVICE_UNAVAILABLE` when the keys can't be read. */
export type ReadToken = (token: string) => Promise<TokenClaims>;

export function createTokenReader(options: TokenOptions): ReadToken {
  const verify = createVerifier(options);
  return async (token) => {
    try {
      return claimsOf(await verify(token), options);
    } catch (error) {
      throw error instanceof StratumError ? error : refusalOf(error);
    }
  };
}

type Verify = (token: string) => Promise<JWTPayload>;

/** Which key a token is checked with follows from its algorithm, and each key takes its own algorithms only. */
function createVerifier({
  secret,
  jwksUrl,
  algorithms,
  issuer,
  audience,
  clockToleranceSeconds,
}: TokenOptions): Verify {
  const rules: JWTVerifyOptions = {
    clockTolerance: clockToleranceSeconds,
    ...(issuer !== null && { issuer }),
    ...(audience !== null && { audience }),
  };
  const secretBytes = secret === null ? null : new TextEncoder().encode(secret);
  const keys: JWTVerifyGetKey | null = jwksUrl === null ? null : createRemoteJWKSet(new URL(jwksUrl));
  return async (token) => {
    const isSymmetric = algorithmOf(token) === 'HS256';
    if (isSymmetric && secretBytes !== null) {
      return (await jwtVerify(token, secretBytes, { ...rules, algorithms: ['HS256'] })).payload;
    }
    if (!isSymmetric && keys !== null) {
      return verifyByAny(token, keys, { ...rules, algorithms: [...algorithms] });
    }
    throw unauthorized('its algorithm is not accepted');
  };
}

/** A token need not name its key: then any that the issuer publishes for its algorithm may be the one. */
async function verifyByAny(token: string, keys: JWTVerifyGetKey, rules: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, rules)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) {
      throw error;
    }
    for await (const key of error) {
      const verified = await jwtVerify(token, key, rules).catch(unlessOfAnotherKey);
      if (verified !== null) {
        return verified.payload;
      }
    }
    throw error;
  }
}

function unlessOfAnotherKey(error: unknown): null {
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return null;
  }
  throw error;
}

function algorithmOf(token: string): unknown {
  try {
    return decodeProtectedHeader(token).alg;
  } catch {
    throw unauthorized('its signature or form is not right');
  }
}

const maxTextLength = 255;

function claimsOf(payload: JWTPayload, { tenantClaim, scopesClaim }: TokenOptions): TokenClaims {
  const tenantId = claimAt(payload, tenantClaim);
  if (typeof tenantId !== 'string' || !isUuid(tenantId)) {
    throw unauthorized(`its claim ${tenantClaim} is not the id of a tenant`);
  }
  const { sub, name, exp } = payload;
  return {
    subject: textOf(sub, 'sub') ?? '',
    name: textOf(name, 'name'),
    tenantId: tenantId.toLowerCase(),
    scopes: scopesOf(claimAt(payload, scopesClaim)),
    expiresAt: exp === undefined ? null : timeOf(exp),
  };
}

/** A claim by its name; failing that, by a path of names with dots between. */
function claimAt(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) {
    return payload[path];
  }
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined),
      payload,
    );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What isn't a list says nothing of more than reading; of a list, only words that are scopes count. */
function scopesOf(claim: unknown): readonly Scope[] {
  return Array.isArray(claim) ? allScopes.filter((scope) => claim.includes(scope)) : ['read'];
}

/** A number of seconds that is a time: there is one for some of them only. */
function timeOf(seconds: number): Date {
  const time = new Date(seconds * 1_000);
  if (Number.isNaN(time.getTime())) {
    throw unauthorized('its claim exp is not a time');
  }
  return time;
}

/** Text that can stand in the ledger. */
function textOf(value: unknown, claim: string): string | null {
  if (value === undefined || value === null) {
    return null;
  }
  if (typeof value !== 'string' || value.length > maxTextLength || value.includes('\0') || !value.isWellFormed()) {
    throw unauthorized(`its claim ${claim} is not text of at most ${maxTextLength} characters`);
  }
  return value;
}

function refusalOf(error: unknown): Error {
  if (error instanceof errors.JWTExpired) {
    return unauthorized('it has expired');
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return unauthorized(`its claim ${error.claim} is not what it must be`);
  }
  if (isOutOfReach(error)) {
    return new StratumError('SERVICE_UNAVAILABLE', 'The keys of the token’s issuer can not be read at the moment', {
      cause: error,
    });
  }
  return unauthorized('its signature or form is not right');
}

/** What is wrong with the keys and not with the token: no answer, an error as answer, or something that isn't a set of keys. */
function isOutOfReach(error: unknown): boolean {
  const atFault = [errors.JWKSTimeout, errors.JWKSInvalid].some((kind) => error instanceof kind);
  return atFault || !(error instanceof errors.JOSEError) || error.code === errors.JOSEError.code;
}

export function unauthorized(reason: string): StratumError {
  return new StratumError('UNAUTHORIZED', `The token is not accepted: ${reason}`);
}
