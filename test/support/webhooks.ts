import type { RestWorld } from './rest-world.ts';

/** A webhook of a tenant, or of the installation, with a delivery that failed. */
export async function newWebhook(
  world: RestWorld,
  tenantId: string | null,
): Promise<{ webhookId: string; deliveryId: string }> {
  const fields = { tenant_id: tenantId, url: 'https://hooks.example.com/x', events: ['tenant.purged'] };
  const { id: webhookId } = (await world.post('/webhooks', fields)).body;
  return { webhookId, deliveryId: await failedDelivery(world, webhookId) };
}

/** A delivery of a webhook that failed for good. */
export async function failedDelivery(world: Pick<RestWorld, 'post' | 'sql'>, webhookId: string): Promise<string> {
  const { delivery_id: id } = (await world.post(`/webhooks/${webhookId}/test`)).body;
  await world.sql(
    `update webhook_deliveries set status = 'failed', attempts = 5, last_error = 'HTTP 500', response_code = 500, next_attempt_at = null,
      completed_at = clock_timestamp() where id = $1`,
    [id],
  );
  return id;
}
