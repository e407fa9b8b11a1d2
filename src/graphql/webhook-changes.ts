import { disableWebhook, enableWebhook } from '../domain/webhooks/activity.ts';
import { createWebhook } from '../domain/webhooks/create.ts';
import { deleteWebhook } from '../domain/webhooks/delete.ts';
import { rotateWebhookSecret } from '../domain/webhooks/rotate-secret.ts';
import type { Webhook as WebhookRow, WebhookWithSecret as WithSecret } from '../domain/webhooks/rows.ts';
import { updateWebhook } from '../domain/webhooks/update.ts';
import { builder } from './builder.ts';
import { changing } from './context.ts';
import { Webhook } from './webhook.ts';

const CreateWebhookInput = builder.inputType('CreateWebhookInput', {
  description: 'A webhook to make.',
  fields: (t) => ({
    tenantId: t.id({
      required: false,
      description:
        'The tenant where it is at home: it is told of what happens there and below. Without one it is told of the whole installation.',
    }),
    url: t.string({ description: 'Where to send deliveries: an http or https URL of a public host.' }),
    events: t.stringList({
      description: 'The types of events to tell of, such as `config.updated`; `*` for all of them.',
    }),
    secret: t.string({
      required: false,
      description: 'What to sign deliveries with: 16 to 255 characters. One is made, and shown once, unless told.',
    }),
    subtree: t.boolean({ defaultValue: true, description: 'Whether to tell of what happens below the tenant too.' }),
    ordered: t.boolean({
      defaultValue: false,
      description:
        'Whether to send one delivery after the other, in the order of the ledger: one that fails holds up those behind it.',
    }),
    description: t.string({ required: false, description: 'What it is for: at most 255 characters.' }),
  }),
});

const UpdateWebhookInput = builder.inputType('UpdateWebhookInput', {
  description: 'What to change of a webhook; what is left out stays as it is.',
  fields: (t) => ({
    url: t.string({ required: false, description: 'Where to send deliveries.' }),
    events: t.stringList({ required: false, description: 'The types of events to tell of; `*` for all of them.' }),
    secret: t.string({
      required: false,
      description: 'What to sign deliveries with from now on. `rotateWebhookSecret` leaves time to change over.',
    }),
    subtree: t.boolean({ required: false, description: 'Whether to tell of what happens below the tenant too.' }),
    ordered: t.boolean({ required: false, description: 'Whether to send one delivery after the other.' }),
    description: t.string({ required: false, description: 'What it is for; null for nothing in particular.' }),
    active: t.boolean({ required: false, description: 'Whether it is on.' }),
  }),
});

const WebhookWithSecret = builder.objectRef<WithSecret>('WebhookWithSecret').implement({
  description: 'A webhook, with its secret in clear for the only time.',
  fields: (t) => ({
    secret: t.exposeString('secret', {
      nullable: true,
      description: 'The secret that was made. Nobody can show it again. Null when the caller gave one.',
    }),
    webhook: t.expose('webhook', { type: Webhook, description: 'All else about it.' }),
  }),
});

const DeletedWebhook = builder.objectRef<WebhookRow>('DeletedWebhook').implement({
  description: 'What is left of a webhook that was deleted.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id it had.' }),
    url: t.exposeString('url', { description: 'The URL it had.' }),
  }),
});

const idArg = builder.args((t) => ({ id: t.id({ description: 'The id of the webhook.' }) }));

builder.mutationFields((t) => ({
  createWebhook: t.field({
    type: WebhookWithSecret,
    nullable: true,
    description: 'Makes a webhook of an active tenant or of the whole installation: up to 100 of each.',
    authScopes: { write: true },
    args: { input: t.arg({ type: CreateWebhookInput, description: 'The webhook.' }) },
    resolve: changing(createWebhook),
  }),
  updateWebhook: t.field({
    type: Webhook,
    nullable: true,
    description: 'Changes a webhook.',
    authScopes: { write: true },
    args: { ...idArg, input: t.arg({ type: UpdateWebhookInput, description: 'What to change.' }) },
    resolve: changing(updateWebhook),
  }),
  deleteWebhook: t.field({
    type: DeletedWebhook,
    nullable: true,
    description: 'Removes a webhook with its deliveries: nothing more is sent.',
    authScopes: { write: true },
    args: idArg,
    resolve: changing(deleteWebhook),
  }),
  enableWebhook: t.field({
    type: Webhook,
    nullable: true,
    description: 'Switches a webhook on. What happened while it was off can be sent by `redeliverSince`.',
    authScopes: { write: true },
    args: idArg,
    resolve: changing(enableWebhook),
  }),
  disableWebhook: t.field({
    type: Webhook,
    nullable: true,
    description: 'Switches a webhook off.',
    authScopes: { write: true },
    args: idArg,
    resolve: changing(disableWebhook),
  }),
  rotateWebhookSecret: t.field({
    type: WebhookWithSecret,
    nullable: true,
    description: 'Puts a secret in place of the current one; for a while deliveries are signed with both.',
    authScopes: { write: true },
    args: {
      ...idArg,
      secret: t.arg.string({ required: false, description: 'The new secret; one is made unless told.' }),
      overlapSeconds: t.arg.int({
        required: false,
        description: 'How long the old secret goes on beside the new one: 0 to 604800; a day unless told.',
      }),
    },
    resolve: changing(rotateWebhookSecret),
  }),
}));
