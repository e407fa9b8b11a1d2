import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openServer, openWorkerProcess, type Server, type WorkerProcess } from '../support/cluster.ts';
import { newTenant, newWebhook, post, setConfigs } from '../support/cluster-calls.ts';
import { cloneDatabase } from '../support/template-database.ts';
import { distinctIds, Receiver } from '../support/webhook-receiver.ts';

const timeout = 120_000;

const cleanup: (() => unknown)[] = [];
let url: string;
let server: Server;
beforeEach(async () => {
  const database = await cloneDatabase();
  cleanup.push(database.drop);
  ({ url } = database);
  server = await openServer(url);
  cleanup.push(() => server.kill());
});
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) {
    await undo();
  }
});

async function workers(settings: Readonly<Record<string, string>>): Promise<WorkerProcess[]> {
  const opened = await Promise.all([openWorkerProcess(url, settings), openWorkerProcess(url, settings)]);
  cleanup.push(() => Promise.all(opened.map((worker) => worker.kill())));
  return opened;
}

async function receiver(): Promise<Receiver> {
  const opened = await Receiver.open();
  cleanup.push(() => opened[Symbol.asyncDispose]());
  return opened;
}

/** Many changes in one; each is an event. */
function changes(id: string, count: number, value: unknown = 1): Promise<unknown> {
  const entries = Array.from({ length: count }, (_, index) => ({ key: `key_${index}`, value }));
  return post(server.url, setConfigs, { id, entries });
}

/** Takes so long for each answer, and counts how many requests are at it at once. */
function slowly(one: Receiver, ms: number, crowd: { now: number; most: number }): { now: number; most: number } {
  const own = { now: 0, most: 0 };
  one.behave = async (_received, answer) => {
    for (const count of [own, crowd]) {
      count.now += 1;
      count.most = Math.max(count.most, count.now);
    }
    await sleep(ms);
    for (const count of [own, crowd]) {
      count.now -= 1;
    }
    answer.writeHead(204).end();
  };
  return own;
}

test('a webhook, and all of them together, are sent no more at a time than is allowed, however many workers there are', {
  timeout,
}, async () => {
  const id = await newTenant(server.url);
  const crowd = { now: 0, most: 0 };
  const receivers = [await receiver(), await receiver(), await receiver()];
  const counts = receivers.map((one) => slowly(one, 60, crowd));
  for (const one of receivers) {
    await newWebhook(server.url, { tenantId: id, url: one.url });
  }
  await changes(id, 60);
  await workers({ STRATUM_WEBHOOK_ENDPOINT_CONCURRENCY: '3', STRATUM_WEBHOOK_CONCURRENCY: '5' });
  await Promise.all(receivers.map((one) => one.until((received) => distinctIds(received).size === 60, 60_000)));
  expect(counts.map(({ most }) => most)).toEqual([3, 3, 3]);
  expect(crowd.most).toBe(5);
  expect(receivers.map(({ received }) => received.length)).toEqual([60, 60, 60]);
});

test('a webhook that keeps order from now on, and then no more, waits for nothing but its receiver', {
  timeout,
}, async () => {
  const id = await newTenant(server.url);
  const one = await receiver();
  const crowd = slowly(one, 40, { now: 0, most: 0 });
  const webhookId = await newWebhook(server.url, { tenantId: id, url: one.url });
  const order = (ordered: boolean) =>
    post(
      server.url,
      'mutation ($id: ID!, $ordered: Boolean!) { updateWebhook(id: $id, input: { ordered: $ordered }) { id } }',
      { id: webhookId, ordered },
    );
  await changes(id, 100);
  await workers({});
  await one.until(({ length }) => length >= 20);
  await order(true);
  const before = one.received.length;
  await sleep(300); // what is on its way arrives
  const since = one.received.length;
  crowd.most = 0;
  await one.until(({ length }) => length >= since + 30, 15_000);
  expect(crowd.most).toBe(1);
  const revisions = one.received.slice(since).map(({ message }) => message.revision);
  expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
  await order(false);
  await one.until((received) => distinctIds(received).size === 100, 15_000);
  expect(crowd.most).toBeGreaterThan(1);
  expect(one.received.length - 100).toBeLessThan(3);
  expect(since - before).toBeLessThan(20);
});

test('many that fail at once are each tried as the schedule says, and nobody waits for a receiver that is dead or slow', {
  timeout,
}, async () => {
  const id = await newTenant(server.url);
  const [good, failing, slow, dead] = [await receiver(), await receiver(), await receiver(), await receiver()];
  failing.behave = (_received, answer) => void answer.writeHead(500).end();
  slow.behave = () => {};
  await dead[Symbol.asyncDispose]();
  const hooks: string[] = [];
  for (const { url } of [failing, slow, dead]) {
    hooks.push(await newWebhook(server.url, { tenantId: id, url }));
  }
  await workers({ STRATUM_WEBHOOK_SCHEDULE: '1s,2s', STRATUM_WEBHOOK_TIMEOUT: '1s' });
  const events = 30;
  await changes(id, events);
  await newWebhook(server.url, { tenantId: id, url: good.url });
  await sleep(200); // the others keep all workers busy by now
  await changes(id, events, 2);
  await good.until((received) => distinctIds(received).size === events);
  expect(good.received.length).toBe(events);
  // The slow one has hardly begun: it is sent eight at a time, for a second each.
  expect(distinctIds(slow.received).size).toBeLessThan(events);

  const sql = new pg.Client({ connectionString: url });
  await sql.connect();
  cleanup.push(() => sql.end());
  const left = async () =>
    Number((await sql.query(`select count(*) from webhook_deliveries where status = 'pending'`)).rows[0].count);
  while ((await left()) > 0) {
    await sleep(200);
  }
  for (const tries of Map.groupBy(failing.received, ({ message }) => message.id).values()) {
    const [first, second, third, ...more] = tries.map(({ at }) => at);
    expect(more).toEqual([]);
    expect(second! - first!).toBeGreaterThan(950);
    expect(second! - first!).toBeLessThan(4_000);
    expect(third! - second!).toBeGreaterThan(1_950);
    expect(third! - second!).toBeLessThan(5_000);
  }
  expect(distinctIds(failing.received).size).toBe(2 * events);
  const { rows } = await sql.query(
    `select d.webhook_id, d.status, d.attempts, array_agg(a.number order by a.number) as tries, count(*) over (partition by d.webhook_id) as all
     from webhook_deliveries d join webhook_attempts a on a.delivery_id = d.id where d.webhook_id = any ($1) group by d.id`,
    [hooks],
  );
  expect(rows).toHaveLength(3 * 2 * events);
  expect(
    new Set(rows.map(({ status, attempts, tries, all }) => JSON.stringify([status, attempts, tries, all]))),
  ).toEqual(new Set([JSON.stringify(['failed', 3, [1, 2, 3], String(2 * events)])]));
});
