import { z } from 'zod';
import { eventTypes } from '../ledger/types.ts';
import { overlapUpTo, text, uuid } from '../validation.ts';
import { webhookSecretFault } from './signature.ts';

const subscribable: ReadonlySet<string> = new Set([...eventTypes, '*']);

/** At least one type of event, each once. */
const subscription = z
  .array(
    z.string().refine((type) => subscribable.has(type), {
      error: 'is neither the type of any event nor "*"',
      params: { code: 'invalid_value' },
    }),
  )
  .min(1, 'must name at least one type of event')
  .transform((types) => [...new Set(types)]);

const secret = z.string().superRefine((value, context) => {
  const message = webhookSecretFault(value);
  if (message !== null) {
    context.addIssue({ code: 'custom', message, params: { code: 'invalid_secret' } });
  }
});
const description = text(0, 255);

/** Whether an address may be called is not for a schema to say: it depends on the installation. */
const url = z.string();

export const createWebhookInput = z.object({
  tenantId: uuid.nullish(),
  url,
  events: subscription,
  secret: secret.nullish(),
  subtree: z.boolean().nullish(),
  ordered: z.boolean().nullish(),
  description: description.nullish(),
});
/** As a caller gives it, before it is checked. */
export type CreateWebhookInput = z.input<typeof createWebhookInput>;

export const updateWebhookInput = z.object({
  url: url.nullish(),
  events: subscription.nullish(),
  secret: secret.nullish(),
  subtree: z.boolean().nullish(),
  ordered: z.boolean().nullish(),
  description: description.nullish(),
  active: z.boolean().nullish(),
});
/** As a caller gives it, before it is checked. */
export type UpdateWebhookInput = z.input<typeof updateWebhookInput>;

/** A week: who needs longer has two webhooks. */
const maxOverlapSeconds = 604_800;

export const rotateSecretInput = z.object({
  secret: secret.nullish(),
  overlapSeconds: overlapUpTo(maxOverlapSeconds).nullish(),
});
