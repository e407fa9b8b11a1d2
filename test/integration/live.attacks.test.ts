import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { developmentKey } from '../../src/config.ts';
import { GraphqlWorld } from '../support/graphql-world.ts';

let world: GraphqlWorld;
let url: string;
beforeAll(async () => {
  world = await GraphqlWorld.open();
  url = await world.app.server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => world[Symbol.asyncDispose]());

test('what anybody with a login says on the channel of the database ends no process', async () => {
  const tenant = await world.tenant();
  for (const payload of ['', 'hello', `${tenant.id}:`, `${tenant.id}:x`, `${tenant.id}:1.5`, ':::', '__proto__:1']) {
    await world.database.pool.query('select pg_notify($1, $2)', ['stratum_events', payload]);
  }
  // What comes after it is heard.
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const answers: string[] = [];
  socket.on('message', (data) => answers.push(String(data)));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { apiKey: developmentKey } }));
  await expect.poll(() => answers.length).toBe(1);
  const query = 'subscription ($id: ID!) { events(tenantId: $id) { event { type } } }';
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query, variables: { id: tenant.id } } }));
  await expect.poll(() => world.app.services.feed.statistics.seats).toBe(1);
  await world.config(tenant, { a: 1 });
  await expect.poll(() => answers.at(-1), { timeout: 10_000 }).toContain('config.updated');
  socket.close();
});

describe('a page of another origin', () => {
  const opening = async (origin: string | null) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      ...(origin !== null && { origin }),
    });
    return new Promise<string>((resolve) => {
      socket.on('open', () => {
        resolve('open');
        socket.close();
      });
      socket.on('error', () => {});
      socket.on('unexpected-response', (_request, { statusCode }) => {
        resolve(String(statusCode));
        socket.terminate();
      });
    });
  };

  test.each(['https://evil.example', 'http://localhost:9999', 'null', 'http://127.0.0.1.evil.example'])(
    'such as %s opens no connection: a browser would let it, and everybody knows the key of development',
    async (origin) => {
      expect(await opening(origin)).toBe('403');
    },
  );

  test('opens one when it may call us, as those of this server may, and programs, which say nothing of it', async () => {
    expect(await opening('http://localhost:3000')).toBe('open');
    expect(await opening(url)).toBe('open');
    expect(await opening(null)).toBe('open');
  });
});

const handshake = [
  ...['GET /graphql HTTP/1.1', 'Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket'],
  ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
  ...['Sec-WebSocket-Protocol: graphql-transport-ws', '', ''],
].join('\r\n');

/** A connection that is let in, and from then on sends whatever it likes and reads nothing. */
async function deaf(at = url): Promise<Socket> {
  const socket = connect(Number(new URL(at).port), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(handshake);
  socket.write(message({ type: 'connection_init', payload: { apiKey: developmentKey } }));
  for (let read = ''; !read.includes('connection_ack'); read += socket.read() ?? '') {
    await once(socket, 'readable');
  }
  return socket;
}

function frame(opcode: number, text: string): Buffer {
  const payload = Buffer.from(text);
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...length, 0, 0, 0, 0]), payload]); // masked by nothing
}

const [text, ping] = [1, 9];

const message = (content: object) => frame(text, JSON.stringify(content));

describe('who sends and does not read', () => {
  const long = 'x'.repeat(10_000);
  test.each([
    ['pings of the protocol', () => message({ type: 'ping', payload: { long } })],
    ['pings of WebSockets', () => frame(ping, 'x'.repeat(125))],
    ['what is refused', (id: number) => message({ type: 'subscribe', id: `${id}${long}`, payload: { query: '{' } })],
  ])('%s is not read from either, so that nothing piles up', async (_what, make) => {
    const socket = await deaf();
    // Far more than the machine's own buffers hold.
    const most = 100 * 1024 * 1024;
    let id = 0;
    let isTaken = true;
    let sent = 0;
    while (sent < most && isTaken && !socket.destroyed) {
      const some = Buffer.concat(
        Array.from({ length: 100 }, () => {
          id += 1;
          return make(id);
        }),
      );
      sent += some.length;
      isTaken = socket.write(some) || (await isDrained(socket));
    }
    expect(sent).toBeLessThan(most);
    socket.destroy();
  });
});

test('a key that is revoked has one refusal, and its connection is closed: none is sent by it uncounted', async () => {
  const tenant = await world.tenant();
  const { createApiKey } = await world.data(
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { plaintextKey apiKey { id } } }',
    { input: { tenantId: tenant.id, scopes: ['read'] } },
  );
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const closed = once(socket, 'close');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { apiKey: createApiKey.plaintextKey } }));
  await once(socket, 'message');
  await world.data('mutation ($id: ID!) { revokeApiKey(id: $id) { id } }', { id: createApiKey.apiKey.id });
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: '{ viewer { id } }' } }));
  expect(await closed).toEqual([4401, Buffer.from('Invalid or revoked API key')]);
});

/** Whether the other side goes on reading: false when it has stopped, or has cut the connection. */
function isDrained(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), 2_000);
    socket.once('drain', () => {
      clearTimeout(timer);
      resolve(true);
    });
    socket.once('close', () => resolve(false));
  });
}

test('a server that stops opens no connection any more, not even one that was asked for before', async () => {
  await using stopping = await GraphqlWorld.open();
  const at = await stopping.app.server.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect(Number(new URL(at).port), '127.0.0.1');
  const [begin, rest] = [handshake.slice(0, 60), handshake.slice(60)];
  socket.write(begin);
  await once(stopping.app.server.server, 'connection');
  const stopped = stopping.app.close();
  await sleep(500);
  socket.write(rest);
  let answer = '';
  for await (const chunk of socket) {
    answer += chunk;
  }
  expect(answer).toMatch(/^HTTP\/1.1 503 /);
  expect(answer).toContain('SERVICE_UNAVAILABLE');
  await stopped;
});

test('a server that stops does not wait for those who do not hear of it', async () => {
  const stopping = await GraphqlWorld.open();
  const at = await stopping.app.server.listen({ host: '127.0.0.1', port: 0 });
  const socket = await deaf(at);
  const tooLate = sleep(15_000, 'it waits', { ref: false }); // the library would for half a minute
  expect(await Promise.race([stopping.app.close().then(() => 'it has stopped'), tooLate])).toBe('it has stopped');
  socket.destroy();
  await stopping[Symbol.asyncDispose]();
});
