import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { canSee, type Scope } from '../principal.ts';
import type { KeyPrefix } from './mint.ts';

/** An API key, as everybody who may administer it sees it: the key itself is not part of it. */
export interface ApiKey {
  readonly id: string;
  /** Null for a key of the whole installation. */
  readonly tenantId: string | null;
  readonly name: string | null;
  readonly prefix: KeyPrefix;
  /** What it may do while it has no role. */
  readonly scopes: readonly Scope[];
  /** What it may do now. */
  readonly effectiveScopes: readonly Scope[];
  readonly roleId: string | null;
  readonly rateLimitMax: number | null;
  readonly rateLimitWindow: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

/** A key in clear, for the only time, with what is known of it. */
export interface IssuedApiKey {
  readonly plaintextKey: string;
  readonly apiKey: ApiKey;
}

/** `api_keys k` with its tenant `t` and its role `r`, which is at home in the tenant `h`. */
export const keysWithHomes = Prisma.sql`
  api_keys k left join tenants t on t.key = k.tenant_key left join roles r on r.id = k.role_id left join tenants h on h.key = r.tenant_key`;

/** What a key may do now: the role it has decides, from the role's home down. */
const effectiveScopes = Prisma.sql`effective_scopes(k.scopes, r.id, r.tenant_key, r.scopes, t.path, h.path)`;

/** A key as it is read, with what says who may see its role. */
export interface ApiKeyRow extends ApiKey {
  readonly rolePath: string | null;
}

/** The columns of {@link keysWithHomes} as an {@link ApiKeyRow}. */
export const keyColumns = Prisma.sql`
  k.id, t.id as "tenantId", k.name, k.prefix, k.scopes::text[] as scopes, ${effectiveScopes} as "effectiveScopes", k.role_id as "roleId",
  h.path as "rolePath", k.rate_limit_max as "rateLimitMax", k.rate_limit_window as "rateLimitWindow", k.created_at as "createdAt",
  k.expires_at as "expiresAt", k.last_used_at as "lastUsedAt", k.revoked_at as "revokedAt"`;

/** A key as the caller may see it: roles from above their home go unnamed. */
export function shownKey({ principal }: Pick<Call, 'principal'>, { rolePath, ...key }: ApiKeyRow): ApiKey {
  return rolePath === null || canSee(principal, rolePath) ? key : { ...key, roleId: null };
}

/** A key's public state, as events keep it. */
export function keyState(key: ApiKey): object {
  return {
    id: key.id,
    tenant_id: key.tenantId,
    name: key.name,
    key_prefix: key.prefix,
    scopes: key.scopes,
    role_id: key.roleId,
    rate_limit_max: key.rateLimitMax,
    rate_limit_window: key.rateLimitWindow,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
  };
}
