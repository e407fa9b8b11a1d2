import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { growSubtree } from '../support/grow-subtree.ts';
import { RestWorld } from '../support/rest-world.ts';

const few = 1_000;
const many = 100_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let world: RestWorld;
let origin: string;
let small: string;
let large: string;
beforeAll(async () => {
  world = await RestWorld.open();
  await world.app.server.listen({ port: 0, host: '127.0.0.1' });
  origin = `http://127.0.0.1:${(world.app.server.server.address() as AddressInfo).port}/api/v1`;
  small = (await world.tenant()).id;
  large = (await world.tenant()).id;
  await growSubtree(world.database, small, few);
  await growSubtree(world.database, large, many);
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

/** Starts a request; the answer is read as slowly as the caller likes. */
async function open(url: string): Promise<IncomingMessage> {
  const request = get(`${origin}${url}`, { agent: false, headers: { 'x-api-key': 'sk_test_bootstrap' } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/** Reads a whole list without keeping it; says how much there was, and how far memory and event loop went meanwhile. */
async function drain(id: string) {
  collectGarbage();
  const baseline = process.memoryUsage().heapUsed;
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  let [bytes, tenants, chunks, peak] = [0, 0, 0, 0];
  for await (const chunk of await open(`/tenants/${id}/descendants`)) {
    const text = String(chunk);
    bytes += text.length;
    tenants += text.split('"ancestry_ltree"').length - 1;
    if (chunks++ % 500 === 0) {
      delay.disable();
      collectGarbage();
      peak = Math.max(peak, process.memoryUsage().heapUsed - baseline);
      delay.enable();
    }
  }
  delay.disable();
  return { bytes, tenants, peak, p99: delay.percentile(99) };
}

/** Waits until the server asks the database nothing more, and gives how much it has asked. */
async function statementsAtRest(): Promise<number> {
  for (let last = -1; ; ) {
    const now = world.statements.length;
    if (now === last) {
      return now;
    }
    last = now;
    await sleep(300);
  }
}

test('100,000 descendants are sent in the memory of a thousand, without stalling anybody else', async () => {
  await drain(small);
  const little = await drain(small);
  let healthy = 0;
  const streaming = drain(large);
  const asking = (async () => {
    for (let done = false; !done; ) {
      done = await Promise.race([streaming.then(() => true), sleep(50, false)]);
      healthy += (await open('/health')).statusCode === 200 ? 1 : 0;
    }
  })();
  const much = await streaming;
  await asking;

  expect(Math.abs(much.tenants - many)).toBeLessThan(many / 1000); // a chunk may cut a name in two
  expect(much.bytes).toBeGreaterThan(50 * little.bytes);
  expect(much.peak).toBeLessThan(Math.max(3 * little.peak, much.bytes / 8));
  expect(much.p99 / little.p99).toBeLessThan(5);
  expect(healthy).toBeGreaterThan(5);
}, 180_000);

test('the array is whole: every descendant once, each parent before its children', async () => {
  const parts: string[] = [];
  for await (const chunk of await open(`/tenants/${large}/descendants`)) {
    parts.push(String(chunk));
  }
  const tenants = JSON.parse(parts.join('')) as { id: string; parent_id: string }[];
  const seen = new Set([large]);
  const misplaced = tenants.filter(({ id, parent_id }) => {
    const fine = seen.has(parent_id) && !seen.has(id);
    seen.add(id);
    return !fine;
  });
  expect(misplaced).toEqual([]);
  expect(tenants).toHaveLength(many);
}, 120_000);

test('a reader that stops reading stops the server from asking', async () => {
  const response = await open(`/tenants/${large}/descendants`);
  response.pause();
  const before = world.statements.length;
  const asked = (await statementsAtRest()) - before;
  expect(asked).toBeLessThan(many / 100 / 2);
  response.destroy();
}, 60_000);

test('a reader that leaves ends the work', async () => {
  const response = await open(`/tenants/${large}/descendants`);
  await once(response, 'data');
  response.destroy();
  const before = world.statements.length;
  expect((await statementsAtRest()) - before).toBeLessThan(many / 100 / 2);
}, 60_000);

test('an error in the middle breaks the connection, so that half an array is never taken for a whole one', async () => {
  const response = await open(`/tenants/${large}/descendants`);
  response.pause();
  await statementsAtRest();
  await world.sql('alter table tenants rename to elsewhere');
  const parts: string[] = [];
  const reading = (async () => {
    for await (const chunk of response) {
      parts.push(String(chunk));
    }
  })();
  await expect(reading).rejects.toThrow(/aborted|ECONNRESET/);
  expect(parts.length).toBeGreaterThan(0);
  expect(() => JSON.parse(parts.join('')) as unknown).toThrow(SyntaxError);

  const refused = await world.get(`/tenants/${large}/descendants`);
  expect(refused).toMatchObject({ status: 500, body: { error: { code: 'INTERNAL_SERVER_ERROR' } } });
  await world.sql('alter table elsewhere rename to tenants');
  expect((await world.get(`/tenants/${small}`)).status).toBe(200);
}, 60_000);
