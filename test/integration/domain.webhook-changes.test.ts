import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { purgeTenant } from '../../src/domain/tenants/purge.ts';
import { suspendTenant } from '../../src/domain/tenants/transition.ts';
import { disableWebhook, enableWebhook } from '../../src/domain/webhooks/activity.ts';
import { createWebhook } from '../../src/domain/webhooks/create.ts';
import { deleteWebhook } from '../../src/domain/webhooks/delete.ts';
import { findWebhooks } from '../../src/domain/webhooks/find.ts';
import { redeliver, redeliverFailed } from '../../src/domain/webhooks/redeliver.ts';
import { redeliverSince } from '../../src/domain/webhooks/redeliver-since.ts';
import { rotateWebhookSecret } from '../../src/domain/webhooks/rotate-secret.ts';
import type { Webhook } from '../../src/domain/webhooks/rows.ts';
import { testWebhook } from '../../src/domain/webhooks/test.ts';
import { url, webhooksOf } from '../support/domain-webhooks.ts';
import { DomainWorld, outcomeOf, outcomesOf, unknownId } from '../support/domain-world.ts';
import { readSecrets } from '../support/webhook-secrets.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());
const { webhookOf, update, at, happens, deliveriesOf, complete, events } = webhooksOf(() => world);

describe('every change of a webhook', () => {
  test('is an event with what was before and after', async () => {
    const tenant = await world.root();
    const webhook = await webhookOf(tenant, { description: 'A' });
    await update(webhook, { url: 'https://hooks.example.com/y' });
    await disableWebhook(world.admin, webhook);
    await enableWebhook(world.admin, webhook);
    await rotateWebhookSecret(world.admin, { id: webhook.id, overlapSeconds: 60 });
    await deleteWebhook(world.admin, webhook);

    expect(await events(webhook)).toMatchObject([
      { type: 'webhook.created', before: null, after: { url, active: true, tenant_id: tenant.id, description: 'A' } },
      { type: 'webhook.updated', before: { url }, after: { url: 'https://hooks.example.com/y' } },
      { type: 'webhook.disabled', before: { active: true }, after: { active: false } },
      { type: 'webhook.enabled', before: { active: false }, after: { active: true } },
      { type: 'webhook.secret_rotated', after: { id: webhook.id, overlap_seconds: 60 } },
      { type: 'webhook.deleted', before: { id: webhook.id, active: true }, after: null },
    ]);
    expect(await world.invariants()).toEqual([]);
  });

  test('is an event for each kind of it, and none where it is so already', async () => {
    const webhook = await webhookOf(await world.root(), { description: 'A' });
    const same = { url, events: ['config.updated'], subtree: true, ordered: false, description: 'A', active: true };
    expect(await update(webhook, same)).toEqual(webhook);
    expect(await update(webhook, { url: null, events: null, subtree: null, ordered: null, active: null })).toEqual(
      webhook,
    );
    expect(await enableWebhook(world.admin, webhook)).toEqual(webhook);
    expect(await events(webhook)).toHaveLength(1);
    await update(webhook, { description: null, active: false, secret: 'a secret of the caller' });
    expect((await events(webhook)).slice(1)).toMatchObject([
      { type: 'webhook.updated', after: { description: null, active: true } },
      { type: 'webhook.secret_rotated' },
      { type: 'webhook.disabled', before: { description: null }, after: { description: null, active: false } },
    ]);
  });

  test('that is refused leaves no row and no event', async () => {
    const [root, other] = [await world.root(), await world.root()];
    const tenant = await world.child(root);
    const webhook = await webhookOf(tenant);
    const input = { tenantId: tenant.id, url, events: ['*'] };
    const make = (fields: object, call = world.admin) => createWebhook(call, { input: { ...input, ...fields } });
    for (const fields of [
      { url: 'http://10.0.0.1/' },
      { url: 'nothing' },
      { events: [] },
      { events: ['tenant.*'] },
      { secret: 'short' },
      { description: 'x'.repeat(256) },
    ]) {
      const { issues } = await world.refused(() => make(fields), 'VALIDATION_ERROR');
      expect(issues?.[0]?.path.slice(0, 2)).toEqual(['input', Object.keys(fields)[0]]);
      await world.refused(() => update(webhook, fields), 'VALIDATION_ERROR');
    }
    await world.refused(() => make({ tenantId: unknownId }), 'TENANT_NOT_FOUND');
    await world.refused(() => make({ tenantId: null }, at(tenant)), 'FORBIDDEN');
    await world.refused(() => make({ tenantId: root.id }, at(tenant)), 'TENANT_NOT_FOUND');
    for (const call of [at(other), at(await world.child(root))]) {
      await world.refused(() => update(webhook, { description: 'B' }, call), 'WEBHOOK_NOT_FOUND');
      await world.refused(() => deleteWebhook(call, webhook), 'WEBHOOK_NOT_FOUND');
      await world.refused(() => rotateWebhookSecret(call, webhook), 'WEBHOOK_NOT_FOUND');
      await world.refused(() => testWebhook(call, webhook), 'WEBHOOK_NOT_FOUND');
    }
    for (const overlapSeconds of [-1, 604_801, 0.5]) {
      const rotated = () => rotateWebhookSecret(world.admin, { id: webhook.id, overlapSeconds });
      expect((await world.refused(rotated, 'VALIDATION_ERROR')).issues?.[0]?.path).toEqual(['overlapSeconds']);
    }
  });

  test('takes an active tenant, but for its deletion', async () => {
    const tenant = await world.root();
    const webhook = await webhookOf(tenant);
    await testWebhook(world.admin, webhook);
    await complete(webhook, 'failed');
    const [delivery] = await deliveriesOf(webhook);
    await suspendTenant(world.admin, tenant);
    for (const work of [
      () => webhookOf(tenant),
      () => update(webhook, { description: 'B' }),
      () => enableWebhook(world.admin, webhook),
      () => disableWebhook(world.admin, webhook),
      () => rotateWebhookSecret(world.admin, webhook),
      () => testWebhook(world.admin, webhook),
      () => redeliver(world.admin, { deliveryId: delivery!.id }),
      () => redeliverFailed(world.admin, { webhookId: webhook.id }),
      () => redeliverSince(world.admin, { webhookId: webhook.id, revision: 1 }),
    ]) {
      await world.refused(work, 'TENANT_SUSPENDED');
    }
    await redeliverFailed(world.admin, {});
    expect(await deliveriesOf(webhook)).toMatchObject([{ status: 'failed' }]);
    await deleteWebhook(world.admin, webhook);
    expect(await findWebhooks(world.admin, [webhook.id])).toEqual([null]);
  });

  test('keeps to 100 of a home, also when many are made at once', async () => {
    const tenant = await world.root();
    for (let n = 0; n < 98; n += 1) {
      await webhookOf(tenant);
    }
    const outcomes = await outcomesOf(...Array.from({ length: 5 }, () => webhookOf(tenant)));
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(2);
    expect(outcomes.filter((outcome) => outcome === 'VALIDATION_ERROR')).toHaveLength(3);
    const { issues } = await world.refused(() => webhookOf(tenant), 'VALIDATION_ERROR');
    expect(issues).toMatchObject([{ path: ['input', 'tenantId'], code: 'too_many' }]);
    expect(await outcomeOf(webhookOf(await world.child(tenant)))).toBe('ok');
  });
});

test('purging a tenant takes its webhooks along, with secrets and deliveries', async () => {
  const root = await world.root();
  const tenant = await world.child(root);
  const before = await world.counts();
  const webhook = await webhookOf(tenant, { events: ['*'] });
  await happens(tenant, 'k');
  await purgeTenant(world.admin, tenant);
  expect(await findWebhooks(world.admin, [webhook.id])).toEqual([null]);
  const { webhooks, webhook_secrets, deliveries } = await world.counts();
  expect({ webhooks, webhook_secrets, deliveries }).toEqual({
    webhooks: before['webhooks'],
    webhook_secrets: before['webhook_secrets'],
    deliveries: before['deliveries'],
  });
  expect(await world.invariants()).toEqual([]);
});

test('a webhook of the installation that is deleted meanwhile fails no write of others', async () => {
  const tenant = await world.root();
  const webhook = await webhookOf(null);
  const client = await world.database.pool.connect();
  await client.query('begin');
  await client.query('delete from webhooks where id = $1', [webhook.id]);
  const written = outcomeOf(happens(tenant, 'k'));
  await world.untilOneWaits();
  await client.query('commit');
  client.release();
  expect(await written).toBe('ok');
});

describe('secrets', () => {
  const secretsOf = ({ id }: Webhook) => readSecrets(world.services, id);

  test('go on beside the new one for as long as is said, two of them at most', async () => {
    const { webhook, secret: first } = await createWebhook(world.admin, {
      input: { tenantId: (await world.root()).id, url, events: ['*'] },
    });
    expect(await secretsOf(webhook)).toEqual([first]);
    const { secret: second } = await rotateWebhookSecret(world.admin, webhook);
    expect(await secretsOf(webhook)).toEqual([second, first]);
    const [kept] = await world.sql<{ seconds: number }>(
      'select extract(epoch from ends_at - created_at)::float8 as seconds from webhook_secrets where webhook_id = $1 and ends_at is not null',
      [webhook.id],
    );
    expect(kept!.seconds).toBeGreaterThanOrEqual(86_400);
    const { secret: third } = await rotateWebhookSecret(world.admin, { id: webhook.id, overlapSeconds: 604_800 });
    expect(await secretsOf(webhook)).toEqual([third, second]);
    await world.sql("update webhook_secrets set ends_at = now() - interval '1 second' where ends_at is not null");
    expect(await secretsOf(webhook)).toEqual([third]);
    await rotateWebhookSecret(world.admin, { id: webhook.id, secret: 'one of the caller', overlapSeconds: 0 });
    expect(await secretsOf(webhook)).toEqual(['one of the caller']);
    await update(webhook, { secret: 'another of the caller' });
    expect(await secretsOf(webhook)).toEqual(['another of the caller']);
  });

  test('are nowhere in the database in clear, and open for their own webhook alone', async () => {
    const marker = 'planted-marker-of-a-secret';
    const tenant = await world.root();
    const input = { tenantId: tenant.id, url, events: ['*'], secret: marker };
    const { webhook, secret } = await createWebhook(world.admin, { input });
    const other = await webhookOf(tenant);
    await rotateWebhookSecret(world.admin, { id: webhook.id, secret: `${marker} 2` });
    const made = await rotateWebhookSecret(world.admin, { id: webhook.id });
    await update(webhook, { secret: `${marker} 3`, active: false });
    expect(secret).toBeNull();
    const tables = await world.sql<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public'",
    );
    for (const { name } of tables) {
      const rows = await world.sql<{ row: string }>(`select t::text as row from "${name}" t`);
      const text = rows.map(({ row }) => row).join('\n');
      for (const plain of [marker, made.secret!, made.secret!.slice(6)]) {
        expect(text.includes(plain), name).toBe(false);
      }
    }
    await world.sql('update webhook_secrets set webhook_id = $1 where webhook_id = $2', [other.id, webhook.id]);
    await expect(readSecrets(world.services, other.id)).rejects.toThrow();
  });
});
