import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import { developmentKey } from '../../src/config.ts';
import { type Member, openServer, openWorkerProcess, type Server } from '../support/cluster.ts';
import type { Json } from '../support/graphql-world.ts';
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
  sql.on('error', () => {}); // a test may end every connection there is
  await sql.connect();
  cleanup.push(drop, () => sql.end().catch(() => {}));
  return { url, sql };
}

async function server(url: string, settings?: Record<string, string>): Promise<Server> {
  const opened = await openServer(url, settings);
  cleanup.push(() => opened.kill());
  return opened;
}

async function worker(url: string): Promise<Member> {
  const opened = await openWorkerProcess(url);
  cleanup.push(() => opened.kill());
  return opened;
}

async function receiver(): Promise<Receiver> {
  const opened = await Receiver.open();
  cleanup.push(() => opened[Symbol.asyncDispose]());
  return opened;
}

async function post(url: string, query: string, variables: object): Promise<Json> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'x-api-key': developmentKey, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as Json;
  if (errors) {
    throw new Error(JSON.stringify(errors));
  }
  return data;
}

async function tenant(url: string): Promise<string> {
  const document = 'mutation ($input: CreateTenantInput!) { createTenant(input: $input) { id } }';
  const { createTenant } = await post(url, document, {
    input: { name: 'Tenant', slug: `t_${Date.now().toString(36)}` },
  });
  return createTenant.id;
}

const set =
  'mutation ($id: ID!, $key: String!, $value: JSON!) { setConfig(tenantId: $id, input: { key: $key, value: $value }) { revision } }';

async function webhook(url: string, input: object): Promise<string> {
  const document = 'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } } }';
  return (await post(url, document, { input: { events: ['config.updated'], ...input } })).createWebhook.webhook.id;
}

/** Follows the events of a tenant and begins again behind the last one whenever it is cut off, as any client would. */
function followAlong(url: string, id: string): { readonly ids: string[]; stop(): void } {
  const ids: string[] = [];
  let after: string | null = null;
  let stopped = false;
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { apiKey: developmentKey },
    retryAttempts: 0,
  });
  const query =
    'subscription ($id: ID!, $after: String) { events(tenantId: $id, after: $after, types: ["config.updated"]) { cursor event { id } } }';
  const again = async (): Promise<void> => {
    while (!stopped) {
      try {
        for await (const { data } of client.iterate({ query, variables: { id, after } }) as AsyncIterable<Json>) {
          if (data?.events) {
            after = data.events.cursor;
            ids.push(data.events.event.id);
          }
        }
      } catch {
        // The server is gone; it comes back.
      }
      await sleep(100);
    }
  };
  void again();
  return {
    ids,
    stop: () => {
      stopped = true;
      void client.dispose();
    },
  };
}

test('two servers and a worker, killed while changes are made: every change has its event, and every event arrives', {
  timeout,
}, async () => {
  const { url, sql } = await database();
  const [first, second] = [await server(url), await server(url)];
  const sender = await worker(url);
  const [one, all] = [await receiver(), await receiver()];
  const id = await tenant(first.url);
  await webhook(first.url, { tenantId: id, url: one.url, ordered: true });
  await webhook(first.url, { tenantId: null, url: all.url });
  const followers = [followAlong(first.url, id), followAlong(second.url, id)];
  cleanup.push(...followers.map(({ stop }) => stop));
  await sleep(500);

  const committed: number[] = [];
  let writing = true;
  const write = async (at: Server, who: string): Promise<void> => {
    for (let turn = 0; writing; turn += 1) {
      // What is refused, or never answered, may or may not have been committed; what was answered has been.
      await post(at.url, set, { id, key: `${who}_${turn}`, value: turn }).then(
        ({ setConfig }) => committed.push(setConfig.revision),
        () => sleep(50),
      );
    }
  };
  const writers = [write(first, 'a'), write(second, 'b'), write(first, 'c')];
  for (const victim of [first, sender, second, sender]) {
    await sleep(700);
    await victim.kill();
    await sleep(300);
    await victim.start();
  }
  // PostgreSQL ends every connection, in the middle of whatever they do.
  await sql.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await sleep(1_000);
  writing = false;
  await Promise.all(writers);

  const { rows } = await sql.query<{ revision: string }>(
    `select revision from events where ledger_id = $1 and type = 'config.updated' order by revision`,
    [id],
  );
  const revisions = rows.map(({ revision }) => Number(revision));
  expect(committed.length).toBeGreaterThan(50);
  expect(committed.filter((revision) => !revisions.includes(revision))).toEqual([]);
  await one.until((received) => distinctIds(received).size === revisions.length, 60_000);
  await all.until((received) => distinctIds(received).size === revisions.length, 60_000);
  // In the order of the ledger, whatever was sent twice.
  expect([...new Set(one.received.map(({ message }) => message.revision))]).toEqual(revisions);
  for (const { ids } of followers) {
    for (const end = performance.now() + 20_000; ids.length < revisions.length && performance.now() < end; ) {
      await sleep(100);
    }
    expect(ids).toHaveLength(revisions.length);
    expect(new Set(ids)).toEqual(distinctIds(one.received));
  }
  const counts = {
    committed: committed.length,
    events: revisions.length,
    received: one.received.length + all.received.length,
  };
  console.log(`killed and counted: ${JSON.stringify(counts)}, each event by two webhooks and two subscribers`);
});

test('a worker that is killed between the receiver’s answer and its own record sends again, under the same id', {
  timeout,
}, async () => {
  const { url, sql } = await database();
  const main = await server(url);
  const sender = await worker(url);
  const hook = await receiver();
  const id = await tenant(main.url);
  const webhookId = await webhook(main.url, { tenantId: id, url: hook.url });
  let killed: Promise<void> | null = null;
  hook.behave = (_received, answer) => {
    if (killed === null) {
      answer.writeHead(200).end(() => {});
      killed = sender.kill();
    } else {
      answer.writeHead(200).end();
    }
  };
  await post(main.url, set, { id, key: 'a', value: 1 });
  await hook.until(({ length }) => length === 1);
  await killed;
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
  const id = await tenant(main.url);
  await webhook(main.url, { tenantId: id, url: hook.url });
  const { setConfig } = await post(main.url, set, { id, key: 'a', value: 1 });
  await main.kill();
  const { rows } = await sql.query('select type from events where ledger_id = $1 and revision = $2', [
    id,
    setConfig.revision,
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
  const id = await tenant(main.url);
  await webhook(main.url, { tenantId: id, url: hook.url });
  hook.behave = (_received, answer) => void (hook.received.length < 4 ? answer.writeHead(500).end() : null);
  await post(main.url, set, { id, key: 'a', value: 1 });
  await hook.until(({ length }) => length === 4, 30_000);
  expect(await main.end()).toBe(0);
});

test('a server that is told to stop takes nothing new while its worker still waits for a receiver', {
  timeout,
}, async () => {
  const { url } = await database();
  const main = await server(url, { STRATUM_WORKER: 'on', STRATUM_WEBHOOK_TIMEOUT: '8s' });
  const hook = await receiver();
  const id = await tenant(main.url);
  await webhook(main.url, { tenantId: id, url: hook.url });
  let isWaiting = true;
  hook.behave = (_received, answer) => {
    answer.on('close', () => {
      isWaiting = false;
    });
  };
  await post(main.url, set, { id, key: 'a', value: 1 });
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
