import { requireTenant } from '../domain/tenants/lineage.ts';
import { requireWebhook } from '../domain/webhooks/find.ts';
import { countWebhooks, listWebhooks } from '../domain/webhooks/list.ts';
import type { Webhook as WebhookRow } from '../domain/webhooks/rows.ts';
import { pageArgs } from './arguments.ts';
import { builder } from './builder.ts';
import { connectionOf } from './connection.ts';
import { Node } from './node.ts';
import { Tenant, tenantWithId } from './tenant.ts';

export const Webhook = builder.objectRef<WebhookRow>('Webhook').implement({
  description: 'An address that is told of events as they happen. Its secrets are shown once, to who is given them.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id.' }),
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
    url: t.exposeString('url', { description: 'Where deliveries are sent.' }),
    events: t.field({
      type: ['String'],
      description: 'The types of events it is told of; `*` for all of them.',
      resolve: ({ events }) => [...events],
    }),
    subtree: t.exposeBoolean('subtree', {
      description: 'Whether it is told of what happens below its tenant too.',
    }),
    ordered: t.exposeBoolean('ordered', {
      description: 'Whether its deliveries are sent one after the other, in the order of the ledger.',
    }),
    description: t.exposeString('description', { nullable: true, description: 'What it is for.' }),
    active: t.exposeBoolean('active', { description: 'Whether it is told of anything.' }),
    disabledReason: t.exposeString('disabledReason', {
      nullable: true,
      description: 'Why it was switched off; null while it is on, and when somebody did it.',
    }),
    failingSince: t.expose('failingSince', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when nothing has arrived; null after a delivery that did.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
  }),
});

const WebhookConnection = builder.connectionObject(
  {
    type: Webhook,
    name: 'WebhookConnection',
    description: 'A page of webhooks.',
  },
  { name: 'WebhookEdge', description: 'A webhook in a page.' },
);

builder.queryFields((t) => ({
  webhooks: t.field({
    type: WebhookConnection,
    nullable: true,
    description: 'The webhooks that exist for the caller, oldest first.',
    authScopes: { read: true },
    args: {
      ...pageArgs,
      tenantId: t.arg.id({ required: false, description: 'Only webhooks of exactly this tenant.' }),
    },
    resolve: async (_root, args, { call, loaders }) => {
      if (args.tenantId) {
        requireTenant(call, await loaders.lineage.load(args.tenantId));
      }
      return connectionOf(await listWebhooks(call, args), args, () => countWebhooks(call, args));
    },
  }),
  webhook: t.field({
    type: Webhook,
    nullable: true,
    description: 'A webhook by its id. `WEBHOOK_NOT_FOUND` when there is none for the caller.',
    authScopes: { read: true },
    args: { id: t.arg.id({ description: 'Its id.' }) },
    resolve: (_root, { id }, { call }) => requireWebhook(call, id),
  }),
}));
