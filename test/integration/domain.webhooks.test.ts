import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import type { Call } from '../../src/domain/call.ts';
import { setConfig, setConfigs } from '../../src/domain/config/set.ts';
import { installationLedgerId } from '../../src/domain/ledger/write.ts';
import type { Scope } from '../../src/domain/principal.ts';
import { createTenants } from '../../src/domain/tenants/create.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { purgeTenant } from '../../src/domain/tenants/purge.ts';
import { resumeTenant, suspendTenant } from '../../src/domain/tenants/transition.ts';
import { disableWebhook, enableWebhook } from '../../src/domain/webhooks/activity.ts';
import { createWebhook } from '../../src/domain/webhooks/create.ts';
import { deleteWebhook } from '../../src/domain/webhooks/delete.ts';
import { findWebhooks } from '../../src/domain/webhooks/find.ts';
import type { CreateWebhookInput, UpdateWebhookInput } from '../../src/domain/webhooks/input.ts';
import { redeliver, redeliverFailed } from '../../src/domain/webhooks/redeliver.ts';
import { redeliverSince } from '../../src/domain/webhooks/redeliver-since.ts';
import { rotateWebhookSecret } from '../../src/domain/webhooks/rotate-secret.ts';
import type { Webhook } from '../../src/domain/webhooks/rows.ts';
import { testWebhook } from '../../src/domain/webhooks/test.ts';
import { updateWebhook } from '../../src/domain/webhooks/update.ts';
import { DomainWorld, outcomeOf, outcomesOf, uniqueSlug, unknownId } from '../support/domain-world.ts';
import { readSecrets } from '../support/webhook-secrets.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const url = 'https://hooks.example.com/x';

/** A webhook of a tenant, or of the installation, for events that tell of nothing but themselves unless told. */
async function webhookOf(tenant: Tenant | null, fields: Partial<CreateWebhookInput> = {}): Promise<Webhook> {
  const input = { tenantId: tenant?.id ?? null, url, events: ['config.updated'], ...fields };
  return (await createWebhook(world.admin, { input })).webhook;
}

const update = ({ id }: Webhook, input: UpdateWebhookInput, call = world.admin) => updateWebhook(call, { id, input });

function at({ id, path }: Tenant, scope: Scope = 'write'): Call {
  return world.as({ type: 'api_key', id: `${scope}-at-${id}`, scopes: [scope], home: { tenantId: id, path } });
}

/** Something happens to a tenant, which goes by a name. */
const happens = ({ id: tenantId }: Tenant, key: string) =>
  setConfig(world.admin, { tenantId, input: { key, value: uniqueSlug() } });

/** What a webhook has deliveries for, in the order of ledgers and revisions: the keys of config entries, or the types of other events. */
async function heard({ id }: Webhook): Promise<string[]> {
  const rows = await world.sql<{ name: string }>(
    `select coalesce(e.after->>'key', e.type) as name from webhook_deliveries d join events e using (ledger_id, revision)
     where d.webhook_id = $1 order by e.occurred_at, e.ledger_id, e.revision`,
    [id],
  );
  return rows.map(({ name }) => name);
}

const deliveriesOf = ({ id }: Webhook) =>
  world.sql<{ id: string; status: string; attempts: number; next: Date | null; completed: Date | null }>(
    `select id, status::text as status, attempts, next_attempt_at as next, completed_at as completed from webhook_deliveries
     where webhook_id = $1 order by created_at, id`,
    [id],
  );

/** As a worker leaves deliveries that came to an end. */
const complete = ({ id }: Webhook, status: 'failed' | 'success') =>
  world.sql(
    `update webhook_deliveries set status = $2::delivery_status, attempts = 9, next_attempt_at = null, completed_at = now() where webhook_id = $1`,
    [id, status],
  );

const events = ({ id }: Webhook) =>
  world.sql<{ type: string; before: Record<string, unknown> | null; after: Record<string, unknown> | null }>(
    `select type, before, after from events where type like 'webhook.%' and coalesce(after, before)->>'id' = $1 order by occurred_at, revision`,
    [id],
  );

describe('who is told of what', () => {
  test('is the webhook of the tenant and of all above, and nobody beside or below', async () => {
    const [root, other] = [await world.root(), await world.root()];
    const [home, sibling] = (await world.children(root, 2)) as [Tenant, Tenant];
    const below = await world.child(home);
    const [atRoot, atHome, atBelow, atSibling, atOther, everywhere] = await Promise.all(
      [root, home, below, sibling, other, null].map((tenant) => webhookOf(tenant)),
    );
    const alone = await webhookOf(home, { subtree: false });
    await happens(root, 'root');
    await happens(home, 'home');
    await happens(below, 'below');
    await happens(sibling, 'sibling');
    await happens(other, 'other');

    expect(await heard(atRoot!)).toEqual(['root', 'home', 'below', 'sibling']);
    expect(await heard(atHome!)).toEqual(['home', 'below']);
    expect(await heard(alone)).toEqual(['home']);
    expect(await heard(atBelow!)).toEqual(['below']);
    expect(await heard(atSibling!)).toEqual(['sibling']);
    expect(await heard(atOther!)).toEqual(['other']);
    expect(await heard(everywhere!)).toEqual(['root', 'home', 'below', 'sibling', 'other']);
    await deleteWebhook(world.admin, everywhere!);
  });

  test('hears of the types it listens for, and by a star of all of them', async () => {
    const tenant = await world.root();
    const some = await webhookOf(tenant, { events: ['tenant.suspended', 'tenant.resumed', 'tenant.suspended'] });
    const all = await webhookOf(tenant, { events: ['*'] });
    expect(some.events).toEqual(['tenant.suspended', 'tenant.resumed']);
    await happens(tenant, 'k');
    await suspendTenant(world.admin, tenant);
    await resumeTenant(world.admin, tenant);
    expect(await heard(some)).toEqual(['tenant.suspended', 'tenant.resumed']);
    expect(await heard(all)).toEqual(['webhook.created', 'k', 'tenant.suspended', 'tenant.resumed']);
  });

  test('hears nothing from before it was made, while it is off, and after it is gone', async () => {
    const tenant = await world.root();
    await happens(tenant, 'before');
    const webhook = await webhookOf(tenant);
    await happens(tenant, 'a');
    await disableWebhook(world.admin, webhook);
    await happens(tenant, 'off');
    await enableWebhook(world.admin, webhook);
    await happens(tenant, 'b');
    expect(await heard(webhook)).toEqual(['a', 'b']);
    await update(webhook, { events: ['tenant.purged'] });
    await happens(tenant, 'other type');
    expect(await heard(webhook)).toEqual(['a', 'b']);
    await deleteWebhook(world.admin, webhook);
    await happens(tenant, 'gone');
    expect(await deliveriesOf(webhook)).toEqual([]);
  });

  test('follows moves within a tree: both sides hear of the move, and each of what happens while the tenant is there', async () => {
    const root = await world.root();
    const [from, to] = (await world.children(root, 2)) as [Tenant, Tenant];
    const tenant = await world.child(from);
    const types = ['config.updated', 'tenant.moved'];
    const [atFrom, atTo, atTenant] = await Promise.all(
      [from, to, tenant].map((one) => webhookOf(one, { events: types })),
    );
    const alone = await webhookOf(to, { events: types, subtree: false });
    await happens(tenant, 'in from');
    await moveTenant(world.admin, { id: tenant.id, newParentId: to.id });
    await happens(tenant, 'in to');
    expect(await heard(atFrom!)).toEqual(['in from', 'tenant.moved']);
    expect(await heard(atTo!)).toEqual(['tenant.moved', 'in to']);
    expect(await heard(atTenant!)).toEqual(['in from', 'tenant.moved', 'in to']);
    expect(await heard(alone)).toEqual([]);
  });

  test('follows moves from tree to tree, and those to the top', async () => {
    const [here, there] = [await world.root(), await world.root()];
    const tenant = await world.child(here);
    const below = await world.child(tenant);
    const types = ['config.updated', 'tenant.moved'];
    const [atHere, atThere, atTenant, atBelow] = await Promise.all(
      [here, there, tenant, below].map((one) => webhookOf(one, { events: types })),
    );
    await happens(below, 'here');
    await moveTenant(world.admin, { id: tenant.id, newParentId: there.id });
    await happens(below, 'there');
    await moveTenant(world.admin, { id: tenant.id, newParentId: null });
    await happens(below, 'top');
    expect(await heard(atHere!)).toEqual(['here', 'tenant.moved']);
    expect(await heard(atThere!)).toEqual(['tenant.moved', 'there', 'tenant.moved']);
    expect(await heard(atTenant!)).toEqual(['here', 'tenant.moved', 'there', 'tenant.moved', 'top']);
    expect(await heard(atBelow!)).toEqual(['here', 'there', 'top']);
  });

  test('gets one delivery for each event of a batch, and none of a batch that is refused', async () => {
    const root = await world.root();
    const webhook = await webhookOf(root, { events: ['tenant.created', 'config.updated'] });
    await world.children(root, 100);
    const entries = ['a', 'b', 'c'].map((key) => ({ key, value: 1 }));
    await setConfigs(world.admin, { tenantId: root.id, entries });
    expect(await heard(webhook)).toEqual([...Array.from({ length: 100 }, () => 'tenant.created'), 'a', 'b', 'c']);

    const slug = uniqueSlug();
    const twins = [slug, slug].map((one) => ({ parentId: root.id, name: 'Twin', slug: one }));
    await world.refused(() => createTenants(world.admin, twins), 'TENANT_ALREADY_EXISTS');
    expect(await heard(webhook)).toHaveLength(103);
  });

  test('gets none of what is rolled back at the last moment', async () => {
    const tenant = await world.root();
    const webhook = await webhookOf(tenant);
    const before = await world.counts();
    const client = await world.database.pool.connect();
    try {
      await client.query('begin');
      await client.query(
        `insert into events (ledger_id, revision, type, tenant_id, path, actor_type, actor_id, occurred_at, previous_hash, hash)
         select l.id, l.revision + 1, 'config.updated', $1, $2, 'system', 'test', now(), l.head_hash, sha256('x') from ledgers l where l.id = $1`,
        [tenant.id, tenant.path],
      );
      const made = await client.query('select 1 from webhook_deliveries where webhook_id = $1', [webhook.id]);
      expect(made.rows).toHaveLength(1);
    } finally {
      await client.query('rollback');
      client.release();
    }
    expect(await world.counts()).toEqual(before);
  });
});

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
