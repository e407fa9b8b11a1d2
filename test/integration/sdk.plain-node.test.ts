import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { developmentKey } from '../../src/config.ts';
import { type StratumSdk, stratum } from '../../src/sdk/index.ts';
import { GraphqlWorld } from '../support/graphql-world.ts';

let world: GraphqlWorld;
let sdk: StratumSdk;
let tenant: string;
beforeAll(async () => {
  world = await GraphqlWorld.open();
  sdk = stratum({
    controlPlaneUrl: await world.app.server.listen({ host: '127.0.0.1', port: 0 }),
    apiKey: developmentKey,
  });
  tenant = (await world.tenant()).id;
});
afterAll(async () => {
  sdk.close();
  await world[Symbol.asyncDispose]();
});

/** A server of Node alone. What it doesn't catch would be an unhandled rejection, for which the whole run fails. */
async function listening(server: Server): Promise<AsyncDisposable & { ask(): Promise<Response> }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ask: () =>
      fetch(`http://127.0.0.1:${port}`, { headers: { 'x-tenant-id': tenant }, signal: AbortSignal.timeout(5_000) }),
    [Symbol.asyncDispose]: () => new Promise((done) => void server.close(() => done()).closeAllConnections()),
  };
}

test.each<[string, () => void | Promise<void>]>([
  [
    'at once',
    () => {
      throw new Error('of the handler');
    },
  ],
  ['later', () => Promise.reject(new Error('of the handler'))],
])('what a handler throws %s is handed to `next`, as in Express', async (_when, handler) => {
  const findTenant = sdk.middleware<IncomingMessage>({ trustHeader: true });
  await using app = await listening(
    createServer((request, response) => {
      findTenant(request, response, (error) => {
        if (error instanceof Error) {
          response.writeHead(500).end(error.message);
          return;
        }
        return handler();
      });
    }),
  );
  const answer = await app.ask();
  expect([answer.status, await answer.text()]).toEqual([500, 'of the handler']);
});

test('a `next` that throws whatever it is told costs its own request, and the process is warned', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on('warning', onWarning);
  const findTenant = sdk.middleware<IncomingMessage>({ trustHeader: true });
  let begun = false;
  await using app = await listening(
    createServer((request, response) => {
      findTenant(request, response, () => {
        if (begun) {
          response.write('half');
        }
        throw new Error('of the handler');
      });
    }),
  );

  const answer = await app.ask();
  expect([answer.status, await answer.json()]).toEqual([
    500,
    { error: { code: 'INTERNAL_SERVER_ERROR', message: expect.any(String) } },
  ]);
  begun = true;
  await expect(app.ask().then((half) => half.text())).rejects.toThrow();

  process.off('warning', onWarning);
  expect(warnings.map(({ message }) => message)).toEqual(['of the handler', 'of the handler']);
});
