import { Prisma } from '../db/generated/prisma/client.ts';
import { beneath, isWithin } from './tenants/path.ts';

/** What a principal may do; each covers the ones before it. */
export const scopes = ['read', 'write', 'admin'] as const;

export type Scope = (typeof scopes)[number];

/** Where a principal is at home: one tenant and everything beneath it. */
export interface Home {
  readonly tenantId: string;
  readonly path: string;
}

/** How many requests a principal may send in how long. What is null is as the installation has it. */
export interface RateLimit {
  readonly max: number | null;
  readonly window: string | null;
}

/** Who calls. `home` null is the whole installation. */
export interface Principal {
  readonly type: 'api_key' | 'jwt' | 'system';
  readonly id: string;
  readonly scopes: readonly Scope[];
  readonly home: Home | null;
  /** What people call it. */
  readonly name?: string | null;
  /** When it ends by itself; null for never. */
  readonly expiresAt?: Date | null;
  readonly rateLimit?: RateLimit;
}

/** The program itself, which sees everything; nothing that it sees alone is shown to anybody. */
export const omniscient: Principal = { type: 'system', id: 'stratum', scopes: ['admin'], home: null };

/** What tells the principal from all others: the subjects of tokens are named by each tenant as it likes. */
export function principalName({ type, id, home }: Principal): string {
  return type === 'jwt' ? `jwt:${home?.tenantId ?? ''}:${id}` : `${type}:${id}`;
}

/** Whether the principal holds `scope`, directly or through a wider one. */
export function hasScope({ scopes: held }: Principal, scope: Scope): boolean {
  return held.some((one) => scopes.indexOf(one) >= scopes.indexOf(scope));
}

/** Whether everything that `scopes` allow is allowed to the principal already. */
export function covers(principal: Principal, scopes: readonly Scope[]): boolean {
  return scopes.every((scope) => hasScope(principal, scope));
}

/** Whether a tenant at `path` exists for the principal. */
export function canSee({ home }: Principal, path: string): boolean {
  return home === null || isWithin(path, home.path);
}

/** The same as a filter: every read of tenants by Prisma starts from it. */
export function visibleTo({ home }: Principal): Prisma.TenantWhereInput {
  return home === null ? {} : { path: { gte: home.path, lt: beneath(home.path).before } };
}

/** The same for hand-written SQL, of rows of `tenants t`. What has no tenant is there for principals of the installation alone. */
export function visibleSql({ home }: Principal): Prisma.Sql {
  return home === null
    ? Prisma.sql`true`
    : Prisma.sql`t.path >= ${home.path} and t.path < ${beneath(home.path).before}`;
}
