import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openServer, type Server } from '../support/cluster.ts';
import { GraphqlWorld } from '../support/graphql-world.ts';
import { openProgram, type SdkProgram, until } from '../support/sdk-program.ts';
import { cloneDatabase } from '../support/template-database.ts';
import { openNetwork, type UnsteadyNetwork } from '../support/unsteady-network.ts';

/** The world writes through a server of its own; programs read through another one, on the same database. */
let world: GraphqlWorld;
let url: string;
let server: Server;
const cleanup: (() => unknown)[] = [];
beforeAll(async () => {
  const database = await cloneDatabase();
  server = await openServer(database.url);
  world = await GraphqlWorld.open({ databaseUrl: database.url, settings: { RATE_LIMIT_MAX: '999999' } });
  url = await world.app.server.listen({ host: '127.0.0.1', port: 0 });
  cleanup.push(
    database.drop,
    () => server.kill(),
    () => world[Symbol.asyncDispose](),
  );
}, 120_000);
afterAll(async () => {
  for (const undo of cleanup.reverse()) {
    await undo();
  }
});
const networks: UnsteadyNetwork[] = [];
afterEach(async () => {
  await Promise.all(networks.splice(0).map((network) => network[Symbol.asyncDispose]()));
});

async function network(): Promise<UnsteadyNetwork> {
  const opened = await openNetwork(url);
  networks.push(opened);
  return opened;
}

/** What a program is answered over a while, and when it asked. */
interface Observed {
  readonly askedAt: number;
  readonly value?: unknown;
  readonly code?: string;
}

/** Asks all the time, as requests would. */
function observe(program: SdkProgram, tenantId: string): { readonly all: Observed[]; stop(): Promise<void> } {
  const all: Observed[] = [];
  let isOn = true;
  const loop = (async () => {
    while (isOn) {
      const askedAt = performance.now();
      await program.value(tenantId, 'n').then(
        (value) => all.push({ askedAt, value }),
        ({ code }) => all.push({ askedAt, code }),
      );
      await sleep(5);
    }
  })();
  return {
    all,
    stop: () => {
      isOn = false;
      return loop;
    },
  };
}

test.each(['kill', 'end'] as const)(
  'a control plane that restarts (%s) leaves nobody with what was',
  { timeout: 120_000 },
  async (way) => {
    const [root, leaf] = await world.line(['root', 'leaf']);
    await world.config(root!, { n: 1 });
    const fallbackTtlMs = 1_000;
    using program = openProgram(server.url, { retries: 0, cache: { fallbackTtlMs } });
    expect(await program.value(leaf!.id, 'n')).toBe(1);
    await program.live();
    const observed = observe(program, leaf!.id);
    await server[way]();
    await until(() => program.sdk.client.cacheStatus.live === 0);
    const lostAt = performance.now();
    expect(await program.value(leaf!.id, 'n')).toBe(1);
    await world.config(root!, { n: 2 });
    await until(() => observed.all.at(-1)?.code !== undefined, 10_000);
    expect(observed.all.at(-1)).toMatchObject({ code: 'UNREACHABLE' });
    const reads = program.reads;
    await server.start();
    await program.live();
    expect(await program.value(leaf!.id, 'n')).toBe(2);
    await world.config(root!, { n: 3 });
    await until(async () => (await program.value(leaf!.id, 'n')) === 3);
    await observed.stop();
    expect(program.reads).toBeGreaterThan(reads);
    const stale = observed.all.filter(({ value, askedAt }) => value === 1 && askedAt > lostAt + fallbackTtlMs + 50);
    expect(stale).toEqual([]);
  },
);

test('after an interruption nothing is answered from memory that was read before it', async () => {
  const { id } = await world.tenant();
  await world.config({ id }, { n: 1 });
  const way = await network();
  using program = openProgram(way.url, { cache: { fallbackTtlMs: 60_000 } });
  expect(await program.value(id, 'n')).toBe(1);
  await program.live();
  way.cut();
  await until(() => program.sdk.client.cacheStatus.live === 0);
  await world.config({ id }, { n: 2 });
  expect(await program.value(id, 'n')).toBe(1); // for so long as this program puts up with
  way.mend();
  await program.live();
  expect(await program.value(id, 'n')).toBe(2);
});

test('a connection that leads nowhere is noticed, although it is never closed', async () => {
  const { id } = await world.tenant();
  await world.config({ id }, { n: 1 });
  const way = await network();
  using program = openProgram(way.url, { timeoutMs: 500, retries: 0, cache: { fallbackTtlMs: 300 } });
  expect(await program.value(id, 'n')).toBe(1);
  await program.live();
  way.freeze();
  await world.config({ id }, { n: 2 });
  const isLost = async () =>
    program.value(id, 'n').then(
      () => false,
      ({ code }) => code === 'TIMEOUT',
    );
  await until(isLost, 2_500);
  way.mend();
  await until(async () => (await program.value(id, 'n').catch(() => null)) === 2);
  await program.live();
});

test('where WebSockets do not get through, nothing is kept for long', async () => {
  const { id } = await world.tenant();
  await world.config({ id }, { n: 1 });
  const way = await network();
  way.refuseUpgrades();
  using program = openProgram(way.url, { cache: { fallbackTtlMs: 400 } });
  expect(await program.value(id, 'n')).toBe(1);
  expect(await program.value(id, 'n')).toBe(1);
  expect(program.reads).toBe(1);
  await world.config({ id }, { n: 2 });
  const changedAt = performance.now();
  await until(async () => (await program.value(id, 'n')) === 2);
  expect(performance.now() - changedAt).toBeLessThan(1_000);
  expect(program.sdk.client.cacheStatus).toEqual({ contexts: 1, trees: 1, live: 0 });
  way.mend();
  await program.live();
});

test('a read that fails for a moment is asked again', async () => {
  const { id } = await world.tenant();
  const way = await network();
  using program = openProgram(way.url);
  way.cut();
  setTimeout(() => way.mend(), 100);
  expect(await program.sdk.client.resolveTenant(id)).toMatchObject({ tenant_id: id });
  expect(program.reads).toBeGreaterThan(1);
});

test('the time a read may take is kept to', async () => {
  const { id } = await world.tenant();
  const way = await network();
  way.freeze();
  using program = openProgram(way.url, { timeoutMs: 300 });
  const startedAt = performance.now();
  await expect(program.sdk.client.resolveTenant(id)).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test('a program that is done leaves no connection behind', async () => {
  const { id } = await world.tenant();
  const program = openProgram(url);
  await program.sdk.client.resolveTenant(id);
  await program.live();
  program.sdk.close();
  program.sdk.close();
  expect(program.sdk.client.cacheStatus).toEqual({ contexts: 0, trees: 0, live: 0 });
  await expect(program.sdk.client.resolveTenant(id)).rejects.toMatchObject({ code: 'CANCELLED' });
});
