import type { CreateWebhookMutation, TestWebhookMutation } from '../operations/generated/graphql.ts';
import { type JsonSchema, nullable, object } from './json-schema.ts';
import type { Present } from './route.ts';

/** What there is to say of a webhook: what it has, and what it may lack. */
const always = ['id', 'url', 'events', 'subtree', 'ordered', 'active', 'created_at', 'updated_at'] as const;
const perhaps = ['tenant_id', 'disabled_reason', 'failing_since', 'description'] as const;
type Field = (typeof always | typeof perhaps)[number];

/** A webhook, and beside it the secret that was made for it, if one was. */
export const webhookWithSecret = {
  of: ({ made: { webhook, secret } }: Present<CreateWebhookMutation>) => ({
    ...webhook,
    ...(secret !== null && { secret }),
  }),
  schema: (at: (path: `made.webhook.${Field}` | 'made.secret') => JsonSchema): JsonSchema => {
    const there = always.map((name) => [name, at(`made.webhook.${name}`)] as const);
    const orNull = perhaps.map((name) => [name, nullable(at(`made.webhook.${name}`))] as const);
    const webhook = object(Object.fromEntries([...there, ...orNull]));
    return { ...webhook, properties: { ...webhook.properties, secret: at('made.secret') } };
  },
};

/** The test is on its way: its delivery tells what came of it. */
export const testDelivery = {
  of: ({ testWebhook }: Present<TestWebhookMutation>) => ({ success: true, delivery_id: testWebhook.id }),
  schema: (at: (path: 'testWebhook.id') => JsonSchema) =>
    object({ success: { const: true }, delivery_id: at('testWebhook.id') }),
};
