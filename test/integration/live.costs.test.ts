import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Created, GraphqlWorld } from '../support/graphql-world.ts';
import { type Following, overSockets, type Transport } from '../support/live.ts';

let world: GraphqlWorld;
let transport: Transport;
beforeAll(async () => {
  world = await GraphqlWorld.open();
  transport = overSockets(await world.app.server.listen({ host: '127.0.0.1', port: 0 }));
});
afterAll(async () => {
  await transport.close();
  await world[Symbol.asyncDispose]();
});

const events = 'subscription ($id: ID!) { events(tenantId: $id) { event { revision tenant { name } } } }';
const config = 'subscription ($id: ID!) { resolvedConfigChanged(tenantId: $id) { after { value } } }';

async function keyOf({ id }: Created): Promise<string> {
  const { createApiKey } = await world.data(
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { plaintextKey } }',
    { input: { tenantId: id, scopes: ['read'] } },
  );
  return createApiKey.plaintextKey;
}

/** How many statements a change costs until all have been told, less those of the change itself. */
async function costOf(tenant: Created, followers: readonly Following[], value: number): Promise<number> {
  const before = world.statements.length;
  await world.config(tenant, { key: value });
  const own = world.statements.length - before;
  await Promise.all(followers.map((follower) => follower.next()));
  return world.statements.length - before - own;
}

test.each([
  ['events', events],
  ['what applies', config],
])('a change costs as many statements for eighty who follow %s as for two', async (_what, document) => {
  const tenant = await world.tenant();
  const keys = await Promise.all(Array.from({ length: 4 }, () => keyOf(tenant)));
  const followers = Array.from({ length: 80 }, (_, index) =>
    transport.follow(document, { id: tenant.id }, keys[index % keys.length]),
  );
  await seats(followers.length);
  const many = await costOf(tenant, followers, 1);
  for (const follower of followers.slice(2)) {
    follower.stop();
  }
  await seats(2);
  const few = await costOf(tenant, followers.slice(0, 2), 2);
  // The subscribers of a moment share a statement; some come a moment later.
  expect(many).toBeLessThan(few + 15);
  for (const follower of followers) {
    follower.stop();
  }
  await seats(0);
});

test('a change costs nothing for those who follow something else', async () => {
  const [root, child] = await world.line(['Root', 'Child']);
  const others = await world.children(
    root!,
    Array.from({ length: 40 }, (_, index) => `Other ${index}`),
  );
  const followers = others.map((other) => transport.follow(events, { id: other.id }));
  const own = transport.follow(events, { id: child!.id });
  await seats(41);
  const cost = await costOf(child!, [own], 1);
  expect(cost).toBeLessThan(8);
  expect(await followers[0]!.isQuiet(100)).toBe(true);
  for (const follower of [own, ...followers]) {
    follower.stop();
  }
  await seats(0);
});

test('who asks the same of an event is told what they may see, not what others may', async () => {
  const [, parent, child] = await world.line(['Root', 'Parent', 'Child']);
  const document = 'subscription ($id: ID!) { events(tenantId: $id) { event { tenant { parent { id } } } } }';
  const callers = [await keyOf(child!), await keyOf(parent!), await keyOf(child!), await keyOf(parent!)];
  const followers = callers.map((key) => transport.follow(document, { id: child!.id }, key));
  await seats(4);
  await world.config(child!, { key: 'told' });
  const told = await Promise.all(followers.map((follower) => follower.next()));
  const parents = told.map((one) => one.data?.events.event.tenant.parent?.id ?? null);
  expect(parents).toEqual([null, parent!.id, null, parent!.id]);
});

/** Waits until so many follow, and all of them have read what they missed: until nothing is asked of the database any more. */
async function seats(count: number): Promise<void> {
  for (const end = performance.now() + 20_000; world.app.services.feed.statistics.seats !== count; ) {
    if (performance.now() > end) {
      throw new Error(`there are ${world.app.services.feed.statistics.seats} seats, not ${count}`);
    }
    await sleep(20);
  }
  for (let asked = -1; asked !== world.statements.length; ) {
    asked = world.statements.length;
    await sleep(300);
  }
}
