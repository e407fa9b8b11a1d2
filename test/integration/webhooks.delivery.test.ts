import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verifyWebhook } from '../../src/webhooks.ts';
import { overSockets } from '../support/live.ts';
import { distinctIds, Receiver } from '../support/webhook-receiver.ts';
import { WebhookWorld } from '../support/webhook-world.ts';

let hooks: WebhookWorld;
let receiver: Receiver;
beforeAll(async () => {
  hooks = await WebhookWorld.open({ STRATUM_WEBHOOK_SCHEDULE: '100ms,200ms,400ms' });
  hooks.startWorker();
});
afterAll(async () => {
  await hooks[Symbol.asyncDispose]();
  expect(hooks.complaints).toEqual([]);
});
beforeEach(async () => {
  receiver = await Receiver.open();
});
afterEach(() => receiver[Symbol.asyncDispose]());

const count = (wanted: number) => (received: readonly unknown[]) => received.length >= wanted;

describe('a delivery', () => {
  test('tells of the event under the names of v1, signed in both ways', async () => {
    const tenant = await hooks.world.tenant();
    const { secret } = await hooks.webhook({ tenantId: tenant.id, url: receiver.url });
    await hooks.world.config(tenant, { color: 'red' });
    const [{ message, headers, body } = expect.fail()] = await receiver.until(count(1));
    expect(message).toMatchObject({
      type: 'config.updated',
      tenant_id: tenant.id,
      data: { key: 'color', entry: { key: 'color', value: 'red' } },
      ledger_id: tenant.id,
      revision: 3,
    });
    const { events } = await hooks.world.data(
      'query ($id: ID!) { events(tenantId: $id, order: NEWEST_FIRST) { nodes { id occurredAt } } }',
      { id: tenant.id },
    );
    expect([message.id, message.created_at]).toEqual([events.nodes[0].id, events.nodes[0].occurredAt]);
    expect(headers['x-stratum-event']).toBe('config.updated');
    expect(headers['webhook-id']).toBe(message.id);
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual(message);
    expect(verifyWebhook({ payload: body, headers, secret })).toEqual(message);
  });

  test('is written down with each try', async () => {
    const tenant = await hooks.world.tenant();
    const webhook = await hooks.webhook({ tenantId: tenant.id, url: receiver.url });
    receiver.behave = (_received, answer) =>
      void answer.writeHead(receiver.received.length < 3 ? 500 : 200).end('what I have to say');
    await hooks.world.config(tenant, { a: 1 });
    await receiver.until(count(3));
    const delivery = await eventually(
      async () => (await hooks.deliveries(webhook))[0],
      ({ status }) => status === 'success',
    );
    expect(delivery).toMatchObject({ attempts: 3, nextAttemptAt: null, lastError: null, responseCode: 200 });
    expect(delivery.tries).toMatchObject([
      { number: 3, responseCode: 200, error: null },
      { number: 2, responseCode: 500, error: 'HTTP 500' },
      { number: 1, responseCode: 500, responseBody: 'what I have to say', error: 'HTTP 500' },
    ]);
    expect(distinctIds(receiver.received).size).toBe(1);
  });

  test('that fails as often as the schedule has pauses, and once more, is dead until it is sent again', async () => {
    const tenant = await hooks.world.tenant();
    const webhook = await hooks.webhook({ tenantId: tenant.id, url: receiver.url });
    receiver.behave = (_received, answer) => void answer.writeHead(503).end();
    await hooks.world.config(tenant, { a: 1 });
    const dead = await eventually(
      async () => (await hooks.deliveries(webhook))[0],
      ({ status }) => status === 'failed',
    );
    expect(dead).toMatchObject({ attempts: 4, lastError: 'HTTP 503', nextAttemptAt: null });
    expect(receiver.received).toHaveLength(4);
    receiver.behave = (_received, answer) => void answer.writeHead(200).end();
    await hooks.world.data('mutation ($id: ID!) { redeliver(deliveryId: $id) { status } }', { id: dead.id });
    const sent = await eventually(
      async () => (await hooks.deliveries(webhook))[0],
      ({ status }) => status === 'success',
    );
    expect(sent).toMatchObject({ id: dead.id, attempts: 1 });
    expect(distinctIds(receiver.received).size).toBe(1);
  });

  test('waits as long as the receiver asks for', async () => {
    const tenant = await hooks.world.tenant();
    await hooks.webhook({ tenantId: tenant.id, url: receiver.url });
    receiver.behave = (_received, answer) =>
      void (
        receiver.received.length === 1 ? answer.writeHead(429, { 'retry-after': '2' }) : answer.writeHead(200)
      ).end();
    await hooks.world.config(tenant, { a: 1 });
    const [first, second] = await receiver.until(count(2));
    expect(second!.at - first!.at).toBeGreaterThan(1_900);
  });

  test('that is answered 410 is the last, and its webhook is switched off, with an event that says why', async () => {
    const tenant = await hooks.world.tenant();
    const webhook = await hooks.webhook({ tenantId: tenant.id, url: receiver.url });
    receiver.behave = (_received, answer) => void answer.writeHead(410).end();
    await hooks.world.config(tenant, { a: 1 });
    const state = await eventually(
      () => stateOf(webhook.id),
      ({ active }) => !active,
    );
    expect(state.disabledReason).toBe('the receiver answered 410 Gone');
    const { events } = await hooks.world.data(
      'query ($id: ID!) { events(tenantId: $id, types: ["webhook.disabled"]) { nodes { actorType after } } }',
      { id: tenant.id },
    );
    expect(events.nodes).toMatchObject([
      { actorType: 'system', after: { active: false, disabled_reason: 'the receiver answered 410 Gone' } },
    ]);
    await hooks.world.config(tenant, { a: 2 });
    await hooks.world.data('mutation ($id: ID!) { enableWebhook(id: $id) { active } }', { id: webhook.id });
    receiver.behave = (_received, answer) => void answer.writeHead(200).end();
    await hooks.world.config(tenant, { a: 3 });
    await receiver.until((received) => received.some(({ message }) => message.data.entry?.value === 3));
    expect(receiver.received.filter(({ message }) => message.data.entry?.value === 2)).toEqual([]);
  });

  test('goes to a name that has no address as often as to any other, and ends among the dead', async () => {
    const tenant = await hooks.world.tenant();
    const webhook = await hooks.webhook({ tenantId: tenant.id, url: 'https://no-such-host.invalid/hook' });
    await hooks.world.config(tenant, { a: 1 });
    const dead = await eventually(
      async () => (await hooks.deliveries(webhook))[0],
      ({ status }) => status === 'failed',
    );
    expect(dead).toMatchObject({ attempts: 4, responseCode: null, lastError: 'the host has no address' });
  });

  test('of a test arrives and tells of nothing', async () => {
    const tenant = await hooks.world.tenant();
    const webhook = await hooks.webhook({ tenantId: tenant.id, url: receiver.url });
    await hooks.world.data('mutation ($id: ID!) { testWebhook(id: $id) { id } }', { id: webhook.id });
    const received = await receiver.until((all) => all.some(({ message }) => message.type === 'webhook.test'));
    expect(received.find(({ message }) => message.type === 'webhook.test')?.message.data).toEqual({
      webhook_id: webhook.id,
    });
  });

  test('is signed with both secrets while one takes over from the other', async () => {
    const tenant = await hooks.world.tenant();
    const { id, secret } = await hooks.webhook({ tenantId: tenant.id, url: receiver.url, events: ['config.updated'] });
    const { rotateWebhookSecret } = await hooks.world.data(
      'mutation ($id: ID!) { rotateWebhookSecret(id: $id) { secret } }',
      { id },
    );
    await hooks.world.config(tenant, { a: 1 });
    const [{ body, headers, message } = expect.fail()] = await receiver.until(count(1));
    for (const one of [secret, rotateWebhookSecret.secret]) {
      expect(verifyWebhook({ payload: body, headers, secret: one })).toEqual(message);
    }
  });
});

test('in order: what fails holds up what is behind it in its tree, and nothing of another', async () => {
  const [tenant, other] = [await hooks.world.tenant(), await hooks.world.tenant()];
  await hooks.webhook({ tenantId: null, url: receiver.url, ordered: true, events: ['config.updated'] });
  receiver.behave = ({ message }, answer) => {
    const fails = message.tenant_id === tenant.id && receiver.received.length < 4;
    answer.writeHead(fails ? 500 : 200).end();
  };
  for (const value of [1, 2, 3, 4, 5]) {
    await hooks.world.config(tenant, { a: value });
    await hooks.world.config(other, { a: value });
  }
  await receiver.until(
    (received) => distinctIds(received).size === 10 && received.at(-1)?.message.data.entry.value === 5,
  );
  for (const { id } of [tenant, other]) {
    const values = receiver.received
      .filter(({ message }) => message.tenant_id === id)
      .map(({ message }) => message.data.entry.value);
    expect([...new Set(values)]).toEqual([1, 2, 3, 4, 5]);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
  }
});

test('in order: any number of workers send each event once, one after the other', { timeout: 120_000 }, async () => {
  const tenant = await hooks.world.tenant();
  let underWay = 0;
  let most = 0;
  receiver.behave = (_received, answer) => {
    underWay += 1;
    most = Math.max(most, underWay);
    setTimeout(() => {
      underWay -= 1;
      answer.writeHead(204).end();
    }, Math.random() * 40);
  };
  await hooks.webhook({ tenantId: tenant.id, url: receiver.url, ordered: true });
  const others = [hooks.openWorker(), hooks.openWorker()];
  const count = 150;
  for (let value = 1; value <= count; value += 1) {
    await hooks.world.config(tenant, { a: value });
    await sleep(Math.random() * 40); // as long as it takes to send one: each comes while another is under way, or just has been
  }
  const received = await receiver.until((all) => distinctIds(all).size === count, 60_000);
  await Promise.all(others.map((worker) => worker.stop()));
  expect(received.map(({ message }) => message.revision)).toEqual(
    Array.from({ length: count }, (_, index) => index + 3),
  );
  expect(most).toBe(1);
});

test('a receiver that hangs holds up nobody else', async () => {
  await using good = await Receiver.open();
  const tenant = await hooks.world.tenant();
  await hooks.webhook({ tenantId: tenant.id, url: receiver.url, events: ['config.updated'] });
  receiver.behave = () => {};
  await hooks.world.config(
    tenant,
    Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`key_${index}`, index])),
  );
  await receiver.until(count(4));
  const other = await hooks.world.tenant();
  await hooks.webhook({ tenantId: other.id, url: good.url, events: ['config.updated'] });
  await hooks.world.config(
    other,
    Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`key_${index}`, index])),
  );
  await good.until((received) => distinctIds(received).size === 60);
  // Four at a time, and each of them gives up after two seconds: the other sixty were not behind them.
  expect(receiver.received.length).toBeLessThan(60);
});

test('what a webhook of a tenant is told stays within what it may see', async () => {
  const [root, home] = await hooks.world.line(['Root', 'Home']);
  const outside = await hooks.world.tenant({ parentId: root!.id });
  const moved = await hooks.world.tenant({ parentId: outside.id });
  await hooks.webhook({ tenantId: home!.id, url: receiver.url, events: ['tenant.moved', 'config.updated'] });
  await hooks.world.config(root!, { a: 1 });
  await hooks.world.config(outside, { a: 1 });
  await hooks.world.move(moved, home!);
  await hooks.world.config(moved, { a: 1 });
  await receiver.until(count(2));
  const told = receiver.received
    .toSorted((a, b) => a.message.revision - b.message.revision)
    .map(({ message }) => message);
  expect(told.map(({ type, tenant_id }) => [type, tenant_id])).toEqual([
    ['tenant.moved', moved.id],
    ['config.updated', moved.id],
  ]);
  expect(JSON.stringify(told)).not.toContain(outside.id);
});

test('a secret is in nothing that is sent to anybody, by webhook or subscription', async () => {
  const transport = overSockets(await hooks.world.app.server.listen({ host: '127.0.0.1', port: 0 }));
  const tenant = await hooks.world.tenant();
  await hooks.webhook({ tenantId: tenant.id, url: receiver.url, events: ['*'] });
  const marker = 'marker-of-a-secret-value';
  const following = transport.follow(
    'subscription ($id: ID!) { events(tenantId: $id) { event { type before after } } }',
    { id: tenant.id },
  );
  expect(await following.isQuiet(300)).toBe(true);
  await hooks.world.config(tenant, { token: marker }, { sensitive: true });
  await hooks.world.config(tenant, { token: `${marker}-2` }, { sensitive: true });
  const { createApiKey } = await hooks.world.data(
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { plaintextKey } }',
    { input: { tenantId: tenant.id, scopes: ['read'] } },
  );
  const sent = await following.take(3);
  await receiver.until((received) => received.some(({ message }) => message.type === 'api_key.created'));
  await receiver.until((received) => distinctIds(received).size === 4);
  const all = JSON.stringify([sent, receiver.received.map(({ body, headers }) => [body, headers])]);
  expect(all).toContain('config.updated');
  expect(all).not.toContain(marker);
  expect(all).not.toContain(createApiKey.plaintextKey);
  await transport.close();
});

test('a webhook to which nothing has arrived for long enough is switched off, and says why', async () => {
  await using impatient = await WebhookWorld.open({
    STRATUM_WEBHOOK_SCHEDULE: Array.from({ length: 30 }, () => '100ms').join(','),
    STRATUM_WEBHOOK_GIVE_UP: '1s',
  });
  impatient.startWorker();
  receiver.behave = (_received, answer) => void answer.writeHead(502).end();
  const tenant = await impatient.world.tenant();
  const { id } = await impatient.webhook({ tenantId: tenant.id, url: receiver.url });
  await impatient.world.config(tenant, { a: 1 });
  const document = 'query ($id: ID!) { webhook(id: $id) { active disabledReason failingSince } }';
  const { disabledReason } = await eventually(
    async () => (await impatient.world.data(document, { id })).webhook,
    ({ active }) => !active,
  );
  expect(disabledReason).toMatch(/^nothing arrived since .*; the last fault: HTTP 502$/);
  const [delivery] = await impatient.deliveries({ id });
  expect(delivery.status).toBe('pending');
  // Switched on again, what waited goes on.
  receiver.behave = (_received, answer) => void answer.writeHead(200).end();
  await impatient.world.data('mutation ($id: ID!) { enableWebhook(id: $id) { active } }', { id });
  await eventually(
    async () => (await impatient.deliveries({ id }))[0],
    ({ status }) => status === 'success',
  );
});

async function stateOf(id: string): Promise<{ active: boolean; disabledReason: string | null }> {
  return (await hooks.world.data('query ($id: ID!) { webhook(id: $id) { active disabledReason } }', { id })).webhook;
}

/** Asks until the answer is as it has to become. */
async function eventually<Value>(ask: () => Promise<Value>, isSo: (value: Value) => boolean): Promise<Value> {
  const end = performance.now() + 20_000;
  for (;;) {
    const value = await ask();
    if (value !== undefined && isSo(value)) {
      return value;
    }
    if (performance.now() > end) {
      throw new Error(`it never came to that; it is ${JSON.stringify(value)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
