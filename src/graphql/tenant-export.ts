import { ownApiKeys } from '../domain/api-keys/list.ts';
import { countEvents, listEvents } from '../domain/ledger/list.ts';
import { requireTenant } from '../domain/tenants/lineage.ts';
import type { TenantHead } from '../domain/tenants/rows.ts';
import { ownWebhooks } from '../domain/webhooks/list.ts';
import { ApiKey } from './api-key.ts';
import { pageArgs } from './arguments.ts';
import { builder } from './builder.ts';
import { ConfigEntry, ownConfigOf } from './config.ts';
import { connectionOf } from './connection.ts';
import { EventConnection } from './event.ts';
import { ownPoliciesOf, PermissionPolicy } from './permission.ts';
import { Tenant } from './tenant.ts';
import { Webhook } from './webhook.ts';

const everyEvent = { subtree: false, newestFirst: false };

const TenantExport = builder.objectRef<{ readonly tenant: TenantHead }>('TenantExport').implement({
  description: 'All that is kept of a tenant itself. Secrets are withheld.',
  fields: (t) => ({
    tenant: t.expose('tenant', { type: Tenant, description: 'The tenant.' }),
    config: t.field({
      type: [ConfigEntry],
      description: 'The config entries it has set itself.',
      resolve: ({ tenant }, _args, context) => ownConfigOf(tenant, context),
    }),
    permissions: t.field({
      type: [PermissionPolicy],
      description: 'The permissions it has set itself.',
      resolve: ({ tenant }, _args, context) => ownPoliciesOf(tenant, context),
    }),
    apiKeys: t.field({
      type: [ApiKey],
      description: 'The API keys that are at home in it, those that have ended included.',
      resolve: ({ tenant }, _args, { call }) => ownApiKeys(call, tenant.id),
    }),
    webhooks: t.field({
      type: [Webhook],
      description: 'The webhooks that are at home in it.',
      resolve: ({ tenant }, _args, { call }) => ownWebhooks(call, tenant.id),
    }),
    events: t.field({
      type: EventConnection,
      description: 'All that has happened to it in its tree, from the first event on.',
      args: pageArgs,
      resolve: async ({ tenant }, args, { call }) => {
        const input = { ...args, ...everyEvent };
        return connectionOf(await listEvents(call, tenant, input), args, () => countEvents(call, tenant, input));
      },
    }),
  }),
});

builder.queryField('exportTenant', (t) =>
  t.field({
    type: TenantExport,
    nullable: true,
    description: 'All that is kept of a tenant of any status, to take away or to look into.',
    authScopes: { admin: true },
    args: { id: t.arg.id({ description: 'The id of the tenant.' }) },
    resolve: async (_root, { id }, { call, loaders }) => ({
      tenant: requireTenant(call, await loaders.lineage.load(id)),
    }),
  }),
);
