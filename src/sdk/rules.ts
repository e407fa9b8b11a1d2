import type { TenantContext } from './tenant-context.ts';

/** Says which tenant a request is for. */
export interface TenantResolver<Request> {
  /** The id of a tenant, or nothing when the request doesn't say. */
  resolve(request: Request): Promise<string | null | undefined> | string | null | undefined;
}

/** Lets some act for other tenants, such as people in support. */
export interface Impersonation<Request> {
  /** The header that names the tenant to act for. `X-Impersonate-Tenant` unless told. */
  readonly headerName?: string;
  /** Whether the sender of a request may act for a tenant: only `true` lets it. Asked before the tenant is looked up. */
  authorize(request: Request, caller: TenantContext, targetTenantId: string): Promise<boolean> | boolean;
  /** Told of every request that acts for another tenant, for your own records. */
  onImpersonate?(request: Request, caller: TenantContext, target: TenantContext): Promise<void> | void;
}

/** How the tenant of a request is found: by a token, then by a header, then by resolvers. */
export interface TenantRules<Request> {
  /** Checks a token and gives its claims; whatever it throws means that the token is not accepted. Goes before the rules below. */
  readonly jwtVerify?: (token: string) => Promise<object> | object;
  /** The secret of tokens signed with HS256. */
  readonly jwtSecret?: string;
  /** Where the public keys of an issuer are, for tokens signed with one of them. Needs `jwtAudience`. */
  readonly jwksUrl?: string;
  /** The algorithms of those keys: `RS256`, `ES256`, `EdDSA` unless told. */
  readonly jwtAlgorithms?: readonly string[];
  /** What `iss` must be. Needs `jwtAudience`. */
  readonly jwtIssuer?: string;
  /** What `aud` must hold. */
  readonly jwtAudience?: string;
  /** Where the tenant's id stands among the claims, as a name or a dotted path. `tenant_id` unless told. */
  readonly jwtClaimPath?: string;
  /**
   * Whether to believe `X-Tenant-ID` of anybody who can send a request: only behind a gateway that sets it. Without this it counts beside a token alone,
   * and may name what is beneath the token's tenant.
   */
  readonly trustHeader?: boolean;
  /** Asked in turn when neither token nor header names a tenant. */
  readonly resolvers?: readonly TenantResolver<Request>[];
  readonly impersonation?: Impersonation<Request>;
  /** Told of what went wrong on our side: why a request was answered 503, or what a resolver threw. */
  onError?(error: unknown, request: Request): void;
}

/** A request of some framework. */
export interface Incoming<Request> {
  readonly request: Request;
  header(name: string): string | null | undefined;
}

/** For whom a request is served. */
export interface Served {
  readonly tenant: TenantContext;
  /** Whether its sender acts for a tenant that isn't their own. */
  readonly impersonating: boolean;
  /** Their own, if so. */
  readonly originalTenantId?: string;
}

/** A header with something in it. */
export function headerOf({ header }: Incoming<unknown>, name: string): string | undefined {
  const value = header(name)?.trim();
  return value === '' ? undefined : value;
}
