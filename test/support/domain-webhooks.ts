import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import type { Call } from '../../src/domain/call.ts';
import { setConfig } from '../../src/domain/config/set.ts';
import type { Scope } from '../../src/domain/principal.ts';
import { createWebhook } from '../../src/domain/webhooks/create.ts';
import type { CreateWebhookInput, UpdateWebhookInput } from '../../src/domain/webhooks/input.ts';
import type { Webhook } from '../../src/domain/webhooks/rows.ts';
import { updateWebhook } from '../../src/domain/webhooks/update.ts';
import { type DomainWorld, uniqueSlug } from './domain-world.ts';

export const url = 'https://hooks.example.com/x';

/** What tests of webhooks do with a world, and look at in it. */
export function webhooksOf(worldOf: () => DomainWorld) {
  /** A webhook of a tenant, or of the installation, for events that tell of nothing but themselves unless told. */
  async function webhookOf(tenant: Tenant | null, fields: Partial<CreateWebhookInput> = {}): Promise<Webhook> {
    const input = { tenantId: tenant?.id ?? null, url, events: ['config.updated'], ...fields };
    return (await createWebhook(worldOf().admin, { input })).webhook;
  }

  const update = ({ id }: Webhook, input: UpdateWebhookInput, call = worldOf().admin) =>
    updateWebhook(call, { id, input });

  function at({ id, path }: Tenant, scope: Scope = 'write'): Call {
    return worldOf().as({ type: 'api_key', id: `${scope}-at-${id}`, scopes: [scope], home: { tenantId: id, path } });
  }

  /** Something happens to a tenant, which goes by a name. */
  const happens = ({ id: tenantId }: Tenant, key: string) =>
    setConfig(worldOf().admin, { tenantId, input: { key, value: uniqueSlug() } });

  /** What a webhook has deliveries for, in the order of ledgers and revisions: the keys of config entries, or the types of other events. */
  async function heard({ id }: Webhook): Promise<string[]> {
    const rows = await worldOf().sql<{ name: string }>(
      `select coalesce(e.after->>'key', e.type) as name from webhook_deliveries d join events e using (ledger_id, revision)
       where d.webhook_id = $1 order by e.occurred_at, e.ledger_id, e.revision`,
      [id],
    );
    return rows.map(({ name }) => name);
  }

  const deliveriesOf = ({ id }: Webhook) =>
    worldOf().sql<{ id: string; status: string; attempts: number; next: Date | null; completed: Date | null }>(
      `select id, status::text as status, attempts, next_attempt_at as next, completed_at as completed from webhook_deliveries
       where webhook_id = $1 order by created_at, id`,
      [id],
    );

  /** As a worker leaves deliveries that came to an end. */
  const complete = ({ id }: Webhook, status: 'failed' | 'success') =>
    worldOf().sql(
      `update webhook_deliveries set status = $2::delivery_status, attempts = 9, next_attempt_at = null, completed_at = now() where webhook_id = $1`,
      [id, status],
    );

  const events = ({ id }: Webhook) =>
    worldOf().sql<{ type: string; before: Record<string, unknown> | null; after: Record<string, unknown> | null }>(
      `select type, before, after from events where type like 'webhook.%' and coalesce(after, before)->>'id' = $1 order by occurred_at, revision`,
      [id],
    );

  return { webhookOf, update, at, happens, heard, deliveriesOf, complete, events };
}
