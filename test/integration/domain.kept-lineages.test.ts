import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { type Call, createCall } from '../../src/domain/call.ts';
import { setConfig } from '../../src/domain/config/set.ts';
import { createServices } from '../../src/domain/services.ts';
import { createLineageReader } from '../../src/domain/tenants/lineage-reader.ts';
import { reorderTenant } from '../../src/domain/tenants/reorder.ts';
import { DomainWorld, unknownId } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const set = (call: Call, { id: tenantId }: Tenant, value: unknown) =>
  setConfig(call, { tenantId, input: { key: 'theme', value } });

/** Another process on the same database: it shares nothing with this one. */
function otherProcess(): Call {
  const { database, limits } = world.services;
  const services = createServices({
    database,
    limits,
    encryptionKeys: ['a secret of at least thirty-two bytes'],
    apiKeys: { hmacSecret: 'a secret to hash keys for tests', prefix: 'sk_test_' },
  });
  return createCall(services, world.admin);
}

/** Takes the newest event of a tree and what it did back, as restoring an older copy of the database would. */
async function forgetLastEvent({ id }: Tenant, version: string): Promise<void> {
  await world.sql('alter table events disable trigger user');
  await world.sql(
    'delete from events e using ledgers l where l.id = $1 and e.ledger_id = l.id and e.revision = l.revision',
    [id],
  );
  await world.sql(
    `update ledgers set revision = revision - 1, head_hash = (
       select hash from events where ledger_id = id and events.revision = ledgers.revision - 1) where id = $1`,
    [id],
  );
  await world.sql('delete from config_entries where root_id = $1', [id]);
  await world.sql('update tenants set config_version = $2 where id = $1', [id, version]);
  await world.sql('alter table events enable trigger user');
}

test('a database that was restored, and has come to the same revision another way, is not taken for the one before', async () => {
  const root = await world.root();
  const [{ version } = { version: '' }] = await world.sql<{ version: string }>(
    'select config_version as version from tenants where id = $1',
    [root.id],
  );
  const red = await set(world.admin, root, 'red');
  expect(await world.value(root, 'theme')).toBe('red');

  await forgetLastEvent(root, version);
  const blue = await set(otherProcess(), root, 'blue');

  expect(blue.revision).toBe(red.revision);
  expect(await world.value(root, 'theme')).toBe('blue');
});

test('the position of a root is right after another root was moved, in every process', async () => {
  const roots = [await world.root(), await world.root()];
  const reader = world.services.lineages;
  const before = (await reader.load(roots[0]!.id))!.at(-1)!.sortOrder;

  await reorderTenant(otherProcess(), { id: roots[1]!.id, position: before });

  expect((await reader.load(roots[0]!.id))!.at(-1)!.sortOrder).toBe(before + 1);
});

test('one id that nobody has does not make the others be read again', async () => {
  const [one, other] = [await world.root(), await world.root()];
  const read = () => Promise.all([one!.id, other!.id, unknownId].map((id) => world.services.lineages.load(id)));
  const first = await read();

  const second = await read();

  expect(first.map((lineage) => lineage?.length)).toEqual([1, 1, undefined]);
  expect(second[0]).toBe(first[0]);
  expect(second[1]).toBe(first[1]);
});

test('a statement that gets no answer holds up nobody but its own', async () => {
  const { database } = world.services;
  const [stuck, other] = [await world.root(), await world.root()];
  let calls = 0;
  const reader = createLineageReader({
    ...database,
    query: async (statement) => {
      calls += 1;
      return calls === 1 ? new Promise(() => {}) : database.query(statement);
    },
  });

  void reader.load(stuck!.id);
  await sleep(5);

  expect((await reader.load(other!.id))?.at(-1)?.id).toBe(other!.id);
});

test('readers are served while more writers than there are connections wait for one tree', async () => {
  const [busy, calm] = [await world.root(), await world.root()];
  const holder = new pg.Client({ connectionString: world.database.pool.options.connectionString });
  await holder.connect();
  await holder.query('begin');
  await holder.query('select 1 from ledgers where id = $1 for update', [busy!.id]);

  const writes = Array.from({ length: 30 }, (_, value) => set(world.admin, busy!, value));
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await expect.poll(async () => (await world.sql(waiting)).length, { interval: 10 }).toBeGreaterThan(5);
  const read = await world.config(calm!);
  await holder.query('commit');
  await holder.end();

  expect(read).toEqual([]);
  await Promise.all(writes);
});
