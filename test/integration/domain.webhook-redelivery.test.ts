import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { setConfigs } from '../../src/domain/config/set.ts';
import { installationLedgerId } from '../../src/domain/ledger/write.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { disableWebhook, enableWebhook } from '../../src/domain/webhooks/activity.ts';
import { deleteWebhook } from '../../src/domain/webhooks/delete.ts';
import { redeliver, redeliverFailed } from '../../src/domain/webhooks/redeliver.ts';
import { redeliverSince } from '../../src/domain/webhooks/redeliver-since.ts';
import type { Webhook } from '../../src/domain/webhooks/rows.ts';
import { testWebhook } from '../../src/domain/webhooks/test.ts';
import { webhooksOf } from '../support/domain-webhooks.ts';
import { DomainWorld, unknownId } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());
const { webhookOf, at, happens, heard, deliveriesOf, complete } = webhooksOf(() => world);

describe('redelivery', () => {
  test('of one delivery begins anew, whether it failed or arrived, and not while it is on its way', async () => {
    const tenant = await world.root();
    const webhook = await webhookOf(tenant);
    await happens(tenant, 'k');
    const deliveryId = (await deliveriesOf(webhook))[0]!.id;
    for (const status of ['failed', 'success'] as const) {
      await complete(webhook, status);
      expect(await redeliver(at(tenant), { deliveryId })).toMatchObject({
        id: deliveryId,
        status: 'pending',
        attempts: 0,
        completedAt: null,
        eventType: 'config.updated',
      });
      expect(await deliveriesOf(webhook)).toMatchObject([
        { status: 'pending', next: expect.any(Date), completed: null },
      ]);
      await world.refused(() => redeliver(at(tenant), { deliveryId }), 'NOT_FOUND');
    }
    await complete(webhook, 'failed');
    await world
      .refused(async () => redeliver(at(await world.child(tenant)), { deliveryId: unknownId }), 'NOT_FOUND')
      .catch(() => {});
  });

  test('of what failed leaves the rest alone, of one webhook or of all that the caller sees', async () => {
    const [root, other] = [await world.root(), await world.root()];
    const tenant = await world.child(root);
    const [a, b, elsewhere] = [await webhookOf(tenant), await webhookOf(tenant), await webhookOf(other)];
    await happens(tenant, 'k');
    await happens(other, 'k');
    for (const webhook of [a, b, elsewhere]) {
      await complete(webhook, 'failed');
    }
    await testWebhook(world.admin, b);
    expect(await redeliverFailed(at(root), { webhookId: a.id })).toEqual({ count: 1 });
    expect(await redeliverFailed(at(root), {})).toEqual({ count: 1 });
    expect(await redeliverFailed(at(root), {})).toEqual({ count: 0 });
    expect((await deliveriesOf(b)).map(({ status }) => status)).toEqual(['pending', 'pending']);
    expect(await deliveriesOf(elsewhere)).toMatchObject([{ status: 'failed' }]);
    await complete(a, 'success');
    expect(await redeliverFailed(world.admin, { webhookId: a.id })).toEqual({ count: 0 });
  });

  test('since a revision sends what was missed, and again what was not, and nothing that is not for the webhook', async () => {
    const root = await world.root();
    const [home, sibling] = (await world.children(root, 2)) as [Tenant, Tenant];
    await happens(home, 'before');
    const webhook = await webhookOf(home);
    await happens(home, 'sent');
    await complete(webhook, 'success');
    await happens(home, 'on its way');
    await disableWebhook(world.admin, webhook);
    await happens(home, 'missed');
    await happens(sibling, 'of another');
    await enableWebhook(world.admin, webhook);
    expect(await heard(webhook)).toEqual(['sent', 'on its way']);

    const since = (input: object) => redeliverSince(at(home), { webhookId: webhook.id, revision: 1, ...input });
    const [sent] = await world.sql<{ revision: bigint }>(
      "select revision from events where ledger_id = $1 and after->>'key' = 'sent'",
      [root.id],
    );
    expect(await since({ revision: sent!.revision, untilRevision: sent!.revision })).toEqual({ count: 1 });
    expect(await since({ revision: sent!.revision })).toEqual({ count: 1 });
    expect(await heard(webhook)).toEqual(['sent', 'on its way', 'missed']);
    expect(await since({ ledgerId: root.id })).toEqual({ count: 1 });
    expect(await heard(webhook)).toEqual(['before', 'sent', 'on its way', 'missed']);
    expect((await deliveriesOf(webhook)).map(({ status }) => status)).toEqual(
      Array.from({ length: 4 }, () => 'pending'),
    );
    expect(await since({ revision: 1_000_000 })).toEqual({ count: 0 });
  });

  test('since the beginning sends exactly what was delivered as it happened', async () => {
    const root = await world.root();
    const [from, to] = (await world.children(root, 2)) as [Tenant, Tenant];
    const everything = { events: ['*'] };
    const webhooks = [
      await webhookOf(root, everything),
      await webhookOf(from, everything),
      await webhookOf(to, { ...everything, subtree: false }),
      await webhookOf(to, { events: ['tenant.moved', 'config.updated'] }),
    ];
    const { rows } = await world.database.pool.query(
      'select max(revision) + 1 as next from events where ledger_id = $1',
      [root.id],
    );
    const tenant = await world.child(from);
    await happens(tenant, 'a');
    await moveTenant(world.admin, { id: tenant.id, newParentId: to.id });
    await happens(tenant, 'b');
    await happens(to, 'c');
    await moveTenant(world.admin, { id: tenant.id, newParentId: root.id });
    for (const webhook of webhooks) {
      await world.sql('delete from webhook_deliveries where webhook_id = $1 and revision < $2', [
        webhook.id,
        rows[0].next,
      ]);
      const live = await heard(webhook);
      await world.sql('delete from webhook_deliveries where webhook_id = $1', [webhook.id]);
      const count = { count: live.length };
      expect(await redeliverSince(world.admin, { webhookId: webhook.id, revision: rows[0].next })).toEqual(count);
      expect(await heard(webhook)).toEqual(live);
    }
  });

  test('since a revision speaks of a ledger that the webhook hears of', async () => {
    const [root, other] = [await world.root(), await world.root()];
    const [webhook, everywhere] = [await webhookOf(root), await webhookOf(null, { events: ['tenant.created'] })];
    const since = ({ id }: Webhook, ledgerId?: string) =>
      redeliverSince(world.admin, { webhookId: id, revision: 0, ledgerId });
    for (const [work, code] of [
      [() => since(webhook, other.id), 'out_of_reach'],
      [() => since(everywhere), 'required'],
      [() => since(everywhere, unknownId), 'not_found'],
    ] as const) {
      const { issues } = await world.refused(work, 'VALIDATION_ERROR');
      expect(issues).toMatchObject([{ path: ['ledgerId'], code }]);
    }
    expect(await since(everywhere, other.id)).toEqual({ count: 1 });
    expect(await since(everywhere, installationLedgerId)).toEqual({ count: 0 });
    await deleteWebhook(world.admin, everywhere);
  });

  test('of more than 10,000 events at once is refused, and done in parts', async () => {
    const root = await world.root();
    const [{ from }] = (await world.sql<{ from: number }>(
      'select revision::int + 1 as from from ledgers where id = $1',
      [root.id],
    )) as [{ from: number }];
    await world.sql(
      `insert into events (ledger_id, revision, type, tenant_id, path, actor_type, actor_id, occurred_at, previous_hash, hash)
       select $1, n, 'config.updated', $1, $2, 'system', 'test', now(), sha256('a'), sha256('b') from generate_series($3::int, $3 + 10000) n`,
      [root.id, root.path, from],
    );
    await world.sql('update ledgers set revision = revision + 10001 where id = $1', [root.id]);
    const webhook = await webhookOf(root);
    const since = (revision: number) => redeliverSince(world.admin, { webhookId: webhook.id, revision });
    const { issues } = await world.refused(() => since(0), 'VALIDATION_ERROR');
    expect(issues).toMatchObject([{ path: ['revision'], code: 'too_many' }]);
    expect(await since(from + 1)).toEqual({ count: 10_000 });
    expect(await redeliverSince(world.admin, { webhookId: webhook.id, revision: 0, untilRevision: from })).toEqual({
      count: 1,
    });
    await complete(webhook, 'failed');
    expect(await redeliverFailed(world.admin, { webhookId: webhook.id })).toEqual({ count: 10_000 });
    expect(await redeliverFailed(world.admin, { webhookId: webhook.id })).toEqual({ count: 1 });
  });

  test('by many at once sends each delivery once', async () => {
    const tenant = await world.root();
    const webhook = await webhookOf(tenant);
    await setConfigs(world.admin, {
      tenantId: tenant.id,
      entries: Array.from({ length: 50 }, (_, n) => ({ key: `k${n}`, value: n })),
    });
    await complete(webhook, 'failed');
    const counts = await Promise.all(Array.from({ length: 5 }, () => redeliverFailed(at(tenant), {})));
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(50);
  });
});
