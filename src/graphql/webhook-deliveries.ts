import type { Delivery } from '../domain/webhooks/delivery-rows.ts';
import { countFailedDeliveries, listFailedDeliveries } from '../domain/webhooks/list-deliveries.ts';
import { deliveryStatistics, type DeliveryStatistics as Statistics } from '../domain/webhooks/statistics.ts';
import type { Try } from '../domain/webhooks/tries.ts';
import { pageArgs } from './arguments.ts';
import { builder } from './builder.ts';
import { connectionOf } from './connection.ts';
import { DeliveryStatusEnum } from './enums.ts';
import { Event } from './event.ts';
import { Node } from './node.ts';
import { Webhook } from './webhook.ts';

const DeliveryTry = builder.objectRef<Try>('DeliveryTry').implement({
  description: 'One try to deliver, and what came of it.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'Its number: 1 for the first of a delivery.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it began.' }),
    durationMs: t.exposeInt('durationMs', { description: 'How long it took, in milliseconds.' }),
    responseCode: t.exposeInt('responseCode', {
      nullable: true,
      description: 'The HTTP status of the answer; null when none came.',
    }),
    responseBody: t.exposeString('responseBody', { nullable: true, description: 'How the answer began.' }),
    error: t.exposeString('error', { nullable: true, description: 'Why it failed; null when it arrived.' }),
  }),
});

export const WebhookDelivery = builder.objectRef<Delivery>('WebhookDelivery').implement({
  description: 'One event on its way to one webhook, or a test.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id.' }),
    webhookId: t.exposeID('webhookId', { description: 'The id of the webhook.' }),
    webhook: t.field({
      type: Webhook,
      nullable: true,
      description: 'The webhook; null when it is gone meanwhile.',
      resolve: ({ webhookId }, _args, { loaders }) => loaders.webhook.load(webhookId),
    }),
    webhookUrl: t.exposeString('webhookUrl', { description: 'The URL that the webhook has now.' }),
    event: t.field({
      type: Event,
      nullable: true,
      description: 'The event; null for a test, and where it happened outside of what the caller may see.',
      resolve: ({ id }, _args, { loaders }) => loaders.deliveredEvent.load(id),
    }),
    eventId: t.exposeID('eventId', { nullable: true, description: 'The id of the event, where there is one to see.' }),
    eventType: t.exposeString('eventType', { nullable: true, description: 'The type of the event.' }),
    eventTenantId: t.exposeID('eventTenantId', { nullable: true, description: 'The tenant that the event is of.' }),
    status: t.expose('status', { type: DeliveryStatusEnum, description: 'What became of it.' }),
    attempts: t.exposeInt('attempts', {
      description: 'How often it was tried since it was made, or since it was last sent out again.',
    }),
    nextAttemptAt: t.expose('nextAttemptAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it is tried next; null when it is not.',
    }),
    lastError: t.exposeString('lastError', { nullable: true, description: 'Why the last try failed.' }),
    responseCode: t.exposeInt('responseCode', {
      nullable: true,
      description: 'The HTTP status of the last answer; null when none came.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    completedAt: t.expose('completedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it arrived or failed for good; null while it is on its way.',
    }),
    tries: t.field({
      type: [DeliveryTry],
      description: 'How it was tried, the latest first.',
      args: { first: t.arg.int({ defaultValue: 20, description: 'How many at most: 1 to 100.' }) },
      resolve: ({ id }, { first }, { loaders }) => loaders.tries({ first }).load(id),
    }),
  }),
});

const WebhookDeliveryConnection = builder.connectionObject(
  {
    type: WebhookDelivery,
    name: 'WebhookDeliveryConnection',
    description: 'A page of deliveries.',
  },
  { name: 'WebhookDeliveryEdge', description: 'A delivery in a page.' },
);

const DeliveryStatistics = builder.objectRef<Statistics>('DeliveryStatistics').implement({
  description: 'How many deliveries there are, and what became of them.',
  fields: (t) => ({
    total: t.exposeInt('total', { description: 'All of them.' }),
    pending: t.exposeInt('pending', { description: 'Those on their way.' }),
    success: t.exposeInt('success', { description: 'Those that arrived.' }),
    failed: t.exposeInt('failed', { description: 'Those that failed for good.' }),
  }),
});

builder.objectFields(Webhook, (t) => ({
  deliveries: t.field({
    type: WebhookDeliveryConnection,
    description: 'What it was told of and is to be told of, newest first.',
    args: {
      ...pageArgs,
      statuses: t.arg({
        type: [DeliveryStatusEnum],
        required: false,
        description: 'Only deliveries of which this became; all unless told.',
      }),
    },
    resolve: async ({ id }, args, { loaders }) =>
      connectionOf(await loaders.deliveries(args).load(id), args, () =>
        loaders.deliveryCount({ statuses: args.statuses }).load(id),
      ),
  }),
  statistics: t.field({
    type: DeliveryStatistics,
    description: 'How many deliveries it has, and what became of them.',
    resolve: ({ id }, _args, { loaders }) => loaders.statistics.load(id),
  }),
}));

builder.queryFields((t) => ({
  failedDeliveries: t.field({
    type: WebhookDeliveryConnection,
    nullable: true,
    description: 'The deliveries that failed for good, of all webhooks that exist for the caller, the latest first.',
    authScopes: { read: true },
    args: pageArgs,
    resolve: async (_root, args, { call }) =>
      connectionOf(await listFailedDeliveries(call, args), args, () => countFailedDeliveries(call)),
  }),
  deliveryStatistics: t.field({
    type: DeliveryStatistics,
    nullable: true,
    description: 'How many deliveries there are of all webhooks that exist for the caller, and what became of them.',
    authScopes: { read: true },
    resolve: (_root, _args, { call }) => deliveryStatistics(call),
  }),
}));
