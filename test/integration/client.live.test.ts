import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import {
  CancelledError,
  type Client,
  type ClientOptions,
  createClient,
  type FollowEventsSubscription,
  type SubscriptionStatus,
} from '../../src/client/index.ts';
import { developmentKey } from '../../src/config.ts';
import { openServer, type Server } from '../support/cluster.ts';
import { uniqueSlug } from '../support/graphql-world.ts';
import { cloneDatabase } from '../support/template-database.ts';

let server: Server;
let drop: () => Promise<void>;
const cleanup: (() => unknown)[] = [];

beforeAll(async () => {
  const database = await cloneDatabase();
  drop = database.drop;
  server = await openServer(database.url);
});
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) {
    await undo();
  }
});
afterAll(async () => {
  await server.kill();
  await drop();
});

function open(options: Partial<ClientOptions> = {}): Client {
  const client = createClient({ url: server.url, apiKey: developmentKey, ...options } as ClientOptions);
  cleanup.push(() => client.close());
  return client;
}

async function newTenant(client: Client): Promise<string> {
  const { createTenant } = await client.createTenant({ input: { name: 'Tenant', slug: uniqueSlug() } });
  return createTenant!.id;
}

async function set(client: Client, tenantId: string, key: string, value: unknown = true): Promise<void> {
  await client.setConfig({ tenantId, input: { key, value } });
}

/** Statuses as they are told, and a way to wait for one. */
function heard() {
  const statuses: SubscriptionStatus[] = [];
  const onStatus = (status: SubscriptionStatus): void => void statuses.push(status);
  const connections = () => statuses.filter(({ state }) => state === 'connected').length;
  const connected = (times: number) => expect.poll(connections, { timeout: 20_000 }).toBeGreaterThanOrEqual(times);
  return { statuses, onStatus, connected };
}

type Told = FollowEventsSubscription['events'];
const keyOf = (told: Told): unknown => (told!.event.after_state as { key: string }).key;

/** The keys of so many events. */
async function take(events: AsyncIterator<FollowEventsSubscription>, count: number): Promise<unknown[]> {
  const keys: unknown[] = [];
  while (keys.length < count) {
    const { done, value } = await events.next();
    if (done) {
      throw new Error(`it ended after ${keys.length}`);
    }
    keys.push(keyOf(value.events));
  }
  return keys;
}

/** A line to the server that can be cut, or made to swallow everything. */
async function line() {
  const target = new URL(server.url);
  const sockets = new Set<Socket>();
  let isSwallowing = false;
  const proxy = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    if (!isSwallowing) {
      const onward = connect(Number(target.port), target.hostname).on('error', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
      socket.on('close', () => onward.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const cut = (): void => {
    for (const socket of sockets) {
      socket.destroy();
    }
    sockets.clear();
  };
  cleanup.push(() => {
    cut();
    proxy.close();
  });
  return {
    url: `http://127.0.0.1:${(proxy.address() as { port: number }).port}`,
    cut,
    /** Nothing gets through any more, and nobody is told. */
    swallow: () => {
      isSwallowing = true;
      for (const socket of sockets) {
        socket.unpipe();
      }
    },
    heal: () => {
      isSwallowing = false;
    },
  };
}

test.each([
  ['the WebSocket of Node', {}],
  ['ws', { webSocket: WebSocket }],
])('events come as they happen, through %s, until the loop is left', async (_name, options) => {
  const client = open(options);
  const tenantId = await newTenant(client);
  const { onStatus, connected, statuses } = heard();
  const events = client.followEvents({ tenantId }, { onStatus });
  await connected(1);
  await sleep(100);
  await set(client, tenantId, 'one');
  await set(client, tenantId, 'two');

  const keys: unknown[] = [];
  for await (const { events: told } of events) {
    if (keys.push(keyOf(told)) === 2) {
      break;
    }
  }

  expect(keys).toEqual(['one', 'two']);
  expect(statuses).toEqual([{ state: 'connected', gap: false }]);
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test('a server that is killed and comes back: nothing is lost, nothing told twice', { timeout: 60_000 }, async () => {
  const client = open();
  const tenantId = await newTenant(client);
  const { onStatus, connected, statuses } = heard();
  const events = client.followEvents({ tenantId }, { onStatus });
  await connected(1);
  await sleep(200);
  await set(client, tenantId, 'before');
  expect(await take(events, 1)).toEqual(['before']);

  await server.kill();
  await server.start();
  const written = Array.from({ length: 20 }, (_, index) => `after_${index}`);
  for (const key of written) {
    await set(client, tenantId, key);
  }

  expect(await take(events, written.length)).toEqual(written);
  expect(statuses.map(({ state, gap }) => ({ state, gap }))).toEqual(
    expect.arrayContaining([
      { state: 'disconnected', gap: false },
      { state: 'connected', gap: false },
    ]),
  );
  expect(statuses.find(({ state }) => state === 'disconnected')?.reason).toMatchObject({ code: 'UNREACHABLE' });
});

test('a server that stops in order says so, and is waited for', { timeout: 60_000 }, async () => {
  const client = open();
  const tenantId = await newTenant(client);
  const { onStatus, connected } = heard();
  const events = client.followEvents({ tenantId }, { onStatus });
  await connected(1);
  await sleep(200);
  await set(client, tenantId, 'before');
  expect(await take(events, 1)).toEqual(['before']);

  expect(await server.end()).toBe(0);
  await server.start();
  await set(client, tenantId, 'after');

  expect(await take(events, 1)).toEqual(['after']);
});

test('it begins behind the cursor that it is given', async () => {
  const client = open();
  const tenantId = await newTenant(client);
  const { onStatus, connected } = heard();
  const first = client.followEvents({ tenantId }, { onStatus });
  await connected(1);
  await sleep(100);
  await set(client, tenantId, 'one');
  await set(client, tenantId, 'two');
  const { value } = await first.next();
  await first.return?.();

  const byOption = client.followEvents({ tenantId }, { after: value.events.cursor });
  const byVariable = client.followEvents({ tenantId, after: value.events.cursor });

  expect(await take(byOption, 1)).toEqual(['two']);
  expect(await take(byVariable, 1)).toEqual(['two']);
  expect(() => client.followResolvedConfig({ tenantId }, { after: value.events.cursor })).toThrow(TypeError);
});

test('where there is no cursor an interruption is told of as a gap', async () => {
  const broken = await line();
  const client = open({ url: broken.url });
  const tenantId = await newTenant(client);
  const { onStatus, connected, statuses } = heard();
  const changes = client.followResolvedConfig({ tenantId }, { onStatus });
  await connected(1);

  broken.cut();
  await connected(2);
  await sleep(200);
  await set(client, tenantId, 'theme', 'dark');

  expect((await changes.next()).value.resolvedConfigChanged).toMatchObject({ key: 'theme', after: { value: 'dark' } });
  expect(statuses.map(({ state, gap }) => ({ state, gap }))).toEqual([
    { state: 'connected', gap: false },
    { state: 'disconnected', gap: true },
    { state: 'connected', gap: true },
  ]);
});

test.each([
  ['the WebSocket of Node', {}],
  ['ws', { webSocket: WebSocket }],
])(
  'a line that swallows everything is found out, with %s, and another tried',
  { timeout: 60_000 },
  async (_, options) => {
    const dead = await line();
    const direct = open();
    const tenantId = await newTenant(direct);
    const client = open({ url: dead.url, timeoutMs: 500, ...options });
    const { onStatus, connected, statuses } = heard();
    const events = client.followEvents({ tenantId }, { onStatus });
    await connected(1);
    await sleep(200);
    await set(direct, tenantId, 'before');
    expect(await take(events, 1)).toEqual(['before']);

    dead.swallow();
    await set(direct, tenantId, 'meanwhile');
    await expect.poll(() => statuses.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(3); // new lines are swallowed too
    dead.heal();

    expect(await take(events, 1)).toEqual(['meanwhile']);
  },
);

test('a connection that somebody between closes in order is taken up where it was', async () => {
  const between = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: () => 'graphql-transport-ws',
  });
  cleanup.push(() => between.close());
  between.on('connection', (near) => {
    const far = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const opened = once(far, 'open');
    near.on('message', (data) => void opened.then(() => far.send(String(data))));
    near.on('close', () => far.close());
    far.on('message', (data) => near.send(String(data)));
  });
  await once(between, 'listening');
  const direct = open();
  const tenantId = await newTenant(direct);
  const client = open({ url: `http://127.0.0.1:${(between.address() as { port: number }).port}` });
  const { onStatus, connected } = heard();
  const events = client.followEvents({ tenantId }, { onStatus });
  await connected(1);
  await sleep(200);
  await set(direct, tenantId, 'one');
  await set(direct, tenantId, 'two');
  expect(await take(events, 2)).toEqual(['one', 'two']);

  for (const socket of between.clients) {
    socket.close(1000);
  }
  await set(direct, tenantId, 'three');
  await connected(2);
  await set(direct, tenantId, 'four');

  expect(await take(events, 2)).toEqual(['three', 'four']);
});

test('a limit on requests is waited out, as long as it says', { timeout: 60_000 }, async () => {
  const broken = await line();
  const admin = open();
  const tenantId = await newTenant(admin);
  const limits = { rateLimitMax: 3, rateLimitWindow: '3 seconds' };
  const { issued } = await admin.createApiKey({ input: { name: 'few', scopes: ['read'], tenantId, ...limits } });
  const client = open({ url: broken.url, apiKey: issued!.plaintext_key } as Partial<ClientOptions>);
  const { onStatus, connected, statuses } = heard();
  const events = client.followEvents({ tenantId }, { onStatus }); // two requests: to connect, and to subscribe
  await connected(1);
  await sleep(200);
  await set(admin, tenantId, 'before');
  expect(await take(events, 1)).toEqual(['before']);

  broken.cut(); // two more
  await set(admin, tenantId, 'meanwhile');

  expect(await take(events, 1)).toEqual(['meanwhile']);
  expect(statuses.map(({ reason }) => reason)).toContainEqual(expect.objectContaining({ code: 'RATE_LIMITED' }));
});

test('whoever is nobody is told so, and it is not tried again', async () => {
  const client = open({ apiKey: 'sk_test_nobody' } as Partial<ClientOptions>);
  const { onStatus, statuses } = heard();
  const events = client.followEvents({}, { onStatus });

  await expect(events.next()).rejects.toMatchObject({ name: 'ApiError', code: 'UNAUTHORIZED' });
  expect(await events.next()).toEqual({ done: true, value: undefined });
  await sleep(500);
  expect(statuses.filter(({ state }) => state === 'disconnected')).toEqual([]);
});

test('a tenant that is not there, and a document that is none, end it with their code', async () => {
  const client = open();
  const unknown = client.followEvents({ tenantId: '0193a5b0-0000-7000-8000-000000000000' });
  const nonsense = client.subscribe('subscription { nothing }', {});

  await expect(unknown.next()).rejects.toMatchObject({ name: 'ApiError', code: 'TENANT_NOT_FOUND' });
  await expect(nonsense.next()).rejects.toMatchObject({ name: 'ApiError', code: 'VALIDATION_ERROR' });
});

test('a key that is revoked ends what it follows', { timeout: 60_000 }, async () => {
  const admin = open();
  const tenantId = await newTenant(admin);
  const { issued } = await admin.createApiKey({ input: { name: 'short', scopes: ['read'], tenantId } });
  const client = open({ apiKey: issued!.plaintext_key } as Partial<ClientOptions>);
  const { onStatus, connected } = heard();
  const events = client.followEvents({ tenantId }, { onStatus });
  await connected(1);
  await sleep(200);

  await admin.revokeApiKey({ id: issued!.apiKey.id });
  await set(admin, tenantId, 'secret');

  await expect(events.next()).rejects.toMatchObject({ name: 'ApiError', code: 'UNAUTHORIZED' });
});

test('a consumer that is slow costs bounded memory and misses nothing', { timeout: 120_000 }, async () => {
  const client = open();
  const tenantId = await newTenant(client);
  const { onStatus, connected, statuses } = heard();
  const events = client.followEvents({ tenantId }, { onStatus });
  await connected(1);
  await sleep(200);
  const batches = 25;
  const entries = (batch: number) =>
    Array.from({ length: 100 }, (_, index) => ({ key: `key_${batch}_${index}`, value: 1 }));
  for (let batch = 0; batch < batches; batch += 1) {
    await client.setConfigs({ tenantId, entries: entries(batch) });
  }
  // Nobody took anything: it was let go of, and the server holds nothing for it.
  await expect.poll(() => statuses.at(-1), { timeout: 30_000 }).toEqual({ state: 'disconnected', gap: false });

  const keys = await take(events, batches * 100);

  expect(keys).toEqual(Array.from({ length: batches }, (_, batch) => entries(batch).map(({ key }) => key)).flat());
  expect(statuses.filter(({ state }) => state === 'disconnected').length).toBeGreaterThanOrEqual(1);
});

test('a signal ends it, also while it is waited for; so does return, and closing the client', async () => {
  const client = open();
  const tenantId = await newTenant(client);
  const leaving = new AbortController();
  const reason = new Error('the user left');
  const signalled = client.followEvents({ tenantId }, { signal: leaving.signal });
  const returned = client.followEvents({ tenantId });
  const closed = client.followEvents({ tenantId });
  const pending = [signalled, returned, closed].map((events) => events.next().catch((error: unknown) => error));

  leaving.abort(reason);
  await returned.return?.();
  client.close();

  expect(await pending[0]).toBeInstanceOf(CancelledError);
  expect(await pending[0]).toMatchObject({ cause: reason });
  expect(await pending[1]).toEqual({ done: true, value: undefined });
  expect(await pending[2]).toEqual({ done: true, value: undefined });
  expect(() => client.followEvents({ tenantId })).toThrow(CancelledError);
});
