import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { openRedis } from '../../src/http/redis.ts';
import { GraphqlWorld } from '../support/graphql-world.ts';
import { type Following, overSockets } from '../support/live.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) {
    await undo();
  }
});

async function open(settings: Readonly<Record<string, string>>, databaseUrl?: string): Promise<GraphqlWorld> {
  const world = await GraphqlWorld.open({ settings, ...(databaseUrl && { databaseUrl }) });
  cleanup.push(() => world[Symbol.asyncDispose]());
  return world;
}

const document = 'subscription ($id: ID!) { events(tenantId: $id) { event { revision } } }';

/** Follows a tenant through one process, and gives another on the same database to change it through. */
async function two(settings: Readonly<Record<string, string>> = {}) {
  const near = await open(settings);
  const far = await open(settings, near.database.pool.options.connectionString);
  const transport = overSockets(await near.app.server.listen({ host: '127.0.0.1', port: 0 }));
  cleanup.push(() => transport.close());
  const tenant = await near.tenant();
  const following = transport.follow(document, { id: tenant.id });
  expect(await following.isQuiet(300)).toBe(true);
  return { near, far, tenant, following };
}

const look = /^\s*select id, revision from ledgers where id = any/;

async function revisionOf(following: Following): Promise<number> {
  return (await following.next()).data.events.event.revision;
}

/** The database says nothing any more when something is committed, as for whoever can't listen. */
async function silence(world: GraphqlWorld): Promise<void> {
  await world.sql(
    `create or replace function events_announce() returns trigger language plpgsql as $$ begin return null; end $$`,
  );
}

/** Changes are told without the process having looked by itself, which it does every few seconds and may do at that very moment. */
async function toldUnasked({ near, far, tenant, following }: Awaited<ReturnType<typeof two>>): Promise<void> {
  for (let revision = 2; revision < 20; revision += 1) {
    near.statements.length = 0;
    await far.config(tenant, { [`key_${revision}`]: 1 });
    expect(await revisionOf(following)).toBe(revision);
    if (!near.statements.some((text) => look.test(text))) {
      return;
    }
  }
  expect.fail('it was told only after it had looked');
}

test('what another process commits is told because the database says so', async () => {
  await toldUnasked(await two());
});

test('a process that hears nothing looks by itself', async () => {
  const { near, far, tenant, following } = await two();
  await silence(near);
  await far.config(tenant, { a: 1 });
  expect(await revisionOf(following)).toBe(2);
});

test('what was said while the connection was broken is not missed', async () => {
  const { near, far, tenant, following } = await two();
  await near.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'stratum listener' and datname = current_database()`,
  );
  await far.config(tenant, { a: 1 });
  expect(await revisionOf(following)).toBe(2);
  await far.config(tenant, { b: 1 });
  expect(await revisionOf(following)).toBe(3);
});

const redisUrl = 'redis://127.0.0.1:6379';

async function isThere(): Promise<boolean> {
  const redis = openRedis(redisUrl, { warn: () => {}, info: () => {} });
  const answer = await Promise.race([new Promise((resolve) => redis.once('ready', resolve)), sleep(500, 'none')]);
  redis.disconnect();
  return answer !== 'none';
}

describe('with Redis', async () => {
  test.skipIf(!(await isThere()))('a process that can not listen to the database is woken all the same', async () => {
    const processes = await two({ REDIS_URL: redisUrl });
    await silence(processes.near);
    await toldUnasked(processes);
  });

  test.skipIf(!(await isThere()))('a message that is no wake-up is passed over', async () => {
    const { far, tenant, following } = await two({ REDIS_URL: redisUrl });
    const redis = openRedis(redisUrl, { warn: () => {}, info: () => {} });
    await new Promise((resolve) => redis.once('ready', resolve));
    for (const message of ['', '{', 'null', '{"ledgerId":1}', JSON.stringify({ ledgerId: tenant.id, revision: 'x' })]) {
      await redis.publish('stratum:events', message);
    }
    redis.disconnect();
    await far.config(tenant, { a: 1 });
    expect(await revisionOf(following)).toBe(2);
  });

  test('that is out of reach nothing is lost, and the process ends as it should', async () => {
    const { far, tenant, following } = await two({ REDIS_URL: 'redis://127.0.0.1:1' });
    await far.config(tenant, { a: 1 });
    expect(await revisionOf(following)).toBe(2);
  });
});
