import { afterAll, beforeAll, expect, test } from 'vitest';
import { setConfigs } from '../../src/domain/config/set.ts';
import { createWebhook } from '../../src/domain/webhooks/create.ts';
import { forgetDeliveries, forgottenAtOnce } from '../../src/domain/webhooks/forget.ts';
import { redeliver } from '../../src/domain/webhooks/redeliver.ts';
import { DomainWorld } from '../support/domain-world.ts';
import { WebhookWorld } from '../support/webhook-world.ts';

const day = 86_400_000;

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

/** A webhook with a delivery in each state and of each age, in days; gives their ids by what they are. */
async function deliveries(count: number): Promise<{ webhookId: string; ids: string[] }> {
  const tenant = await world.root();
  const input = { tenantId: tenant.id, url: 'https://hooks.example.com/x', events: ['config.updated'] };
  const { webhook } = await createWebhook(world.admin, { input });
  const entries = Array.from({ length: count }, (_, index) => ({ key: `key_${index}`, value: index }));
  await setConfigs(world.admin, { tenantId: tenant.id, entries });
  const rows = await world.sql<{ id: string }>(
    'select id from webhook_deliveries where webhook_id = $1 order by revision',
    [webhook.id],
  );
  return { webhookId: webhook.id, ids: rows.map(({ id }) => id) };
}

const end = (id: string, status: string, daysAgo: number) =>
  world.sql(
    `update webhook_deliveries set status = $2::delivery_status, next_attempt_at = null, completed_at = now() - make_interval(days => $3::int)
     where id = $1`,
    [id, status, daysAgo],
  );

const kept = async (webhookId: string) =>
  (
    await world.sql<{ id: string }>('select id from webhook_deliveries where webhook_id = $1 order by revision', [
      webhookId,
    ])
  ).map(({ id }) => id);

test('what ended long ago is removed with its tries, however it ended; what is due, however old, and events stay', async () => {
  const { webhookId, ids } = await deliveries(5);
  const [arrived = '', dead = '', recent = '', waiting = '', again = ''] = ids;
  await end(arrived, 'success', 31);
  await end(dead, 'failed', 31);
  await end(recent, 'success', 29);
  await world.sql(`update webhook_deliveries set created_at = now() - interval '1 year' where id = $1`, [waiting]);
  await end(again, 'failed', 31);
  await redeliver(world.admin, { deliveryId: again });
  await world.sql('insert into webhook_attempts values ($1, 1, now(), 5, 204, null, null)', [arrived]);
  const events = await world.sql('select * from events order by ledger_id, revision');
  expect(await forgetDeliveries(world.admin, 30 * day)).toBe(2);
  expect(await kept(webhookId)).toEqual([recent, waiting, again]);
  expect(await world.sql('select * from webhook_attempts')).toEqual([]);
  expect(await world.sql('select * from events order by ledger_id, revision')).toEqual(events);
  expect(await forgetDeliveries(world.admin, 30 * day)).toBe(0);
});

test('a delivery that somebody sends again at this moment stays, and nobody waits for it', async () => {
  const { webhookId, ids } = await deliveries(2);
  for (const id of ids) {
    await end(id, 'failed', 31);
  }
  await world.database.prisma.$transaction(async (db) => {
    await db.$queryRaw`select id from webhook_deliveries where id = ${ids[0]}::uuid for update`;
    expect(await forgetDeliveries(world.admin, 30 * day)).toBe(1);
  });
  expect(await kept(webhookId)).toEqual([ids[0]]);
});

test('so many at once, by an index, and two workers remove each once', async () => {
  const { webhookId } = await deliveries(1);
  await world.sql(
    `insert into webhook_deliveries (id, webhook_id, status, next_attempt_at, completed_at)
     select gen_random_uuid(), $1, 'success', null, now() - interval '40 days' from generate_series(1, 2500)`,
    [webhookId],
  );
  const forget = () => forgetDeliveries(world.admin, 35 * day);
  const both = await Promise.all([forget(), forget()]);
  expect(both).toEqual([forgottenAtOnce, forgottenAtOnce]);
  expect(await forget()).toBe(500);
  expect(await kept(webhookId)).toHaveLength(1);
});

test('a worker does it by itself', async () => {
  await using hooks = await WebhookWorld.open({ STRATUM_WEBHOOK_RETENTION: '1d' });
  const tenant = await hooks.world.tenant();
  const webhook = await hooks.webhook({ tenantId: tenant.id, url: 'http://127.0.0.1:9/hook' });
  await hooks.world.data('mutation ($id: ID!) { testWebhook(id: $id) { id } }', { id: webhook.id });
  await hooks.world.sql(
    `update webhook_deliveries set status = 'failed', next_attempt_at = null, completed_at = now() - interval '2 days'`,
  );
  hooks.startWorker();
  await expect.poll(() => hooks.deliveries(webhook), { timeout: 5_000 }).toEqual([]);
});
