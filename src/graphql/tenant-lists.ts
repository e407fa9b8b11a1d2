import { requireTenant } from '../domain/tenants/lineage.ts';
import { countTenants, listTenants } from '../domain/tenants/list.ts';
import { pageArgs, statusesArg } from './arguments.ts';
import { builder } from './builder.ts';
import { connectionOf } from './connection.ts';
import { ChildOrderEnum, TenantStatusEnum } from './enums.ts';
import { Tenant } from './tenant.ts';

const TenantConnection = builder.connectionObject(
  {
    type: Tenant,
    name: 'TenantConnection',
    description: 'A page of tenants.',
  },
  { name: 'TenantEdge', description: 'A tenant in a page.' },
);

const anyStatusArg = builder.args((t) => ({
  statuses: t.field({
    type: [TenantStatusEnum],
    required: false,
    description:
      'Refuse a tenant of another status, with the code for what it is: `TENANT_SUSPENDED`, `TENANT_ARCHIVED`.',
  }),
}));

builder.queryFields((t) => ({
  tenant: t.field({
    type: Tenant,
    nullable: true,
    description: 'A tenant by its id, of any status unless told. `TENANT_NOT_FOUND` when there is none for the caller.',
    authScopes: { read: true },
    args: { id: t.arg.id({ description: 'Its id.' }), ...anyStatusArg },
    resolve: async (_root, { id, statuses }, { call, loaders }) =>
      requireTenant(call, await loaders.lineage.load(id), statuses),
  }),
  tenantBySlug: t.field({
    type: Tenant,
    nullable: true,
    description: 'The same by slug.',
    authScopes: { read: true },
    args: { slug: t.arg.string({ description: 'Its slug.' }), ...anyStatusArg },
    resolve: async (_root, { slug, statuses }, { call, loaders }) => {
      const id = await loaders.idBySlug.load(slug);
      return requireTenant(call, id === null ? null : await loaders.lineage.load(id), statuses);
    },
  }),
  tenants: t.field({
    type: TenantConnection,
    description: 'All tenants that exist for the caller, oldest first.',
    authScopes: { read: true },
    args: {
      ...pageArgs,
      ...statusesArg,
      roots: t.arg.boolean({ defaultValue: false, description: 'Only tenants without a parent.' }),
      search: t.arg.string({ required: false, description: 'Only tenants whose name or slug contains this text.' }),
    },
    resolve: async (_root, args, { call }) =>
      connectionOf(await listTenants(call, args), args, () => countTenants(call, args)),
  }),
}));

builder.objectFields(Tenant, (t) => ({
  children: t.field({
    type: TenantConnection,
    description: 'The tenants right below it.',
    args: {
      ...pageArgs,
      ...statusesArg,
      orderBy: t.arg({ type: ChildOrderEnum, defaultValue: 'POSITION', description: 'By what they are put in order.' }),
    },
    resolve: async ({ id }, args, { loaders }) =>
      connectionOf(await loaders.children(args).load(id), args, () =>
        loaders.childCount({ statuses: args.statuses }).load(id),
      ),
  }),
  descendants: t.field({
    type: TenantConnection,
    description: 'Everything below it, depth-first: a parent always before its children.',
    args: {
      ...pageArgs,
      ...statusesArg,
      depth: t.arg.int({ required: false, description: 'How many levels at most; all unless told.' }),
    },
    resolve: async (tenant, args, { loaders }) => {
      const { statuses, depth = null } = args;
      const count = () => loaders.descendantCount({ statuses, depth }).load(tenant);
      return connectionOf(await loaders.descendants(args).load(tenant), args, count);
    },
  }),
  childCount: t.int({
    description: 'How many tenants there are right below it, those archived left out unless told.',
    args: statusesArg,
    resolve: ({ id }, args, { loaders }) => loaders.childCount(args).load(id),
  }),
  descendantCount: t.int({
    description: 'How many tenants there are anywhere below it, those archived left out unless told.',
    args: statusesArg,
    resolve: (tenant, args, { loaders }) => loaders.descendantCount({ ...args, depth: null }).load(tenant),
  }),
}));
