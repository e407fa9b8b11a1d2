import { requireRole } from '../domain/roles/find.ts';
import { countRoles, listRoles } from '../domain/roles/list.ts';
import type { Role as RoleRow } from '../domain/roles/rows.ts';
import { requireTenant } from '../domain/tenants/lineage.ts';
import { pageArgs } from './arguments.ts';
import { builder } from './builder.ts';
import { connectionOf } from './connection.ts';
import { ScopeEnum } from './enums.ts';
import { Node } from './node.ts';
import { Tenant, tenantWithId } from './tenant.ts';

export const Role = builder.objectRef<RoleRow>('Role').implement({
  description: 'A name for what API keys may do: what changes in it changes for all keys that have it.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id.' }),
    tenantId: t.exposeID('tenantId', {
      nullable: true,
      description: 'The tenant where it is at home: keys there and below may have it. Null for the whole installation.',
    }),
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description: 'The tenant where it is at home; null for the whole installation.',
      resolve: ({ tenantId }, _args, context) => tenantWithId(tenantId, context),
    }),
    name: t.exposeString('name', { description: 'Its name, unique in its home.' }),
    description: t.exposeString('description', { nullable: true, description: 'What it is for.' }),
    scopes: t.expose('scopes', { type: [ScopeEnum], description: 'What keys that have it may do.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
  }),
});

const RoleConnection = builder.connectionObject(
  {
    type: Role,
    name: 'RoleConnection',
    description: 'A page of roles.',
  },
  { name: 'RoleEdge', description: 'A role in a page.' },
);

builder.queryFields((t) => ({
  roles: t.field({
    type: RoleConnection,
    nullable: true,
    description: 'The roles that exist for the caller, by name: those of the installation are there for everybody.',
    authScopes: { read: true },
    args: {
      ...pageArgs,
      tenantId: t.arg.id({
        required: false,
        description: 'Only roles of exactly this tenant, and those of the installation.',
      }),
    },
    resolve: async (_root, args, { call, loaders }) => {
      if (args.tenantId) {
        requireTenant(call, await loaders.lineage.load(args.tenantId));
      }
      return connectionOf(await listRoles(call, args), args, () => countRoles(call, args));
    },
  }),
  role: t.field({
    type: Role,
    nullable: true,
    description: 'A role by its id. `NOT_FOUND` when there is none for the caller.',
    authScopes: { read: true },
    args: { id: t.arg.id({ description: 'Its id.' }) },
    resolve: (_root, { id }, { call }) => requireRole(call, id),
  }),
}));
