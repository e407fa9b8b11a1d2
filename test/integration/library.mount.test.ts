import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import express5 from 'express';
import Fastify from 'fastify';
import { createClient } from 'graphql-ws';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { chooseOptions } from '../../src/library/choose-options.ts';
import { openInstallation } from '../../src/library/installation.ts';
import { answerFetch } from '../../src/library/mount-fetch.ts';
import { bootstrapKey, type LibraryWorld, openLibrary } from '../support/library-world.ts';
import { secrets } from '../support/rest-app.ts';
import { uniqueSlug } from '../support/rest-world.ts';

/** It has no types of its own; what is used of it is in both. */
const express4 = createRequire(import.meta.url)('express4') as typeof express5;

let world: LibraryWorld;

beforeAll(async () => {
  world = await openLibrary({ worker: false });
  await world.stratum.initialize();
});

afterAll(() => world[Symbol.asyncDispose]());

/** A server that somebody has had before they had us. */
interface Host {
  /** Where the library is mounted. */
  readonly url: string;
  close(): Promise<unknown>;
}

const urlOf = (server: Server, path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

async function listening(server: Server, path: string): Promise<Host> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { url: urlOf(server, path), close };
}

function onExpress(express: typeof express5, parsesJson: boolean): Promise<Host> {
  const host = express();
  if (parsesJson) {
    host.use(express.json());
    host.use(express.text());
  }
  host.get('/own', (_request, response) => void response.send('own'));
  host.use('/control/stratum', world.stratum.app.express);
  return listening(createServer(host), '/control/stratum');
}

const hosts: Record<string, () => Promise<Host>> = {
  'node:http': () => listening(createServer(world.stratum.app.handler), ''),
  'Express 5': () => onExpress(express5, false),
  'Express 5 behind express.json()': () => onExpress(express5, true),
  'Express 4': () => onExpress(express4, false),
  'Express 4 behind express.json()': () => onExpress(express4, true),
  'Fastify 5': async () => {
    const host = Fastify();
    host.get('/own', async () => 'own');
    host.register(world.stratum.app.fastify, { prefix: '/control/stratum' });
    const url = await host.listen({ port: 0, host: '127.0.0.1' });
    return { url: `${url}/control/stratum`, close: () => host.close() };
  },
  'Fastify 5, without a prefix': async () => {
    const host = Fastify();
    host.get('/own', async () => 'own');
    host.register(world.stratum.app.fastify);
    return { url: await host.listen({ port: 0, host: '127.0.0.1' }), close: () => host.close() };
  },
  'Hono, by fetch': async () => {
    const host = new Hono();
    host.all('/control/stratum/*', ({ req }) => world.stratum.app.fetch(req.raw, { basePath: '/control/stratum' }));
    const server = serve({ fetch: host.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
    await new Promise((resolve) => server.once('listening', resolve));
    const close = () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    return { url: urlOf(server, '/control/stratum'), close };
  },
};

const key = { 'x-api-key': bootstrapKey };
const json = { ...key, 'content-type': 'application/json' };
const newTenant = () => JSON.stringify({ name: 'Zoë', slug: uniqueSlug() });

describe.each(Object.entries(hosts))('mounted in %s', (_name, open) => {
  let host: Host;
  beforeAll(async () => {
    host = await open();
  });
  afterAll(() => host.close());

  test('REST answers, and its links lead to where it is mounted', async () => {
    const made = await fetch(`${host.url}/api/v1/tenants`, { method: 'POST', headers: json, body: newTenant() });
    expect(made.status).toBe(201);
    const tenant = (await made.json()) as { id: string; name: string };
    expect(tenant.name).toBe('Zoë');
    const { pathname } = new URL(host.url);
    const base = pathname === '/' ? '' : pathname;
    expect(made.headers.get('location')).toBe(`${base}/api/v1/tenants/${tenant.id}`);
    const read = await fetch(new URL(made.headers.get('location') ?? '', host.url), { headers: key });
    expect(await read.json()).toEqual(tenant);
    const tag = read.headers.get('etag') ?? '';
    const known = await fetch(read.url, { headers: { ...key, 'if-none-match': tag } });
    expect({ status: known.status, body: await known.text() }).toEqual({ status: 304, body: '' });
    const child = JSON.stringify({ name: 'Child', slug: uniqueSlug(), parent_id: tenant.id });
    const other = child.replace(/"slug":"[^"]*"/, `"slug":"${uniqueSlug()}"`);
    for (const body of [child, other]) {
      await fetch(`${host.url}/api/v1/tenants`, { method: 'POST', headers: json, body });
    }
    const page = await fetch(`${read.url}/children?limit=1`, { headers: key });
    const [, next] = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '') ?? [];
    expect(next?.startsWith(`${base}/api/v1/`)).toBe(true);
    const following = await fetch(new URL(next ?? '', host.url), { headers: key });
    expect(await following.json()).toHaveLength(1);
    const gone = await fetch(`${read.url}/config/nothing`, { method: 'DELETE', headers: key });
    expect(gone.status).toBe(404);
    expect((await fetch(read.url, { method: 'HEAD', headers: key })).status).toBe(200);
  });

  test('refusals are those of the server', async () => {
    const stranger = await fetch(`${host.url}/api/v1/tenants`);
    expect({ status: stranger.status, body: await stranger.json() }).toMatchObject({
      status: 401,
      body: { error: { code: 'UNAUTHORIZED' } },
    });
    const known = { 'x-api-key': 'sk_test_bootstrap' };
    expect((await fetch(`${host.url}/api/v1/tenants`, { headers: known })).status).toBe(401);
    const nowhere = await fetch(`${host.url}/api/v1/nothing?x=1`, { headers: key });
    expect(await nowhere.json()).toMatchObject({ error: { code: 'NOT_FOUND' } });
    const noJson = await fetch(`${host.url}/api/v1/tenants`, { method: 'POST', headers: json, body: '[]' });
    expect({ status: noJson.status, body: await noJson.json() }).toMatchObject({
      status: 400,
      body: { error: { code: 'VALIDATION_ERROR' } },
    });
  });

  test('GraphQL answers, and its subscriptions stream', async () => {
    const { id } = await world.stratum.createTenant(JSON.parse(newTenant()));
    const url = `${host.url}/graphql`;
    const post = (query: string, accept: string) =>
      fetch(url, { method: 'POST', headers: { ...json, accept }, body: JSON.stringify({ query, variables: { id } }) });
    const answer = await post('query($id: ID!) { tenant(id: $id) { id } }', 'application/json');
    expect(await answer.json()).toMatchObject({ data: { tenant: { id } } });
    const stream = await post(
      'subscription($id: ID) { events(tenantId: $id) { event { type } } }',
      'text/event-stream',
    );
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (let written = 0; !text.includes('config.updated'); written += 1) {
      await world.stratum.setConfig(id, 'n', { value: written });
      text += (await reader.read()).value ?? '';
    }
    await reader.cancel();
  });
});

test('what the host has of its own goes on', async () => {
  for (const open of [
    hosts['Express 4'],
    hosts['Express 5'],
    hosts['Fastify 5'],
    hosts['Fastify 5, without a prefix'],
  ]) {
    const host = await open!();
    const answer = await fetch(new URL('/own', host.url));
    expect(await answer.text()).toBe('own');
    await host.close();
  }
});

test('a caller of fetch who goes away ends what was being answered', async () => {
  const installation = await openInstallation(chooseOptions({ pool: world.pool, ...secrets, bootstrapKey }));
  const { server, services } = installation.app;
  const { id } = await world.stratum.createTenant(JSON.parse(newTenant()));
  const leaving = new AbortController();
  const follow = (signal: AbortSignal | null) =>
    answerFetch(
      server,
      new Request('http://host.test/graphql', {
        method: 'POST',
        headers: { ...json, accept: 'text/event-stream' },
        body: JSON.stringify({ query: `subscription { events(tenantId: "${id}") { cursor } }` }),
        signal,
      }),
    );
  const [cancelled] = await Promise.all([follow(null), follow(leaving.signal)]);
  const seats = () => services.feed.statistics.seats;
  await expect.poll(seats).toBe(2);
  await cancelled.body?.cancel();
  await expect.poll(seats).toBe(1);
  leaving.abort();
  await expect.poll(seats).toBe(0);
  const hurried = [0, 1, 2, 4, 8, 16].map(async (ms) => {
    await follow(AbortSignal.timeout(ms)).catch(() => {}); // or it ends while it is read
  });
  await Promise.all(hurried);
  await setTimeout(300); // by then whatever is followed has its seat
  await expect.poll(seats).toBe(0);
  await installation.close([]);
});

test('a method that nobody knows is refused like one that no route has', async () => {
  const ask = (method: string) =>
    world.stratum.app.fetch(new Request('http://host.test/api/v1/tenants', { method, headers: key }));
  const [unknown, known] = [await ask('BREW'), await ask('PROPFIND')];
  expect([unknown.status, known.status]).toEqual([405, 405]);
  expect(await unknown.json()).toEqual(await known.json());
});

test('close ends subscriptions of a server it is mounted in', async () => {
  await using closing = await openLibrary();
  const { stratum } = closing;
  const host = await listening(createServer(stratum.app.handler), '');
  const { id } = await stratum.createTenant(JSON.parse(newTenant()));
  const query = `subscription { events(tenantId: "${id}") { cursor } }`;
  const headers = { ...json, accept: 'text/event-stream' };
  const stream = await fetch(`${host.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  const begun = performance.now();
  await Promise.all([stratum.close(), stream.text()]);
  expect(performance.now() - begun).toBeLessThan(5_000);
  const refused = await fetch(`${host.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  expect({ status: refused.status, body: await refused.json() }).toMatchObject({
    status: 503,
    body: { error: { code: 'SERVICE_UNAVAILABLE' } },
  });
  await host.close();
});

test('a worker sends webhooks from within the program', async () => {
  const requests: string[] = [];
  const receiver = await listening(
    createServer((request, response) => {
      requests.push(String(request.headers['x-stratum-event']));
      response.end();
    }),
    '/hook',
  );
  await using sending = await openLibrary({ worker: true, allowPrivateWebhooks: true });
  const { id } = await sending.stratum.createTenant(JSON.parse(newTenant()));
  const { id: webhookId } = await sending.stratum.createWebhook({
    tenant_id: id,
    url: receiver.url,
    events: ['config.updated'],
  });
  await sending.stratum.setConfig(id, 'a', { value: 1 });
  await expect.poll(() => requests, { timeout: 10_000 }).toEqual(['config.updated']);
  const deliveries = () => sending.stratum.listWebhookDeliveries(webhookId);
  await expect.poll(deliveries).toMatchObject([{ status: 'success', response_code: 200 }]);
  await receiver.close();
});

test('fetch passes long answers on as they come', async () => {
  const { stratum } = world;
  const root = await stratum.createTenant(JSON.parse(newTenant()));
  for (let batch = 0; batch < 3; batch += 1) {
    const items = Array.from({ length: 100 }, () => ({ ...JSON.parse(newTenant()), parent_id: root.id }));
    expect((await stratum.batchCreateTenants(items)).created).toHaveLength(100);
  }
  const request = new Request(`http://host.test/api/v1/tenants/${root.id}/descendants`, { headers: key });
  const answer = await stratum.app.fetch(request);
  expect(await answer.json()).toHaveLength(300);
});

test('WebSockets are taken over from a server of node:http', async () => {
  const { stratum } = world;
  const { id } = await stratum.createTenant(JSON.parse(newTenant()));
  const server = createServer(stratum.app.handler).on('upgrade', stratum.app.upgrade);
  const host = await listening(server, '');
  const client = createClient({
    url: `${host.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { 'x-api-key': bootstrapKey, apiKey: bootstrapKey },
    retryAttempts: 0,
  });
  const events = client.iterate({
    query: 'subscription($id: ID) { events(tenantId: $id) { event { type } } }',
    variables: { id },
  });
  const first = events.next();
  await setTimeout(300);
  await stratum.setConfig(id, 'a', { value: 1 });
  expect(await first).toMatchObject({ value: { data: { events: { event: { type: 'config.updated' } } } } });
  await client.dispose();
  await host.close();
});

test('a WebSocket that breaks while Stratum is still opening is none of the host’s troubles', async () => {
  await using opening = await openLibrary({ worker: false });
  const listeners = Promise.withResolvers<number>();
  const server = createServer().on('upgrade', (request, socket, head) => {
    opening.stratum.app.upgrade(request, socket, head);
    listeners.resolve(socket.listenerCount('error')); // with none, its error ends the process
  });
  const host = await listening(server, '');
  const caller = connect(Number(new URL(host.url).port), '127.0.0.1').on('error', () => {});
  caller.write('GET /graphql HTTP/1.1\r\nHost: host.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  expect(await listeners.promise).toBeGreaterThan(0);
  caller.resetAndDestroy();
  await opening.stratum.initialize();
  await host.close();
});
