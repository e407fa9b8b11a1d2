import { Prisma } from '../../db/generated/prisma/client.ts';
import { type Principal, type Scope, visibleSql } from '../principal.ts';

/** A name for what keys may do. */
export interface Role {
  readonly id: string;
  /** Null for a role of the whole installation. */
  readonly tenantId: string | null;
  readonly name: string;
  readonly description: string | null;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** `roles r` with its tenant `t`. */
export const rolesWithHomes = Prisma.sql`roles r left join tenants t on t.key = r.tenant_key`;

/** The columns of {@link rolesWithHomes} as a {@link Role}. */
export const roleColumns = Prisma.sql`
  r.id, t.id as "tenantId", r.name, r.description, r.scopes::text[] as scopes, r.created_at as "createdAt", r.updated_at as "updatedAt"`;

/** Rows of {@link rolesWithHomes} that exist for the principal: roles of the installation are there for everybody to assign. */
export function roleVisibleTo(principal: Principal): Prisma.Sql {
  return Prisma.sql`(r.tenant_key is null or ${visibleSql(principal)})`;
}

/** A role's public state, as events keep it. */
export function roleState(role: Role): object {
  return {
    id: role.id,
    tenant_id: role.tenantId,
    name: role.name,
    description: role.description,
    scopes: role.scopes,
    created_at: role.createdAt.toISOString(),
    updated_at: role.updatedAt.toISOString(),
  };
}
