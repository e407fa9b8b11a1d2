import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { openServer, openWorkerProcess, type Server, type WorkerProcess } from '../support/cluster.ts';
import { newTenant, newWebhook, post, setConfig } from '../support/cluster-calls.ts';
import { cloneDatabase } from '../support/template-database.ts';
import { distinctIds, Receiver } from '../support/webhook-receiver.ts';

/** Most of it goes into starting processes, on machines that do other things too. */
const timeout = 240_000;

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) {
    await undo();
  }
});

async function database(): Promise<{ url: string; sql: pg.Client }> {
  const { url, drop } = await cloneDatabase();
  const sql = new pg.Client({ connectionString: url });
  await sql.connect();
  cleanup.push(drop, () => sql.end());
  return { url, sql };
}

async function server(url: string, settings?: Record<string, string>): Promise<Server> {
  const opened = await openServer(url, settings);
  cleanup.push(() => opened.kill());
  return opened;
}

async function worker(url: string): Promise<WorkerProcess> {
  const opened = await openWorkerProcess(url);
  cleanup.push(() => opened.kill());
  return opened;
}

async function receiver(): Promise<Receiver> {
  const opened = await Receiver.open();
  cleanup.push(() => opened[Symbol.asyncDispose]());
  return opened;
}

test('a worker that is killed between the receiver’s answer and its own record sends again, under the same id', {
  timeout,
}, async () => {
  const { url, sql } = await database();
  const main = await server(url);
  const sender = await worker(url);
  const hook = await receiver();
  const id = await newTenant(main.url);
  const webhookId = await newWebhook(main.url, { tenantId: id, url: hook.url });
  const answered = Promise.withResolvers<void>();
  hook.behave = async (_received, answer) => {
    if (hook.received.length === 1) {
      // Frozen first: a signal may take longer than a record.
      sender.freeze();
      await sleep(100);
      answer.writeHead(200).end(() => answered.resolve());
    } else {
      answer.writeHead(200).end();
    }
  };
  await post(main.url, setConfig, { id, key: 'a', value: 1 });
  await answered.promise;
  await sender.kill();
  await sender.start();
  await hook.until(({ length }) => length === 2, 60_000);
  expect(distinctIds(hook.received).size).toBe(1);
  for (let status = ''; status !== 'success'; await sleep(100)) {
    const { rows } = await sql.query('select status from webhook_deliveries where webhook_id = $1', [webhookId]);
    status = rows[0].status;
  }
  expect(await sender.end()).toBe(0);
});

test('a server that is killed right after its answer has written the event, and its webhook is told of it', {
  timeout,
}, async () => {
  const { url, sql } = await database();
  const main = await server(url, { STRATUM_WORKER: 'on' });
  const hook = await receiver();
  const id = await newTenant(main.url);
  await newWebhook(main.url, { tenantId: id, url: hook.url });
  const { setConfig: saved } = await post(main.url, setConfig, { id, key: 'a', value: 1 });
  await main.kill();
  const { rows } = await sql.query('select type from events where ledger_id = $1 and revision = $2', [
    id,
    saved.revision,
  ]);
  expect(rows).toEqual([{ type: 'config.updated' }]);
  await main.start();
  await hook.until(({ length }) => length >= 1, 60_000);
  expect(distinctIds(hook.received).size).toBe(1);
});

test('a quiet system tries again by itself, and a server that is told to stop ends in time while a receiver hangs', {
  timeout,
}, async () => {
  const { url } = await database();
  const main = await server(url, { STRATUM_WORKER: 'on' });
  const hook = await receiver();
  const id = await newTenant(main.url);
  await newWebhook(main.url, { tenantId: id, url: hook.url });
  hook.behave = (_received, answer) => void (hook.received.length < 4 ? answer.writeHead(500).end() : null);
  await post(main.url, setConfig, { id, key: 'a', value: 1 });
  await hook.until(({ length }) => length === 4, 30_000);
  expect(await main.end()).toBe(0);
});

test('a server that is told to stop takes nothing new while its worker still waits for a receiver', {
  timeout,
}, async () => {
  const { url } = await database();
  const main = await server(url, { STRATUM_WORKER: 'on', STRATUM_WEBHOOK_TIMEOUT: '8s' });
  const hook = await receiver();
  const id = await newTenant(main.url);
  await newWebhook(main.url, { tenantId: id, url: hook.url });
  let isWaiting = true;
  hook.behave = (_received, answer) => {
    answer.on('close', () => {
      isWaiting = false;
    });
  };
  await post(main.url, setConfig, { id, key: 'a', value: 1 });
  await hook.until(({ length }) => length === 1, 30_000);
  const ended = main.end();
  const isTaken = () =>
    fetch(`${main.url}/api/v1/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (await isTaken()) {
    await sleep(50);
  }
  expect(isWaiting).toBe(true);
  expect(await ended).toBe(0);
});
