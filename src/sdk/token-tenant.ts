import { claimAt, createVerifier, isOutOfReach } from '../verify-token.ts';
import { Refusal } from './errors.ts';
import { headerOf, type Incoming, type TenantRules } from './rules.ts';
import { isTenantId } from './tenant-id.ts';

/** The tenant that the token of a request names; null when there is no token, or it names none. @throws {Refusal} For a token that isn't accepted. */
export type ReadTokenTenant = (incoming: Incoming<unknown>) => Promise<string | null>;

type Verify = (token: string) => Promise<object> | object;
type TokenRules = Omit<TenantRules<never>, 'resolvers' | 'impersonation' | 'onError'>;

/** Without rules for tokens, the credentials of a request are somebody else's business. @throws {TypeError} For rules that would let wrong tokens in. */
export function createTokenReader(rules: TokenRules): ReadTokenTenant {
  assertSafe(rules);
  const verify = rules.jwtVerify ?? verifierOf(rules);
  const path = rules.jwtClaimPath ?? 'tenant_id';
  return async (incoming) => {
    const [scheme = '', token = ''] = (headerOf(incoming, 'authorization') ?? '').split(/\s+(.*)/);
    return verify !== null && scheme.toLowerCase() === 'bearer' ? tenantIn(await claimsOf(verify, token), path) : null;
  };
}

const asymmetric = ['RS256', 'ES256', 'EdDSA'];

function assertSafe(rules: TokenRules): void {
  for (const name of ['jwtVerify', 'jwtSecret', 'jwksUrl', 'jwtIssuer', 'jwtAudience'] as const) {
    if (name in rules && !rules[name]) {
      throw new TypeError(`${name} is empty`); // a variable that isn't set must not mean that tokens go unchecked
    }
  }
  if ((rules.jwksUrl ?? rules.jwtIssuer) !== undefined && rules.jwtAudience === undefined) {
    throw new TypeError(
      'jwtAudience is missing: without it, tokens that the issuer made for other services are accepted',
    );
  }
  if (rules.jwtAlgorithms?.some((algorithm) => /^(HS|none)/i.test(algorithm))) {
    throw new TypeError('jwtAlgorithms are those of public keys: with others, whoever knows the public key can sign');
  }
}

function verifierOf({ jwtSecret, jwksUrl, jwtIssuer, jwtAudience, jwtAlgorithms }: TokenRules): Verify | null {
  if (jwtSecret === undefined && jwksUrl === undefined) {
    return null;
  }
  const verify = createVerifier({
    secret: jwtSecret ?? null,
    jwksUrl: jwksUrl ?? null,
    algorithms: jwtAlgorithms ?? asymmetric,
    issuer: jwtIssuer ?? null,
    audience: jwtAudience ?? null,
    clockToleranceSeconds: 5,
  });
  return (token) =>
    verify(token).catch((cause: unknown) => {
      throw isOutOfReach(cause) ? new Refusal('SERVICE_UNAVAILABLE', { cause }) : cause;
    });
}

async function claimsOf(verify: Verify, token: string): Promise<object> {
  let claims: unknown;
  try {
    claims = await verify(token);
  } catch (cause) {
    throw cause instanceof Refusal ? cause : new Refusal('UNAUTHORIZED', { cause });
  }
  if (typeof claims !== 'object' || claims === null) {
    throw new Refusal('UNAUTHORIZED');
  }
  return claims;
}

/** A token may leave it to others to say which tenant it is about; what it does say must be right. */
function tenantIn(claims: object, path: string): string | null {
  const id = claimAt({ ...claims }, path);
  if (id === undefined) {
    return null;
  }
  if (!isTenantId(id)) {
    throw new Refusal('UNAUTHORIZED');
  }
  return id.toLowerCase();
}
