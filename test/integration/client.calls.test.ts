import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import {
  ApiError,
  CancelledError,
  createClient,
  GetTenantDocument,
  TimeoutError,
  UnreachableError,
} from '../../src/client/index.ts';
import { createTestStratum, type TestStratum } from '../../src/testing/index.ts';
import { uniqueSlug } from '../support/graphql-world.ts';
import { freePort } from '../support/server-process.ts';

let stratum: TestStratum;
const cleanup: (() => unknown)[] = [];

beforeAll(async () => {
  stratum = await createTestStratum({ postgresUrl: inject('serverUrl') });
});
afterAll(() => stratum.close());
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) {
    await undo();
  }
});

type Pass = () => Promise<void>;

/** Something between the client and the server, that does with each request what it is told. */
async function between(handle: (turn: number, response: ServerResponse, pass: Pass) => unknown) {
  const requests: IncomingMessage[] = [];
  const proxy: Server = createServer(async (request, response) => {
    requests.push(request);
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const pass = async () => {
      const { host: _host, connection: _connection, ...headers } = request.headers;
      const answer = await fetch(`${stratum.url}${request.url}`, {
        method: 'POST',
        headers: headers as Record<string, string>,
        body: Buffer.concat(chunks),
      });
      const body = await answer.text();
      if (!response.destroyed) {
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(body);
      }
    };
    await handle(requests.length, response, pass);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  cleanup.push(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const { port } = proxy.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, apiKey: stratum.apiKey, requests };
}

const newTenant = () => ({ input: { name: 'Tenant', slug: uniqueSlug() } });

/** How many there are: a slug is unique. */
async function tenants(slug: string): Promise<number> {
  return stratum.client.findTenantBySlug({ slug }).then(
    () => 1,
    () => 0,
  );
}

test('every stored operation is a function of its name, typed by its variables and data', async () => {
  using client = createClient(stratum);

  const { createTenant } = await client.createTenant(newTenant());
  const { tenant } = await client.getTenant({ id: createTenant!.id });
  const { roles } = await client.listRoles();

  expect(tenant?.slug).toBe(createTenant!.slug);
  expect(roles?.nodes).toBeInstanceOf(Array);
});

test('a plain text is sent as it is, and a printed document as the same', async () => {
  using client = createClient(stratum);
  const { createTenant } = await client.createTenant(newTenant());
  const { id } = createTenant!;

  const text = await client.query('query ($id: ID!) { tenant(id: $id) { slug } }', { id });
  const printed = await client.query(GetTenantDocument, { id });

  expect(text).toEqual({ tenant: { slug: createTenant!.slug } });
  expect(printed.tenant).toMatchObject({ id });
});

test('a token, and a function that gets one, say who calls as well as a key', async () => {
  const asked: string[] = [];
  using client = createClient({
    url: stratum.url,
    apiKey: async () => {
      asked.push('key');
      return stratum.apiKey;
    },
  });
  await client.listTenants();
  await client.listTenants();
  using bearer = createClient({ url: stratum.url, token: stratum.apiKey });

  expect(asked).toEqual(['key', 'key']);
  expect((await bearer.listTenants()).tenants).toBeTruthy();
});

test('whoever is nobody gets UNAUTHORIZED with the id of the request, once', async () => {
  const proxy = await between((_turn, _response, pass) => pass());
  using client = createClient({ url: proxy.url, token: 'nobody' });
  using direct = createClient({ url: stratum.url, token: 'nobody' });

  await expect(client.listTenants()).rejects.toMatchObject({ name: 'ApiError', code: 'UNAUTHORIZED', status: 401 });
  expect(proxy.requests).toHaveLength(1);
  await expect(direct.listTenants()).rejects.toMatchObject({ requestId: expect.stringMatching(/^[\da-f-]{36}$/) });
});

test('a refusal keeps its code, details and issues', async () => {
  using client = createClient(stratum);

  const refusal: unknown = await client
    .createTenant({ input: { name: '', slug: 'NO' } })
    .catch((error: unknown) => error);

  expect(refusal).toBeInstanceOf(ApiError);
  expect(refusal).toMatchObject({ code: 'VALIDATION_ERROR', message: expect.stringMatching(/: .*name .*/) });
  expect((refusal as ApiError).issues.map(({ path }) => path.at(-1))).toEqual(expect.arrayContaining(['name', 'slug']));
});

test('a client needs a key or a token, and not both', () => {
  const { url } = stratum;
  // @ts-expect-error neither
  expect(() => createClient({ url })).toThrow(TypeError);
  // @ts-expect-error both
  expect(() => createClient({ url, apiKey: 'a', token: 'b' })).toThrow(TypeError);
});

test('429 is waited for as long as Retry-After says, for a change as well: it was not read', async () => {
  const proxy = await between((turn, response, pass) =>
    turn > 1
      ? pass()
      : response
          .writeHead(429, { 'retry-after': '1', 'content-type': 'application/json' })
          .end('{"errors":[{"message":"Slowly","extensions":{"code":"RATE_LIMITED"}}]}'),
  );
  using client = createClient(proxy);
  const variables = newTenant();
  const start = performance.now();

  await client.createTenant(variables);

  expect(performance.now() - start).toBeGreaterThanOrEqual(990);
  expect(proxy.requests).toHaveLength(2);
  expect(await tenants(variables.input.slug)).toBe(1);
});

test('a wait that is longer than there is time for is not begun', async () => {
  const proxy = await between((_turn, response) => response.writeHead(503, { 'retry-after': '60' }).end('sorry'));
  using client = createClient({ ...proxy, timeoutMs: 5_000 });
  const start = performance.now();

  await expect(client.listTenants()).rejects.toMatchObject({
    name: 'UnreachableError',
    status: 503,
    retryAfterMs: 60_000,
  });

  expect(performance.now() - start).toBeLessThan(2_000);
});

test('the rate limit of the real server is told with the wait it asks for', async () => {
  using admin = createClient(stratum);
  const { issued } = await admin.createApiKey({
    input: { tenantId: null, name: 'slow', scopes: ['read'], rateLimitMax: 1, rateLimitWindow: '1 minute' },
  });
  using client = createClient({ url: stratum.url, apiKey: issued!.plaintext_key, timeoutMs: 2_000 });
  await client.listTenants();

  await expect(client.listTenants()).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    status: 429,
    retryAfterMs: expect.toSatisfy((ms: number) => ms > 30_000 && ms <= 60_000),
  });
});

test('a question is repeated when the connection breaks, a change is not', async () => {
  const proxy = await between(async (turn, response, pass) => {
    if (turn === 1 || turn === 3) {
      response.destroy();
    }
    await pass();
  });
  using client = createClient(proxy);
  const variables = newTenant();

  await expect(client.listTenants()).resolves.toBeTruthy(); // requests 1 and 2
  await expect(client.createTenant(variables)).rejects.toBeInstanceOf(UnreachableError); // request 3

  await expect.poll(() => tenants(variables.input.slug)).toBe(1); // it was made: what a repetition would have met
  expect(proxy.requests).toHaveLength(3);
});

test('a change with an idempotency key is repeated, made once, and answered as the first time', async () => {
  const proxy = await between(async (turn, response, pass) => {
    if (turn === 1) {
      response.destroy(); // it is carried out, and nobody is told
    }
    await pass();
  });
  using client = createClient(proxy);
  const variables = newTenant();

  const { createTenant } = await client.createTenant(variables, { idempotencyKey: uniqueSlug() });

  expect(createTenant!.slug).toBe(variables.input.slug);
  expect(proxy.requests).toHaveLength(2);
  expect(await tenants(variables.input.slug)).toBe(1);
});

test('a change is repeated when there never was a connection', async () => {
  const port = await freePort();
  using client = createClient({ url: `http://127.0.0.1:${port}`, apiKey: stratum.apiKey, retries: 4 });
  const variables = newTenant();
  const target = new URL(stratum.url);
  const late = createTcpServer((socket) => socket.pipe(connect(Number(target.port), target.hostname)).pipe(socket));
  cleanup.push(() => late.close());
  setTimeout(() => late.listen(port, '127.0.0.1'), 300);

  await client.createTenant(variables);

  expect(await tenants(variables.input.slug)).toBe(1);
});

test('nothing there is said after the tries, with the reason', async () => {
  using client = createClient({ url: `http://127.0.0.1:${await freePort()}`, apiKey: 'any', retries: 1 });

  await expect(client.listTenants()).rejects.toMatchObject({
    name: 'UnreachableError',
    message: expect.stringContaining('ECONNREFUSED'),
    wasSent: false,
  });
});

test('something else there is said to be something else', async () => {
  const proxy = await between((_turn, response) => response.writeHead(404).end('<h1>Not here</h1>'));
  using client = createClient(proxy);

  await expect(client.listTenants()).rejects.toMatchObject({ name: 'UnreachableError', status: 404 });
  expect(proxy.requests).toHaveLength(1);
});

test('a key goes nowhere else, whatever answers', async () => {
  const elsewhere = await between((_turn, response) => response.end('{"data": {}}'));
  const door = await between((_turn, response) =>
    response.writeHead(307, { location: `${elsewhere.url}/graphql` }).end(),
  );
  using client = createClient(door);
  await expect(client.listTenants()).rejects.toMatchObject({ status: 307, message: expect.stringContaining('307') });
  expect([door.requests.length, elsewhere.requests.length]).toEqual([1, 0]);
});

test('what hangs is given up in time, for one call or for all', async () => {
  const proxy = await between(() => {});
  using client = createClient({ ...proxy, timeoutMs: 300 });
  const start = performance.now();

  await expect(client.listTenants()).rejects.toMatchObject({ name: 'TimeoutError', code: 'TIMEOUT', timeoutMs: 300 });
  await expect(client.listTenants({}, { timeoutMs: 200 })).rejects.toBeInstanceOf(TimeoutError);
  const hanging = createClient({ url: stratum.url, token: () => new Promise<string>(() => {}), timeoutMs: 200 });
  await expect(hanging.listTenants()).rejects.toBeInstanceOf(TimeoutError);

  expect(performance.now() - start).toBeLessThan(3_000);
});

test('a signal ends a call at once, also while it waits for its next try', async () => {
  const hanging = await between(() => {});
  const busy = await between((_turn, response) => response.writeHead(503, { 'retry-after': '20' }).end());
  const reason = new Error('the user left');

  for (const door of [hanging, busy]) {
    using client = createClient(door);
    const leaving = new AbortController();
    const call = client.listTenants({}, { signal: leaving.signal });
    setTimeout(() => leaving.abort(reason), 200);
    const start = performance.now();

    await expect(call).rejects.toMatchObject({ name: 'CancelledError', code: 'CANCELLED', cause: reason });
    expect(performance.now() - start).toBeLessThan(2_000);
  }
  using client = createClient(stratum);
  await expect(client.listTenants({}, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(CancelledError);
});

test('a closed client cancels what goes on, and begins nothing', async () => {
  const hanging = await between(() => {});
  const client = createClient(hanging);
  const call = client.listTenants();
  client.close();

  await expect(call).rejects.toMatchObject({ code: 'CANCELLED', message: 'The client is closed' });
  await expect(client.listTenants()).rejects.toBeInstanceOf(CancelledError);
  expect(hanging.requests).toHaveLength(0);
});
