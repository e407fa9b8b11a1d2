import { countApiKeys, countDormantKeys, listApiKeys, listDormantKeys } from '../domain/api-keys/list.ts';
import type { ApiKey as Key } from '../domain/api-keys/rows.ts';
import { requireTenant } from '../domain/tenants/lineage.ts';
import { pageArgs } from './arguments.ts';
import { builder } from './builder.ts';
import { connectionOf } from './connection.ts';
import { ScopeEnum } from './enums.ts';
import { Node } from './node.ts';
import { Role } from './role.ts';
import { Tenant, tenantWithId } from './tenant.ts';

export const ApiKey = builder.objectRef<Key>('ApiKey').implement({
  description: 'What a program calls with. The key itself is shown once, to who issues it, and kept nowhere.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id, by which the ledger names who did something with it.' }),
    tenantId: t.exposeID('tenantId', {
      nullable: true,
      description: 'The id of the tenant where it is at home; null for the whole installation.',
    }),
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description: 'The tenant where it is at home; null for the whole installation.',
      resolve: ({ tenantId }, _args, context) => tenantWithId(tenantId, context),
    }),
    name: t.exposeString('name', { nullable: true, description: 'What people call it.' }),
    keyPrefix: t.exposeString('prefix', { description: 'How the key begins: `sk_live_` or `sk_test_`.' }),
    scopes: t.expose('scopes', { type: [ScopeEnum], description: 'What it may do while it has no role.' }),
    effectiveScopes: t.expose('effectiveScopes', {
      type: [ScopeEnum],
      description: 'What it may do now: what its role says, if it has one.',
    }),
    roleId: t.exposeID('roleId', {
      nullable: true,
      description:
        'The id of its role; null for none, and where the role is of a tenant outside what the caller may see.',
    }),
    role: t.field({
      type: Role,
      nullable: true,
      description: 'Its role; null for none, and where the role is of a tenant outside what the caller may see.',
      resolve: ({ roleId }, _args, { loaders }) => (roleId === null ? null : loaders.role.load(roleId)),
    }),
    rateLimitMax: t.exposeInt('rateLimitMax', {
      nullable: true,
      description: 'How many requests it may send in `rateLimitWindow`; null for as many as the installation allows.',
    }),
    rateLimitWindow: t.exposeString('rateLimitWindow', {
      nullable: true,
      description: 'The time its requests are counted in, such as `1 minute`; null for that of the installation.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was issued.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ends by itself; null for never.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, about a minute late; null for never.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null unless it was.',
    }),
  }),
});

const ApiKeyConnection = builder.connectionObject(
  {
    type: ApiKey,
    name: 'ApiKeyConnection',
    description: 'A page of API keys.',
  },
  { name: 'ApiKeyEdge', description: 'An API key in a page.' },
);

builder.queryFields((t) => ({
  apiKeys: t.field({
    type: ApiKeyConnection,
    nullable: true,
    description: 'The API keys that exist for the caller, newest first, those that have ended included.',
    authScopes: { admin: true },
    args: {
      ...pageArgs,
      tenantId: t.arg.id({ required: false, description: 'Only keys of exactly this tenant.' }),
    },
    resolve: async (_root, args, { call, loaders }) => {
      if (args.tenantId) {
        requireTenant(call, await loaders.lineage.load(args.tenantId));
      }
      return connectionOf(await listApiKeys(call, args), args, () => countApiKeys(call, args));
    },
  }),
  dormantApiKeys: t.field({
    type: ApiKeyConnection,
    nullable: true,
    description: 'API keys that still work and were not used for so many days: those that never were first.',
    authScopes: { admin: true },
    args: { ...pageArgs, days: t.arg.int({ defaultValue: 90, description: 'How many days: 1 to 365.' }) },
    resolve: async (_root, args, { call }) =>
      connectionOf(await listDormantKeys(call, args), args, () => countDormantKeys(call, args)),
  }),
}));
