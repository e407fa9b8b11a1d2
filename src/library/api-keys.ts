import { restName } from '../rest/names.ts';
import type { Actor } from './actor.ts';
import type { NewApiKey } from './inputs.ts';
import type { ApiKey, IssuedApiKey, Scope } from './key-types.ts';
import { getApiKey, getKeyScopes } from './own-routes.ts';
import type { Run } from './run.ts';
import { wasThere } from './was-there.ts';

export type ApiKeyMethods = ReturnType<typeof apiKeyMethods>;

/** API keys. */
export function apiKeyMethods(run: Run) {
  return {
    /** Issues a key of a tenant, or with null of the whole installation. The answer shows it for the only time. */
    createApiKey: (
      tenantId: string | null,
      input: string | NewApiKey = {},
      expiresAt?: Date | string | null,
      actor?: Actor,
    ) => {
      const body = { expires_at: expiresAt, ...inSnakeCase(typeof input === 'string' ? { name: input } : input) };
      return run<IssuedApiKey>('POST /api-keys', { body: { ...body, tenant_id: tenantId } }, actor);
    },
    /** Issues a key in place of another, with its scopes, role, limits and expiry. */
    rotateApiKey: (id: string, newName?: string | null, actor?: Actor) =>
      run<IssuedApiKey>('POST /api-keys/:id/rotate', { params: { id }, body: { name: newName } }, actor),
    /** Ends a key; false when there is none that goes on. */
    revokeApiKey: (id: string, actor?: Actor) => wasThere(run('DELETE /api-keys/:id', { params: { id } }, actor)),
    /** Keys, newest first, those that have ended included: those of a tenant, or all. */
    listApiKeys: (tenantId?: string) => run<ApiKey[]>('GET /api-keys', { query: { tenant_id: tenantId } }),
    getApiKey: (id: string) => run<ApiKey>(getApiKey, { query: { id } }),
    /** Keys that work and were not used for so many days, those that never were first. */
    listDormantKeys: (days = 90) => run<ApiKey[]>('GET /api-keys/dormant', { query: { days } }),
    /** What a key may do now: what its role says, if it has one. */
    resolveKeyScopes: (id: string) => run<Scope[]>(getKeyScopes, { query: { id } }),
  };
}

function inSnakeCase(input: object): object {
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [restName(name), value]));
}
