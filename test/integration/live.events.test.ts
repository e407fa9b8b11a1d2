import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GraphqlWorld } from '../support/graphql-world.ts';
import { overEvents, overSockets, type Transport } from '../support/live.ts';

let world: GraphqlWorld;
let url: string;
beforeAll(async () => {
  world = await GraphqlWorld.open();
  url = await world.app.server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => world[Symbol.asyncDispose]());

const events = `subscription ($id: ID, $subtree: Boolean! = false, $types: [String!], $after: String) {
  events(tenantId: $id, subtree: $subtree, types: $types, after: $after) { cursor event { type revision tenantId after } }
}`;

describe.each([
  ['WebSockets', overSockets],
  ['server-sent events', overEvents],
])('over %s', (_name, open) => {
  let transport: Transport;
  beforeAll(() => {
    transport = open(url);
  });
  afterAll(() => transport.close());

  test('what happens comes in the order of the ledger', async () => {
    const tenant = await world.tenant();
    const following = transport.follow(events, { id: tenant.id });
    await settled(following);
    await world.config(tenant, { a: 1 });
    await world.config(tenant, { b: 2, c: 3 });
    const sent = await following.take(3);
    expect(sent.map(({ data }) => data.events.event.after.key)).toEqual(['a', 'b', 'c']);
    expect(sent.map(({ data }) => data.events.event.revision)).toEqual([2, 3, 4]);
    following.stop();
  });
});

/** A subscription begins some time after it was asked for, and says nothing of that. */
async function settled(following: { isQuiet(forMs: number): Promise<boolean> }): Promise<void> {
  expect(await following.isQuiet(300)).toBe(true);
}
