import {
  CreateWebhookDocument,
  DeleteWebhookDocument,
  GetDeliveryStatisticsDocument,
  GetWebhookDocument,
  ListFailedDeliveriesDocument,
  ListWebhookDeliveriesDocument,
  ListWebhooksDocument,
  RetryDeliveryDocument,
  RetryFailedDeliveriesDocument,
  RotateWebhookSecretDocument,
  TestWebhookDocument,
  UpdateWebhookDocument,
} from '../operations/generated/graphql.ts';
import { succeeded } from './bodies.ts';
import { type Route, route } from './route.ts';
import { testDelivery, webhookWithSecret } from './webhook-bodies.ts';

const read = { tag: 'Webhooks', scope: 'read' } as const;
const write = { tag: 'Webhooks', scope: 'write' } as const;

export const webhookRoutes: readonly Route[] = [
  route({
    ...write,
    method: 'POST',
    path: '/webhooks',
    summary:
      'Make a webhook of a tenant, or without one of the whole installation; a secret that is made is shown once',
    status: 201,
    document: CreateWebhookDocument,
    body: webhookWithSecret,
    location: '/webhooks/:id',
  }),
  route({
    ...read,
    method: 'GET',
    path: '/webhooks',
    summary: 'Webhooks, oldest first',
    document: ListWebhooksDocument,
    list: 'webhooks',
  }),
  route({
    ...read,
    method: 'GET',
    path: '/webhooks/:id',
    summary: 'A webhook',
    document: GetWebhookDocument,
    body: 'webhook',
  }),
  route({
    ...write,
    method: 'PATCH',
    path: '/webhooks/:id',
    summary: 'Change a webhook, its secret too, or switch it on or off',
    document: UpdateWebhookDocument,
    body: 'updateWebhook',
  }),
  route({
    ...write,
    method: 'DELETE',
    path: '/webhooks/:id',
    summary: 'Remove a webhook with its deliveries',
    status: 204,
    document: DeleteWebhookDocument,
  }),
  route({
    ...write,
    method: 'POST',
    path: '/webhooks/:id/rotate-secret',
    summary: 'Put a secret in place of the current one, which goes on for a while; one that is made is shown once',
    document: RotateWebhookSecretDocument,
    body: webhookWithSecret,
  }),
  route({
    ...write,
    method: 'POST',
    path: '/webhooks/:id/test',
    summary: 'Send a delivery that tells of no event; the delivery tells what comes of it',
    status: 202,
    document: TestWebhookDocument,
    body: testDelivery,
  }),
  route({
    ...read,
    method: 'GET',
    path: '/webhooks/:id/deliveries',
    summary: 'What a webhook was told of and is to be told of, newest first',
    document: ListWebhookDeliveriesDocument,
    list: 'webhook.deliveries',
  }),
  route({
    ...read,
    method: 'GET',
    path: '/webhooks/deliveries/stats',
    summary: 'How many deliveries there are, and what became of them',
    document: GetDeliveryStatisticsDocument,
    body: 'deliveryStatistics',
  }),
  route({
    ...read,
    method: 'GET',
    path: '/webhooks/deliveries/failed',
    summary: 'Deliveries that failed for good, of all webhooks, the latest first',
    document: ListFailedDeliveriesDocument,
    list: 'failedDeliveries',
  }),
  route({
    ...write,
    method: 'POST',
    path: '/webhooks/deliveries/retry-all',
    summary: 'Send deliveries that failed out again, the oldest first, up to 10,000',
    document: RetryFailedDeliveriesDocument,
    body: 'redeliverFailed',
  }),
  route({
    ...write,
    method: 'POST',
    path: '/webhooks/deliveries/:deliveryId/retry',
    summary: 'Send a delivery that failed or arrived out again',
    document: RetryDeliveryDocument,
    body: succeeded,
  }),
];
