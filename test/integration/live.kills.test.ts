import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { type Member, openServer, openWorkerProcess, type Server } from '../support/cluster.ts';
import { followAlong, newTenant, newWebhook, post, setConfig } from '../support/cluster-calls.ts';
import { openMortalPostgres } from '../support/mortal-postgres.ts';
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

async function receiver(): Promise<Receiver> {
  const opened = await Receiver.open();
  cleanup.push(() => opened[Symbol.asyncDispose]());
  return opened;
}

async function query<Row extends object>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

interface Cluster {
  readonly servers: readonly [Server, Server];
  readonly worker: Member;
}

/** Changes go on through two servers while `disturb` does its worst; at the end everything is counted. */
async function countUnder(url: string, disturb: (cluster: Cluster) => Promise<void>): Promise<void> {
  const servers = [await openServer(url), await openServer(url)] as const;
  const worker = await openWorkerProcess(url);
  cleanup.push(...[...servers, worker].map((one) => () => one.kill()));
  const [first, second] = servers;
  const [one, all] = [await receiver(), await receiver()];
  const id = await newTenant(first.url);
  await newWebhook(first.url, { tenantId: id, url: one.url, ordered: true });
  await newWebhook(first.url, { tenantId: null, url: all.url });
  const followers = [followAlong(first.url, id), followAlong(second.url, id)];
  cleanup.push(...followers.map(({ stop }) => stop));
  await sleep(500);

  const committed: number[] = [];
  let writing = true;
  const write = async (at: Server, who: string): Promise<void> => {
    for (let turn = 0; writing; turn += 1) {
      // What is refused, or never answered, may or may not have been committed; what was answered has been.
      await post(at.url, setConfig, { id, key: `${who}_${turn}`, value: turn }).then(
        ({ setConfig }) => committed.push(setConfig.revision),
        () => sleep(50),
      );
    }
  };
  const writers = [write(first, 'a'), write(second, 'b'), write(first, 'c')];
  await disturb({ servers, worker });
  writing = false;
  await Promise.all(writers);

  const rows = await query<{ revision: string }>(
    url,
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
}

test('two servers and a worker, killed while changes are made: every change has its event, and every event arrives', {
  timeout,
}, async () => {
  const { url, drop } = await cloneDatabase();
  cleanup.push(drop);
  await countUnder(url, async ({ servers: [first, second], worker }) => {
    for (const victim of [first, worker, second, worker]) {
      await sleep(700);
      await victim.kill();
      await sleep(300);
      await victim.start();
    }
    // PostgreSQL ends every connection, in the middle of whatever they do.
    await query(
      url,
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await sleep(1_000);
  });
});

test('PostgreSQL, killed twice while changes are made: no server or worker ends, every change has its event, and every event arrives', {
  timeout,
}, async () => {
  const postgres = await openMortalPostgres();
  cleanup.push(() => postgres[Symbol.asyncDispose]());
  await countUnder(postgres.url, async ({ servers, worker }) => {
    for (let crash = 0; crash < 2; crash += 1) {
      await sleep(1_500);
      await postgres.crash();
    }
    await sleep(3_000);
    expect([...servers, worker].map((one) => one.isRunning())).toEqual([true, true, true]);
  });
});
