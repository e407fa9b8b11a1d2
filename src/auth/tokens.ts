import { errors, type JWTPayload } from 'jose';
import { StratumError } from '../domain/errors.ts';
import { scopes as allScopes, type Scope } from '../domain/principal.ts';
import { isUuid } from '../domain/validation.ts';
import { claimAt, createVerifier, isOutOfReach, type Verification } from '../verify-token.ts';

export interface TokenOptions extends Verification {
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
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return unauthorized('its algorithm is not accepted');
  }
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

export function unauthorized(reason: string): StratumError {
  return new StratumError('UNAUTHORIZED', `The token is not accepted: ${reason}`);
}
