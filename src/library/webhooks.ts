import type { Actor } from './actor.ts';
import type { DeliveryStats, FailedDelivery, Webhook, WebhookDelivery, WebhookWithSecret } from './event-types.ts';
import type { NewWebhook, WebhookPatch } from './inputs.ts';
import type { Run } from './run.ts';
import { wasThere } from './was-there.ts';

export type WebhookMethods = ReturnType<typeof webhookMethods>;

/** Webhooks and their deliveries, which a worker sends: `worker: true`, or `stratum worker` in a process of its own. */
export function webhookMethods(run: Run) {
  return {
    /** Makes a webhook of a tenant, or without one of the whole installation. A secret that is made is shown this once. */
    createWebhook: (input: NewWebhook, actor?: Actor) =>
      run<WebhookWithSecret>('POST /webhooks', { body: input }, actor),
    getWebhook: (id: string) => run<Webhook>('GET /webhooks/:id', { params: { id } }),
    /** Webhooks, oldest first: those of a tenant, or all. */
    listWebhooks: (tenantId?: string) => run<Webhook[]>('GET /webhooks', { query: { tenant_id: tenantId } }),
    updateWebhook: (id: string, patch: WebhookPatch, actor?: Actor) =>
      run<Webhook>('PATCH /webhooks/:id', { params: { id }, body: patch }, actor),
    /** Removes a webhook with its deliveries. */
    deleteWebhook: async (id: string, actor?: Actor) => {
      await run('DELETE /webhooks/:id', { params: { id } }, actor);
    },
    /** Puts a secret in place of the current one, which goes on for a while. One that is made is shown this once. */
    rotateWebhookSecret: (
      id: string,
      { secret, overlapSeconds }: { secret?: string; overlapSeconds?: number } = {},
      actor?: Actor,
    ) =>
      run<WebhookWithSecret>(
        'POST /webhooks/:id/rotate-secret',
        { params: { id }, body: { secret, overlap_seconds: overlapSeconds } },
        actor,
      ),
    /** Sends a delivery that tells of no event. The delivery tells what comes of it. */
    testWebhook: (id: string, actor?: Actor) =>
      run<{ success: true; delivery_id: string }>('POST /webhooks/:id/test', { params: { id } }, actor),
    /** What a webhook was told of and is to be told of, the latest 100 first. */
    listWebhookDeliveries: (webhookId: string) =>
      run<WebhookDelivery[]>('GET /webhooks/:id/deliveries', { params: { id: webhookId }, query: { limit: 100 } }),
    /** Deliveries that failed for good, the latest first: up to 100. */
    listFailedDeliveries: (limit = 100) =>
      run<FailedDelivery[]>('GET /webhooks/deliveries/failed', { query: { limit } }),
    /** Sends a delivery that failed or arrived out again; false when there is none. */
    retryDelivery: (id: string, actor?: Actor) =>
      wasThere(run('POST /webhooks/deliveries/:deliveryId/retry', { params: { deliveryId: id } }, actor)),
    /** Sends deliveries that failed out again, up to 10,000; gives how many. */
    retryFailedDeliveries: async (actor?: Actor) => {
      const { retried } = await run<{ retried: number }>('POST /webhooks/deliveries/retry-all', {}, actor);
      return retried;
    },
    getDeliveryStats: () => run<DeliveryStats>('GET /webhooks/deliveries/stats', {}),
  };
}
