import type { Authenticate } from '../auth/authenticate.ts';
import { StratumError } from '../domain/errors.ts';
import type { KeyHolder } from './key-types.ts';

/** Who a key belongs to, asked as a request with it would be; null when it is not accepted. */
export async function validateKey(authenticate: Authenticate, key: string): Promise<KeyHolder | null> {
  try {
    const { principal, assertInUse } = await authenticate({ headers: { 'x-api-key': String(key) }, peer: undefined });
    assertInUse();
    const { id, home, scopes, rateLimit } = principal;
    return {
      tenant_id: home?.tenantId ?? null,
      key_id: id,
      scopes: [...scopes],
      rate_limit_max: rateLimit?.max ?? null,
      rate_limit_window: rateLimit?.window ?? null,
    };
  } catch (error) {
    if (error instanceof StratumError && error.code === 'UNAUTHORIZED') {
      return null;
    }
    throw error;
  }
}
