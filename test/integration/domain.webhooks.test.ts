import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { setConfigs } from '../../src/domain/config/set.ts';
import { createTenants } from '../../src/domain/tenants/create.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { resumeTenant, suspendTenant } from '../../src/domain/tenants/transition.ts';
import { disableWebhook, enableWebhook } from '../../src/domain/webhooks/activity.ts';
import { deleteWebhook } from '../../src/domain/webhooks/delete.ts';
import { webhooksOf } from '../support/domain-webhooks.ts';
import { DomainWorld, uniqueSlug } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());
const { webhookOf, update, happens, heard, deliveriesOf } = webhooksOf(() => world);

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
