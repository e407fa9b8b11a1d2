import type { Event as EventRow } from '../db/generated/prisma/client.ts';
import { countEvents, type ListEvents, listEvents } from '../domain/ledger/list.ts';
import { eventId, resourceOf } from '../domain/ledger/resource.ts';
import { installationOf } from '../domain/ledger/scope.ts';
import { eventTypeList, resourceTypeList } from '../domain/ledger/types.ts';
import { requireTenant, visibleLineage } from '../domain/tenants/lineage.ts';
import { parse } from '../domain/validation.ts';
import { eventArgs, pageArgs } from './arguments.ts';
import { builder } from './builder.ts';
import { connectionOf } from './connection.ts';
import { EventOrderEnum } from './enums.ts';
import { Tenant } from './tenant.ts';

export const Event = builder.objectRef<EventRow>('Event').implement({
  description: 'One change, as the ledger keeps it for good.',
  fields: (t) => ({
    id: t.id({ description: 'Its own id, made of its hash.', resolve: eventId }),
    ledgerId: t.exposeID('ledgerId', {
      description: "The ledger it stands in: that of a tree has the id of the tree's root.",
    }),
    revision: t.expose('revision', { type: 'Revision', description: 'Its number in the ledger, without gaps.' }),
    type: t.exposeString('type', { description: 'What happened, such as `config.updated`.' }),
    tenantId: t.exposeID('tenantId', { nullable: true, description: 'The tenant it happened to; it may be gone.' }),
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description: 'The tenant it happened to; null when it is gone, or outside what the caller may see.',
      resolve: async ({ tenantId }, _args, { call, loaders }) => {
        const lineage = tenantId === null ? null : await loaders.lineage.load(tenantId);
        return lineage === null ? null : (visibleLineage(call, lineage).find(({ id }) => id === tenantId) ?? null);
      },
    }),
    actorType: t.exposeString('actorType', {
      description: 'What kind of caller did it: `api_key`, `jwt` or `system`.',
    }),
    actorId: t.exposeString('actorId', { description: 'The id of the caller among those of its kind.' }),
    resourceType: t.string({
      description:
        'What kind of thing changed: `tenant`, `config`, `permission`, `role`, `api_key`, `webhook` or `encryption`.',
      resolve: (event) => resourceOf(event).type,
    }),
    resourceId: t.string({
      nullable: true,
      description: 'What the thing is called: the key of a config entry, the id of anything else.',
      resolve: (event) => resourceOf(event).id,
    }),
    requestId: t.exposeString('requestId', {
      nullable: true,
      description: 'The request that did it, as logs name it.',
    }),
    sourceIp: t.exposeString('sourceIp', { nullable: true, description: 'The address the request came from.' }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime', description: 'When it happened.' }),
    before: t.expose('before', {
      type: 'JSON',
      nullable: true,
      description: 'The thing before, without secrets; null when it was not there.',
    }),
    after: t.expose('after', {
      type: 'JSON',
      nullable: true,
      description: 'The thing after, without secrets; null when it is gone.',
    }),
    previousHash: t.string({
      description: 'The hash of the event before it, in hex.',
      resolve: ({ previousHash }) => hex(previousHash),
    }),
    hash: t.string({
      description: 'SHA-256 over the hash before and the event itself, in hex.',
      resolve: ({ hash }) => hex(hash),
    }),
  }),
});

export const EventConnection = builder.connectionObject(
  {
    type: Event,
    name: 'EventConnection',
    description: 'A page of events.',
  },
  { name: 'EventEdge', description: 'An event in a page.' },
);

builder.queryField('events', (t) =>
  t.field({
    type: EventConnection,
    nullable: true,
    description: 'What happened to a tenant, from the ledger of the tree it is in.',
    authScopes: { read: true },
    args: {
      ...pageArgs,
      ...eventArgs,
      resourceTypes: t.arg.stringList({
        required: false,
        description: 'Only events about things of these kinds, such as `config`.',
      }),
      actorId: t.arg.string({ required: false, description: 'Only what this caller did.' }),
      from: t.arg({ type: 'DateTime', required: false, description: 'Only what happened then or later.' }),
      to: t.arg({ type: 'DateTime', required: false, description: 'Only what happened then or earlier.' }),
      order: t.arg({ type: EventOrderEnum, defaultValue: 'OLDEST_FIRST', description: 'From which end to read.' }),
    },
    resolve: async (_root, { tenantId, types, resourceTypes, order, ...args }, { call, loaders }) => {
      const tenant = tenantId ? requireTenant(call, await loaders.lineage.load(tenantId)) : installationOf(call);
      const input: ListEvents = {
        ...args,
        types: types ? parse(eventTypeList, types, ['types']) : null,
        resourceTypes: resourceTypes ? parse(resourceTypeList, resourceTypes, ['resourceTypes']) : null,
        newestFirst: order === 'NEWEST_FIRST',
      };
      return connectionOf(await listEvents(call, tenant, input), args, () => countEvents(call, tenant, input));
    },
  }),
);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
