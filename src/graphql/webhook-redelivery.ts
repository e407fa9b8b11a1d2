import { redeliver, redeliverFailed, type Redelivery as SetGoing } from '../domain/webhooks/redeliver.ts';
import { redeliverSince } from '../domain/webhooks/redeliver-since.ts';
import { testWebhook } from '../domain/webhooks/test.ts';
import { builder } from './builder.ts';
import { changing } from './context.ts';
import { WebhookDelivery } from './webhook-deliveries.ts';

const Redelivery = builder.objectRef<SetGoing>('Redelivery').implement({
  description: 'What was set going.',
  fields: (t) => ({ count: t.exposeInt('count', { description: 'How many deliveries.' }) }),
});

builder.mutationFields((t) => ({
  testWebhook: t.field({
    type: WebhookDelivery,
    nullable: true,
    description: 'Sends a webhook a delivery that tells of no event, to see whether it arrives.',
    authScopes: { write: true },
    args: { id: t.arg.id({ description: 'The id of the webhook.' }) },
    resolve: changing(testWebhook),
  }),
  redeliver: t.field({
    type: WebhookDelivery,
    nullable: true,
    description: 'Sends a delivery that failed or arrived out again. `NOT_FOUND` for one that is on its way.',
    authScopes: { write: true },
    args: { deliveryId: t.arg.id({ description: 'The id of the delivery.' }) },
    resolve: changing(redeliver),
  }),
  redeliverFailed: t.field({
    type: Redelivery,
    nullable: true,
    description: 'Sends deliveries that failed out again, the oldest first: up to 10,000 at once.',
    authScopes: { write: true },
    args: {
      webhookId: t.arg.id({
        required: false,
        description:
          'The id of the webhook; all of active tenants and of the installation, as far as the caller sees, unless told.',
      }),
    },
    resolve: changing(redeliverFailed),
  }),
  redeliverSince: t.field({
    type: Redelivery,
    nullable: true,
    description:
      'Delivers all events from a revision on that a webhook is told of, those that it missed too: up to 10,000 at once.',
    authScopes: { write: true },
    args: {
      webhookId: t.arg.id({ description: 'The id of the webhook.' }),
      revision: t.arg({ type: 'Revision', description: 'The revision of the first event.' }),
      untilRevision: t.arg({
        type: 'Revision',
        required: false,
        description: 'The revision of the last event; all there are unless told.',
      }),
      ledgerId: t.arg.id({
        required: false,
        description:
          "The ledger that these are of: that of the tree of the webhook's tenant. A webhook of the installation must say which.",
      }),
    },
    resolve: changing(redeliverSince),
  }),
}));
