import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Created, GraphqlWorld, type Json, unknownId } from '../support/graphql-world.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const url = 'https://hooks.example.com/x';
const all = `id tenantId tenant { name } url events subtree ordered description active disabledReason failingSince createdAt updatedAt`;

/** A new webhook of a tenant, or of the installation, with its secret. */
async function newWebhook(tenant: Created | null, fields: object = {}): Promise<Json> {
  const input = { tenantId: tenant?.id ?? null, url, events: ['config.updated'], ...fields };
  const { createWebhook } = await world.data(
    `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { secret webhook { ${all} } } }`,
    { input },
  );
  return createWebhook;
}

/** The first of its deliveries, tried so often. */
async function tried({ id }: { id: string }, times: number, status = 'failed'): Promise<string> {
  const [delivery] = await world.sql<{ id: string }>(
    `update webhook_deliveries set status = $2::delivery_status, attempts = $3, completed_at = now(), next_attempt_at = null
     where id = (select id from webhook_deliveries where webhook_id = $1 order by created_at, id limit 1) returning id`,
    [id, status, times],
  );
  await world.sql(
    `insert into webhook_attempts (delivery_id, number, started_at, duration_ms, response_code, response_body, error)
     select $1, n, now(), n * 10, 500, 'answer ' || n, 'HTTP 500' from generate_series(1, $2::int) n`,
    [delivery!.id, times],
  );
  return delivery!.id;
}

const deliveries = `query ($id: ID!, $first: Int, $after: String, $statuses: [DeliveryStatus!]) {
  webhook(id: $id) { deliveries(first: $first, after: $after, statuses: $statuses) {
    totalCount pageInfo { hasNextPage endCursor } nodes { id status event { type after } } } } }`;

describe('a webhook', () => {
  test('is seen with all about it by its id, as a node and in a list; its secret only once', async () => {
    const tenant = await world.tenant({ name: 'Acme' });
    const { secret, webhook } = await newWebhook(tenant, { description: 'A', ordered: true });
    expect(secret).toMatch(/^whsec_/);
    expect(webhook).toMatchObject({ tenantId: tenant.id, tenant: { name: 'Acme' }, description: 'A', ordered: true });
    const answer = await world.data(
      `query ($id: ID!, $tenant: ID!) { webhook(id: $id) { ${all} } node(id: $id) { id ... on Webhook { ${all} } }
        webhooks(tenantId: $tenant) { totalCount nodes { ${all} } } exportTenant(id: $tenant) { webhooks { ${all} } events { nodes { before after } } } }`,
      { id: webhook.id, tenant: tenant.id },
    );
    expect(answer).toMatchObject({ webhook, node: webhook, webhooks: { totalCount: 1, nodes: [webhook] } });
    expect(answer.exportTenant.webhooks).toEqual([webhook]);
    expect(JSON.stringify(answer)).not.toContain('whsec_');
  });

  test('whose secret the caller chose is made without showing it', async () => {
    const chosen = 'planted-marker-of-a-secret';
    const made = await newWebhook(await world.tenant(), { secret: chosen });
    expect(made.secret).toBeNull();
    const { rotateWebhookSecret } = await world.data(
      'mutation ($id: ID!, $secret: String) { rotateWebhookSecret(id: $id, secret: $secret, overlapSeconds: 0) { secret webhook { id } } }',
      { id: made.webhook.id, secret: chosen },
    );
    expect(rotateWebhookSecret).toEqual({ secret: null, webhook: { id: made.webhook.id } });
  });

  test('is changed, switched off and on, and deleted', async () => {
    const { webhook } = await newWebhook(null);
    const { a, b, c, d } = await world.data(
      `mutation ($id: ID!) {
        a: updateWebhook(id: $id, input: { description: "B", events: ["*"] }) { description events }
        b: disableWebhook(id: $id) { active }
        c: enableWebhook(id: $id) { active description }
        d: deleteWebhook(id: $id) { id url }
      }`,
      { id: webhook.id },
    );
    expect({ a, b, c, d }).toEqual({
      a: { description: 'B', events: ['*'] },
      b: { active: false },
      c: { active: true, description: 'B' },
      d: { id: webhook.id, url },
    });
    await world.refused('WEBHOOK_NOT_FOUND', 'query ($id: ID!) { webhook(id: $id) { id } }', { id: webhook.id });
    expect(await world.data('query ($id: ID!) { node(id: $id) { id } }', { id: webhook.id })).toEqual({ node: null });
  });

  test('is refused by the names of the arguments', async () => {
    const create = 'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { secret } }';
    for (const [fields, path] of [
      [{ url: 'http://192.168.0.1/' }, ['input', 'url']],
      [{ events: ['*', 'nothing'] }, ['input', 'events', 1]],
      [{ secret: 'short' }, ['input', 'secret']],
      [{ tenantId: 'none' }, ['input', 'tenantId']],
    ] as const) {
      const { extensions } = await world.refused('VALIDATION_ERROR', create, {
        input: { url, events: ['*'], ...fields },
      });
      expect(extensions['issues']).toMatchObject([{ path }]);
    }
  });

  test('that is switched on again goes on with what fell due meanwhile', async () => {
    const tenant = await world.tenant();
    const { webhook } = await newWebhook(tenant);
    await world.config(tenant, { k: 1 });
    await world.data('mutation ($id: ID!) { disableWebhook(id: $id) { id } }', webhook);
    const jobs = () =>
      world.sql<{ key: string }>(
        `select j.key from graphile_worker.jobs j join webhook_deliveries d on j.key = 'delivery:' || d.id where d.webhook_id = $1`,
        [webhook.id],
      );
    expect(await jobs()).toHaveLength(1);
    await world.sql('delete from graphile_worker._private_jobs');
    await world.data('mutation ($id: ID!) { enableWebhook(id: $id) { id } }', webhook);
    expect(await jobs()).toHaveLength(1);
  });
});

describe('deliveries', () => {
  test('come with their events and how they were tried, page by page, and only some of them', async () => {
    const tenant = await world.tenant();
    const { webhook } = await newWebhook(tenant);
    await world.config(tenant, { a: 1, b: 2, c: 3 });
    const id = await tried(webhook, 3);
    const first = (await world.data(deliveries, { id: webhook.id, first: 2 })).webhook.deliveries;
    const after = first.pageInfo.endCursor;
    const rest = (await world.data(deliveries, { id: webhook.id, first: 2, after })).webhook.deliveries;
    const nodes = [...first.nodes, ...rest.nodes];
    expect([first.totalCount, first.pageInfo.hasNextPage, rest.pageInfo.hasNextPage]).toEqual([3, true, false]);
    expect(nodes.map(({ event }) => event.after.key).sort()).toEqual(['a', 'b', 'c']);
    const failed = (await world.data(deliveries, { id: webhook.id, statuses: ['failed'] })).webhook.deliveries;
    expect([failed.totalCount, failed.nodes.map((node: Json) => node.id)]).toEqual([1, [id]]);

    const {
      node,
      failedDeliveries,
      deliveryStatistics,
      webhook: counted,
    } = await world.data(
      `query ($id: ID!, $webhook: ID!) {
        node(id: $id) { ... on WebhookDelivery { webhook { id } webhookUrl eventId eventType eventTenantId event { id } attempts
          tries(first: 2) { number durationMs responseCode responseBody error } } }
        failedDeliveries { totalCount nodes { id } } deliveryStatistics { total failed }
        webhook(id: $webhook) { statistics { total pending success failed } } }`,
      { id, webhook: webhook.id },
      { as: await world.at(tenant) },
    );
    expect(node).toEqual({
      webhook: { id: webhook.id },
      webhookUrl: url,
      eventId: node.event.id,
      eventType: 'config.updated',
      eventTenantId: tenant.id,
      event: { id: expect.any(String) },
      attempts: 3,
      tries: [3, 2].map((number) => ({
        number,
        durationMs: number * 10,
        responseCode: 500,
        responseBody: `answer ${number}`,
        error: 'HTTP 500',
      })),
    });
    expect(counted.statistics).toEqual({ total: 3, pending: 2, success: 0, failed: 1 });
    expect(failedDeliveries).toEqual({ totalCount: 1, nodes: [{ id }] });
    expect(deliveryStatistics).toEqual({ total: 3, failed: 1 });
  });

  test('are tested, sent again one by one, all that failed, and from a revision on', async () => {
    const tenant = await world.tenant();
    const { webhook } = await newWebhook(tenant);
    await world.config(tenant, { a: 1 });
    const id = await tried(webhook, 1);
    const { again, test, failed, since } = await world.data(
      `mutation ($id: ID!, $webhook: ID!) {
        again: redeliver(deliveryId: $id) { id status attempts event { type } }
        test: testWebhook(id: $webhook) { status event { id } eventType webhook { id } }
        failed: redeliverFailed(webhookId: $webhook) { count }
        since: redeliverSince(webhookId: $webhook, revision: 1, untilRevision: 100) { count }
      }`,
      { id, webhook: webhook.id },
    );
    expect(again).toEqual({ id, status: 'pending', attempts: 0, event: { type: 'config.updated' } });
    expect(test).toEqual({ status: 'pending', event: null, eventType: null, webhook: { id: webhook.id } });
    expect([failed, since]).toEqual([{ count: 0 }, { count: 0 }]);
    await world.refused('NOT_FOUND', 'mutation ($id: ID!) { redeliver(deliveryId: $id) { id } }', { id: unknownId });
  });

  test('that a tenant brought from elsewhere tell nothing of what happened there', async () => {
    const [root, other] = [await world.tenant(), await world.tenant()];
    const [from, to] = (await world.children(root, ['from', 'to'])) as [Created, Created];
    const tenant = await world.tenant({ name: 'tenant', parentId: from.id });
    const { webhook } = await newWebhook(tenant);
    await world.config(tenant, { planted: 'in from' });
    const seenBy = async (home: Created) => {
      const answer = await world.data(
        `query ($id: ID!) { webhook(id: $id) { deliveries { nodes { eventId eventType eventTenantId event { after } } } } }`,
        { id: webhook.id },
        { as: await world.at(home) },
      );
      return answer.webhook.deliveries.nodes;
    };
    const nothing = { eventId: null, eventType: null, eventTenantId: null, event: null };
    await world.move(tenant, to);
    expect(await seenBy(to)).toEqual([nothing]);
    expect(await seenBy(root)).toMatchObject([{ eventType: 'config.updated', event: { after: { key: 'planted' } } }]);
    expect(await seenBy(tenant)).toMatchObject([{ eventType: 'config.updated' }]);
    await world.move(tenant, other);
    expect(await seenBy(other)).toEqual([nothing]);
    await world.config(tenant, { here: 1 });
    expect(await seenBy(other)).toMatchObject([{ event: { after: { key: 'here' } } }, nothing]);
  });
});

test.each([1, 20])(
  'a list of %i webhooks costs one statement for each kind of thing that is asked of them',
  async (count) => {
    const tenant = await world.tenant();
    for (let n = 0; n < count; n += 1) {
      const { webhook } = await newWebhook(tenant);
      await world.config(tenant, { k: n });
      await tried(webhook, 2);
    }
    const list = (fields: string) =>
      world.cost(`query ($id: ID!) { webhooks(tenantId: $id) { nodes { id ${fields} } } }`, { id: tenant.id });
    const [bare, withTenant] = [await list(''), await list('tenant { id }')];
    expect(withTenant).toBe(bare);
    expect(await list('statistics { total failed }')).toBe(bare + 1);
    expect(await list('deliveries(first: 2) { nodes { id eventId } }')).toBe(bare + 1);
    expect(await list('deliveries(first: 2) { totalCount }')).toBe(bare + 2);
    expect(
      await list(
        'statistics { total } deliveries(first: 2) { nodes { id event { id } tries { number } webhook { id statistics { total } } } }',
      ),
    ).toBe(bare + 5);
  },
);
