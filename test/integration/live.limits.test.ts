import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { GraphqlWorld, type Json } from '../support/graphql-world.ts';

const most = 4;

let world: GraphqlWorld;
let url: string;
let tenantId: string;
beforeAll(async () => {
  world = await GraphqlWorld.open({ settings: { STRATUM_LIVE_MAX: String(most) } });
  url = await world.app.server.listen({ host: '127.0.0.1', port: 0 });
  tenantId = (await world.tenant()).id;
});
afterAll(() => world[Symbol.asyncDispose]());

const seats = () => world.app.services.feed.statistics.seats;

const sockets: WebSocket[] = [];
const streams: AbortController[] = [];
afterEach(async () => {
  sockets.splice(0).forEach((socket) => void socket.terminate());
  streams.splice(0).forEach((stream) => void stream.abort());
  await expect.poll(seats, { timeout: 10_000 }).toBe(0);
});

async function newKey(): Promise<string> {
  const { createApiKey } = await world.data(
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { plaintextKey } }',
    { input: { tenantId, scopes: ['read'] } },
  );
  return createApiKey.plaintextKey;
}

/** A connection that asks to be let in. */
async function connect(apiKey: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  sockets.push(socket);
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { apiKey } }));
  return socket;
}

/** What comes of it: what the server says first, or what it closes with. */
async function entered(apiKey: string): Promise<{ socket: WebSocket; answer: string }> {
  const socket = await connect(apiKey);
  const answer = await Promise.race([
    once(socket, 'message').then(([data]) => JSON.parse(String(data)).type),
    once(socket, 'close').then(([code, reason]) => `${code} ${reason}`),
  ]);
  return { socket, answer };
}

const query = 'subscription ($id: ID!) { events(tenantId: $id) { cursor } }';

async function stream(apiKey: string, leaving?: AbortSignal): Promise<Response> {
  const controller = new AbortController();
  streams.push(controller);
  return fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'x-api-key': apiKey, 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query, variables: { id: tenantId } }),
    signal: leaving ?? controller.signal,
  });
}

test('a key opens so many connections and no more; others are none the wiser, and one that closes makes room', async () => {
  const [key, other] = [await newKey(), await newKey()];
  const opened = await Promise.all(Array.from({ length: most }, () => entered(key)));
  expect(opened.map(({ answer }) => answer)).toEqual(Array.from({ length: most }, () => 'connection_ack'));
  expect((await entered(key)).answer).toMatch(/^4429 4 connections and subscriptions are open already/);
  expect((await entered(other)).answer).toBe('connection_ack');
  opened[0]!.socket.close();
  await expect.poll(async () => (await entered(key)).answer).toBe('connection_ack');
});

test('a key follows so much over server-sent events and no more', async () => {
  const key = await newKey();
  const opened = await Promise.all(Array.from({ length: most }, () => stream(key)));
  expect(opened.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const refused = await (await stream(key)).text();
  expect(refused).toContain('"code":"RATE_LIMITED"');
  expect(refused).toContain(`"details":{"limit":${most}}`);
  streams[0]!.abort();
  await expect.poll(seats).toBe(most - 1);
  await stream(key);
  await expect.poll(seats).toBe(most);
});

test('what is followed over a connection counts beside it, until it ends', async () => {
  const { socket } = await entered(await newKey());
  const answers: Json[] = [];
  socket.on('message', (data) => {
    const message: Json = JSON.parse(String(data));
    answers.push(...(message['type'] === 'ping' ? [] : [message])); // so it is told when each of them is followed
  });
  const follow = (id: string) =>
    socket.send(JSON.stringify({ type: 'subscribe', id, payload: { query, variables: { id: tenantId } } }));
  for (let id = 1; id < most; id += 1) {
    follow(`${id}`);
  }
  await expect.poll(seats).toBe(most - 1);
  follow('one too many');
  const refusals = () => answers.filter(({ type }) => type !== 'ping');
  await expect.poll(() => refusals().length).toBeGreaterThan(0);
  expect(refusals()[0]).toMatchObject({
    id: 'one too many',
    payload: { errors: [{ extensions: { code: 'RATE_LIMITED', details: { limit: most } } }] },
  });
  socket.send(JSON.stringify({ type: 'complete', id: '1' }));
  await expect.poll(seats).toBe(most - 2);
  follow('again');
  await expect.poll(seats).toBe(most - 1);
});

test('connections that are gone before it is known whose they are, and subscriptions that are refused, count no more', async () => {
  const key = await newKey();
  for (let turn = 0; turn < 3 * most; turn += 1) {
    (await connect(key)).terminate();
  }
  for (let turn = 0; turn < 3 * most; turn += 1) {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query, variables: { id: '00000000-0000-7000-8000-000000000000' } }),
    });
    expect(await response.text()).toContain('TENANT_NOT_FOUND');
  }
  await expect
    .poll(async () => (await Promise.all(Array.from({ length: most }, () => entered(key)))).map(({ answer }) => answer))
    .toEqual(Array.from({ length: most }, () => 'connection_ack'));
});

test('who leaves while an answer over server-sent events begins counts no more, and ends nothing but their own', async () => {
  const unheard: unknown[] = [];
  const listen = (error: unknown) => unheard.push(error);
  process.on('unhandledRejection', listen);
  const key = await newKey();
  for (let turn = 0; turn < 120; turn += 1) {
    const apiKey = turn % 2 === 0 ? key : 'sk_test_of_nobody';
    await stream(apiKey, AbortSignal.timeout(turn % 12)).catch(() => {});
  }
  await expect
    .poll(
      async () => {
        const opened = await Promise.all(Array.from({ length: most }, () => stream(key)));
        const began = opened.filter(({ status }) => status === 200).length;
        await setTimeout(100); // a seat is taken when the stream is read
        const taken = seats();
        streams.splice(0).forEach((one) => void one.abort());
        return [began, taken];
      },
      { timeout: 10_000, interval: 500 },
    )
    .toEqual([most, most]);
  process.off('unhandledRejection', listen);
  expect(unheard).toEqual([]);
});
