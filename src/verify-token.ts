import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';

/** What a token must be for its claims to be believed. */
export interface Verification {
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
}

/** Gives the claims of a token. @throws An error of jose, or of reading the keys: {@link isOutOfReach} tells which. */
export type Verify = (token: string) => Promise<JWTPayload>;

/** Which key a token is checked with follows from its algorithm, and each key takes its own algorithms only. */
export function createVerifier({
  secret,
  jwksUrl,
  algorithms,
  issuer,
  audience,
  clockToleranceSeconds,
}: Verification): Verify {
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
    throw new errors.JOSEAlgNotAllowed('No key takes this algorithm');
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
  } catch (error) {
    throw new errors.JWSInvalid('The token has no header', { cause: error });
  }
}

/** What is wrong with the keys and not with the token: no answer, an error as answer, or something that isn't a set of keys. */
export function isOutOfReach(error: unknown): boolean {
  const atFault = [errors.JWKSTimeout, errors.JWKSInvalid].some((kind) => error instanceof kind);
  return atFault || !(error instanceof errors.JOSEError) || error.code === errors.JOSEError.code;
}

/** A claim by its name; failing that, by a path of names with dots between. */
export function claimAt(payload: Readonly<Record<string, unknown>>, path: string): unknown {
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
