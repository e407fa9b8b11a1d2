import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { developmentKey } from '../../src/config.ts';
import { GraphqlWorld, type Json } from '../support/graphql-world.ts';

let world: GraphqlWorld;
let url: string;
beforeAll(async () => {
  world = await GraphqlWorld.open();
  url = await world.app.server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => world[Symbol.asyncDispose]());

/** A connection without any library of the protocol. */
class Raw {
  readonly socket: WebSocket;
  readonly messages: Json[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(headers: Record<string, string> = {}, protocol = 'graphql-transport-ws', at = url) {
    this.socket = new WebSocket(`${at.replace('http', 'ws')}/graphql`, protocol, { headers });
    this.socket.on('message', (data) => this.messages.push(JSON.parse(String(data))));
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  async open(payload?: object): Promise<this> {
    await once(this.socket, 'open');
    this.send({ type: 'connection_init', ...(payload && { payload }) });
    return this;
  }

  send(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async until(isThere: (message: Json) => boolean): Promise<Json> {
    for (const end = performance.now() + 10_000; performance.now() < end; ) {
      const found = this.messages.find(isThere);
      if (found !== undefined) {
        return found;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`it never came; these did: ${JSON.stringify(this.messages)}`);
  }
}

const acknowledged = ({ type }: Json) => type === 'connection_ack';
const next = ({ type }: Json) => type === 'next';
const failed = ({ type }: Json) => type === 'error';

describe('a connection', () => {
  test.each([
    ['in the first message', {}, { apiKey: developmentKey }],
    ['in the first message, as a header would be named', {}, { 'X-API-Key': developmentKey }],
    ['in the first message, as a bearer', {}, { Authorization: `Bearer ${developmentKey}` }],
    ['in a header', { 'x-api-key': developmentKey }, undefined],
  ])('is opened with a key %s', async (_where, headers, payload) => {
    const raw = await new Raw(headers).open(payload);
    await raw.until(acknowledged);
    raw.socket.close();
  });

  test.each([
    ['without a key', undefined, 'An API key is required'],
    ['with a wrong key', { apiKey: 'sk_test_wrong' }, 'Invalid or revoked API key'],
    ['with a key that is no text', { apiKey: { $ne: '' } }, 'An API key is required'],
  ])('is closed with 4401 %s', async (_how, payload, reason) => {
    const raw = await new Raw().open(payload);
    expect(await raw.closed).toMatchObject({ code: 4401, reason: expect.stringContaining(reason) });
    expect(raw.messages).toEqual([]);
  });

  test('says nothing before it knows who is there', async () => {
    const raw = new Raw();
    await once(raw.socket, 'open');
    raw.send({ type: 'subscribe', id: '1', payload: { query: '{ viewer { id } }' } });
    expect(await raw.closed).toMatchObject({ code: 4401 });
  });

  test('speaks one protocol', async () => {
    expect(await new Raw({}, 'graphql-ws').closed).toMatchObject({ code: expect.any(Number) });
  });

  test.each([
    ['no JSON', 'hello'],
    ['no message of the protocol', '{"type":"hello"}'],
    ['more than a request may have', JSON.stringify({ type: 'ping', payload: { text: 'x'.repeat(2_000_000) } })],
  ])('that is sent %s is closed, and the server goes on', async (_what, text) => {
    const raw = await new Raw().open({ apiKey: developmentKey });
    await raw.until(acknowledged);
    raw.send(text);
    expect((await raw.closed).code).toBeGreaterThanOrEqual(1000);
    expect(await world.data('{ viewer { id } }')).toBeDefined();
  });
});

describe('an operation', () => {
  const opened = async () => {
    const raw = await new Raw().open({ apiKey: developmentKey });
    await raw.until(acknowledged);
    return raw;
  };

  test.each([
    ['that is no GraphQL', '{', 'VALIDATION_ERROR'],
    ['with a field that there is not', '{ nothing }', 'VALIDATION_ERROR'],
    ['with too many tokens', `{ ${'viewer { id } '.repeat(30_000)} }`, 'VALIDATION_ERROR'],
  ])('%s is refused as over HTTP', async (_what, query, code) => {
    const raw = await opened();
    raw.send({ type: 'subscribe', id: '1', payload: { query } });
    const { payload } = await raw.until(failed);
    expect(payload[0].extensions).toEqual({ code }); // and nothing of HTTP
    raw.socket.close();
  });

  test('that costs too much is refused, a subscription too', async () => {
    const raw = await opened();
    const deep =
      'tenants(first: 100) { nodes { descendants(first: 100) { nodes { children(first: 100) { nodes { id } } } } } }';
    raw.send({ type: 'subscribe', id: '1', payload: { query: `{ ${deep} }` } });
    const { payload } = await raw.until(({ id }) => id === '1');
    expect(JSON.stringify(payload)).toContain('fields; 100000 are allowed');
    const nested =
      'ancestors { descendants(first: 100) { nodes { children(first: 100) { nodes { id children(first: 100) { nodes { id } } } } } } }';
    raw.send({
      type: 'subscribe',
      id: '2',
      payload: { query: `subscription { events { event { tenant { ${nested} } } } }` },
    });
    const refused = await raw.until(({ id }) => id === '2');
    expect(JSON.stringify(refused.payload)).toContain('fields; 100000 are allowed');
    raw.socket.close();
  });

  test('beyond a hundred at a time is refused, and those that go on are not hurt', async () => {
    const raw = await opened();
    for (let id = 1; id <= 101; id += 1) {
      raw.send({ type: 'subscribe', id: String(id), payload: { query: 'subscription { events { cursor } }' } });
    }
    const { id, payload } = await raw.until(failed);
    expect([id, payload[0].extensions.code]).toEqual(['101', 'RATE_LIMITED']);
    raw.send({ type: 'complete', id: '1' });
    raw.send({ type: 'subscribe', id: '102', payload: { query: '{ viewer { id } }' } });
    await raw.until((message) => next(message) && message.id === '102');
    raw.socket.close();
  });

  test('that is ended by who asked for it holds nothing any more', async () => {
    const before = world.app.services.feed.statistics.seats;
    const raw = await opened();
    raw.send({ type: 'subscribe', id: '1', payload: { query: 'subscription { events { cursor } }' } });
    await seats(before + 1);
    raw.send({ type: 'complete', id: '1' });
    await seats(before);
    raw.send({ type: 'subscribe', id: '2', payload: { query: 'subscription { events { cursor } }' } });
    await seats(before + 1);
    raw.socket.terminate();
    await seats(before);
  });
});

describe('a subscriber that does not read', () => {
  test('is cut off with a reason and the place to go on, and costs the server no memory', async () => {
    const tenant = await world.tenant();
    const raw = await new Raw().open({ apiKey: developmentKey });
    await raw.until(acknowledged);
    const query = 'subscription ($id: ID!) { events(tenantId: $id) { cursor event { revision after } } }';
    raw.send({ type: 'subscribe', id: '1', payload: { query, variables: { id: tenant.id } } });
    await seats(1);
    raw.socket.pause();
    const value = 'x'.repeat(9_900);
    const rounds = 36; // more than the machine's own buffers hold
    for (let round = 0; round < rounds; round += 1) {
      await world.config(
        tenant,
        Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key_${index}`, `${value}${round}`])),
      );
    }
    // Its seat is gone while it still doesn't read, for longer than anybody is waited for.
    await seats(0);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    raw.socket.resume();
    const { payload } = await raw.until(({ payload }) => payload?.errors);
    const { code, details } = payload.errors[0].extensions;
    expect(code).toBe('SUBSCRIBER_TOO_SLOW');
    const received = raw.messages.filter((message) => next(message) && message.payload.data?.events);
    expect(details.after).toBe(received.at(-1).payload.data.events.cursor);
    // Nothing is lost: behind that cursor it goes on, to the last.
    raw.send({
      type: 'subscribe',
      id: '2',
      payload: {
        query:
          'subscription ($id: ID!, $after: String) { events(tenantId: $id, after: $after) { event { revision } } }',
        variables: { id: tenant.id, after: details.after },
      },
    });
    const last = await raw.until(
      (message) => message.id === '2' && message.payload?.data?.events?.event.revision === rounds * 100 + 1,
    );
    expect(last).toBeDefined();
    const revisions = raw.messages.flatMap(({ payload }) => payload?.data?.events?.event.revision ?? []);
    expect(revisions).toEqual(Array.from({ length: rounds * 100 }, (_, index) => index + 2));
    raw.socket.close();
  });
});

test('a server that stops ends every subscription with a reason, and every connection', async () => {
  await using stopping = await GraphqlWorld.open();
  const at = await stopping.app.server.listen({ host: '127.0.0.1', port: 0 });
  const raw = await new Raw({}, 'graphql-transport-ws', at).open({ apiKey: developmentKey });
  await raw.until(acknowledged);
  raw.send({ type: 'subscribe', id: '1', payload: { query: 'subscription { events { cursor } }' } });
  const streamed = await fetch(`${at}/graphql`, {
    method: 'POST',
    headers: { 'x-api-key': developmentKey, 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { events { cursor } }' }),
  });
  for (let seated = 0; seated < 2; seated = stopping.app.services.feed.statistics.seats) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await stopping.app.close();
  expect(await raw.closed).toEqual({ code: 1001, reason: 'the server is stopping' });
  expect(await raw.until(({ payload }) => payload?.errors)).toMatchObject({
    payload: { errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE', details: { after: null } } }] },
  });
  expect(JSON.stringify(raw.messages)).not.toContain('Retry-After');
  const text = await streamed.text();
  expect(text).toContain('The server is stopping');
});

async function seats(count: number): Promise<void> {
  const end = performance.now() + 10_000;
  while (world.app.services.feed.statistics.seats !== count) {
    if (performance.now() > end) {
      throw new Error(`there are ${world.app.services.feed.statistics.seats} seats, not ${count}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
