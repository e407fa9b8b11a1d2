import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { openServer, openWorkerProcess } from '../support/cluster.ts';
import { followAlong, newTenant, newWebhook, post, setConfig } from '../support/cluster-calls.ts';
import { openPooler, type Pooler, pgbouncer } from '../support/pooler.ts';
import { cloneDatabase, emptyDatabase, type ScratchDatabase } from '../support/template-database.ts';
import { distinctIds, Receiver } from '../support/webhook-receiver.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) {
    await undo();
  }
});

async function pooled(database: ScratchDatabase): Promise<Pooler> {
  cleanup.push(database.drop);
  const pooler = await openPooler(database.url);
  cleanup.push(() => pooler[Symbol.asyncDispose]());
  return pooler;
}

async function locksOf(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    `select count(*)::int from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
  );
  await client.end();
  return rows[0].count;
}

describe.skipIf(pgbouncer === null)('through PgBouncer in transaction mode', { timeout: 120_000 }, () => {
  test('an empty database is migrated by several at once, each migration by one, and no lock is left in the pool', async () => {
    const database = await emptyDatabase();
    const { url } = await pooled(database);
    const applied = await Promise.all([migrate(url), migrate(url), migrate(url)]);
    expect(applied.filter(({ length }) => length > 0)).toHaveLength(1);
    expect(await locksOf(database.url)).toBe(0);
    expect(await migrate(database.url)).toEqual([]);
  });

  test.each([
    ['alone: it is looked from time to time', false],
    ['with a direct way to be woken over', true],
  ])('servers and a worker do their work, %s', async (_how, isDirect) => {
    const database = await cloneDatabase();
    const { url } = await pooled(database);
    const settings = { STRATUM_POOL_SIZE: '30', ...(isDirect && { STRATUM_DIRECT_DATABASE_URL: database.url }) };
    const [first, second] = await Promise.all([openServer(url, settings), openServer(url, settings)]);
    const worker = await openWorkerProcess(url, settings);
    cleanup.push(() => Promise.all([first, second, worker].map((one) => one.kill())));
    const hook = await Receiver.open();
    cleanup.push(() => hook[Symbol.asyncDispose]());

    const id = await newTenant(first.url);
    await newWebhook(first.url, { tenantId: id, url: hook.url });
    const following = followAlong(second.url, id);
    cleanup.push(following.stop);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const count = 60;
    const writes = Array.from({ length: count }, (_, index) =>
      post([first, second][index % 2]!.url, setConfig, { id, key: `key_${index}`, value: index }),
    );
    const revisions = (await Promise.all(writes)).map(({ setConfig: { revision } }) => revision);
    expect(new Set(revisions).size).toBe(count);
    const startedAt = performance.now();
    await hook.until((received) => distinctIds(received).size === count, 30_000);
    await expect.poll(() => following.ids.length, { timeout: 15_000 }).toBe(count);
    expect(new Set(following.ids)).toEqual(distinctIds(hook.received));
    if (isDirect) {
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    }
    expect(await worker.end()).toBe(0);
    expect(await first.end()).toBe(0);
  });
});
