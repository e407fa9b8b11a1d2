import type { Prisma } from '../db/generated/prisma/client.ts';
import { beneath, isWithin } from './tenants/path.ts';

/** What a principal may do; each covers the ones before it. */
export const scopes = ['read', 'write', 'admin'] as const;

export type Scope = (typeof scopes)[number];

/** Where a principal is at home: one tenant and everything beneath it. */
export interface Home {
  readonly tenantId: string;
  readonly path: string;
}

/** Who calls. `home` null is the whole installation. */
export interface Principal {
  readonly type: 'api_key' | 'jwt' | 'system';
  readonly id: string;
  readonly scopes: readonly Scope[];
  readonly home: Home | null;
}

/** Whether the principal holds `scope`, directly or through a wider one. */
export function hasScope({ scopes: held }: Principal, scope: Scope): boolean {
  return held.some((one) => scopes.indexOf(one) >= scopes.indexOf(scope));
}

/** Whether a tenant at `path` exists for the principal. */
export function canSee({ home }: Principal, path: string): boolean {
  return home === null || isWithin(path, home.path);
}

/** The same as a filter: every read of tenants by Prisma starts from it. */
export function visibleTo({ home }: Principal): Prisma.TenantWhereInput {
  return home === null ? {} : { path: { gte: home.path, lt: beneath(home.path).before } };
}
