import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { type Call, createCall } from '../../src/domain/call.ts';
import { followConfig } from '../../src/domain/config/follow.ts';
import { setConfig } from '../../src/domain/config/set.ts';
import { type Endable, Failure } from '../../src/domain/ledger/endable.ts';
import { createFeed } from '../../src/domain/ledger/feed.ts';
import { type FollowedEvent, followEvents } from '../../src/domain/ledger/follow.ts';
import { watchTenant } from '../../src/domain/ledger/tail.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { DomainWorld } from '../support/domain-world.ts';

// What is changed here is changed by another process, and this one hears nothing of it: the tests choose when it looks.
let world: DomainWorld;
let elsewhere: Call;
beforeAll(async () => {
  world = await DomainWorld.open();
  const { principal } = world.admin;
  elsewhere = createCall({ ...world.services, announce: () => {} }, { principal, requestId: null, sourceIp: null });
});
afterAll(() => world[Symbol.asyncDispose]());

const set = (tenant: Tenant, key: string, value: string | number = 1) =>
  setConfig(elsewhere, { tenantId: tenant.id, input: { key, value } });

const seats = (count: number) => expect.poll(() => world.services.feed.statistics.seats, { interval: 5 }).toBe(count);

async function next<Item>(following: Endable<Item>): Promise<Item> {
  const { value } = await following.next();
  if (value === undefined || value instanceof Failure) {
    throw value?.error ?? new Error('it is over');
  }
  return value;
}

const keyOf = ({ event }: FollowedEvent) => (event.after as { key?: string }).key;

test('events that were read behind a cursor before the process was told of them are not passed on again when it is', async () => {
  const tenant = await world.root();
  const early = await followEvents(world.admin, { tenantId: tenant.id, subtree: false });
  const first = next(early);
  await seats(1);
  await set(tenant, 'a');
  world.services.feed.wake(tenant.id, 2n);
  const { cursor } = await first;
  const second = next(early);
  await set(tenant, 'b');
  await set(tenant, 'c');
  const late = await followEvents(world.admin, { tenantId: tenant.id, subtree: false, after: cursor });
  expect([keyOf(await next(late)), keyOf(await next(late))]).toEqual(['b', 'c']);
  const live = next(late);
  await seats(2);
  await set(tenant, 'd');
  world.services.feed.wake(tenant.id, 5n);
  expect(keyOf(await second)).toBe('b');
  expect(keyOf(await live)).toBe('d');
  await Promise.all([early.return?.(), late.return?.()]);
  await seats(0);
});

test('a change of thousands at once cuts nobody off who takes one after the other, and is told without gap or repeat', async () => {
  const tenant = await world.root();
  const following = await followEvents(world.admin, { tenantId: tenant.id, subtree: true });
  const first = next(following);
  await seats(1);
  const count = 3_000;
  await world.sql(
    `with head as (update ledgers set revision = revision + ${count} where id = $1 returning revision - ${count} as revision)
    insert into events (ledger_id, revision, type, tenant_id, path, actor_type, actor_id, occurred_at, previous_hash, hash)
    select ledger_id, e.revision + n, 'config.updated', tenant_id, path, actor_type, actor_id, occurred_at, previous_hash, hash
    from head join events e on e.ledger_id = $1 and e.revision = head.revision, generate_series(1, ${count}) n`,
    [tenant.id],
  );
  world.services.feed.wake(tenant.id, BigInt(count));
  const revisions = [(await first).event.revision];
  while (revisions.length < count) {
    await sleep(1);
    revisions.push((await next(following)).event.revision);
  }
  expect(revisions).toEqual(Array.from({ length: count }, (_, index) => BigInt(index + 2)));
  await following.return?.();
  await seats(0);
});

test('a cursor is good though the tenant moves to another tree while it is looked for', async () => {
  const [tenant, target] = [await world.child(await world.root()), await world.root()];
  const following = await followEvents(world.admin, { tenantId: tenant.id, subtree: false });
  const first = next(following);
  await seats(1);
  const { revision } = await set(tenant, 'a');
  world.services.feed.wake(tenant.rootId, BigInt(revision));
  const { cursor } = await first;
  await following.return?.();
  await set(tenant, 'b');

  let move = async (): Promise<void> => {
    await moveTenant(elsewhere, { id: tenant.id, newParentId: target.id });
    await set(tenant, 'c');
  };
  const query: Database['query'] = async (statement) => {
    if (statement.text.includes('tenant.moved')) {
      const now = move;
      move = async () => {};
      await now();
    }
    return world.database.query(statement);
  };
  const slow = { ...world.admin, database: { ...world.database, query } };
  const late = await followEvents(slow, { tenantId: tenant.id, subtree: false, after: cursor });
  const told = [await next(late), await next(late), await next(late)];
  expect(told.map(({ event: { type, ledgerId } }) => [type, ledgerId])).toEqual([
    ['config.updated', tenant.rootId],
    ['tenant.moved', tenant.rootId],
    ['config.updated', target.id],
  ]);
  expect([keyOf(told[0]!), keyOf(told[2]!)]).toEqual(['b', 'c']);
  await late.return?.();
  await seats(0);
});

describe('the feed', () => {
  test('passes an event on once when the last who followed its ledger has left and another has come while it was reading', async () => {
    const [tenant, other] = [await world.root(), await world.root()];
    const gate = Promise.withResolvers<void>();
    let held = 0;
    const query: Database['query'] = async (statement) => {
      if (statement.text.includes('from events')) {
        held += 1;
        await gate.promise;
      }
      return world.database.query(statement);
    };
    const feed = createFeed({ database: { query } });
    const reading = await feed.join(other.id, [watchTenant(other.path)]);
    expect(held).toBe(1);
    const left = await feed.join(tenant.id, [watchTenant(tenant.path)]);
    left.end('left');
    const seat = await feed.join(tenant.id, [watchTenant(tenant.path)]);
    await set(tenant, 'a');
    await set(tenant, 'b');
    gate.resolve();
    await seat.reach(3n);
    const taken = await seat.take(0);
    expect(typeof taken === 'string' ? taken : taken.map(({ revision }) => revision)).toEqual([2n, 3n]);
    expect(reading.from).toBe(1n);
    feed.close();
  });

  test('keeps nothing of who has waited for a revision', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const tenant = await world.root();
    const feed = createFeed({ database: world.database });
    const seat = await feed.join(tenant.id, [watchTenant(tenant.path)]);
    const waits = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const wait = seat.reach(1n);
        await wait;
        return new WeakRef(wait);
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(waits.filter((wait) => wait.deref() !== undefined)).toHaveLength(0);
    feed.close();
  });
});

describe('what applies to a tenant that moves', () => {
  let looking: NodeJS.Timeout;
  beforeAll(() => {
    looking = setInterval(() => world.services.feed.wakeAll(), 20);
  });
  afterAll(() => clearInterval(looking));

  const places = [
    ['in its tree', (root: Tenant) => world.child(root)],
    ['to another tree', () => world.root()],
  ] as const;

  test.each(places)('%s before anybody waits is told where it is then', async (_where, make) => {
    const root = await world.root();
    const [tenant, target] = [await world.child(root), await make(root)];
    const following = await followConfig(world.admin, tenant.id, null);
    await moveTenant(elsewhere, { id: tenant.id, newParentId: target.id });
    const told = next(following);
    await seats(1);
    await set(target, 'color', 'blue');
    expect(await told).toMatchObject({ key: 'color', after: { value: 'blue', source: { id: target.id } } });
    await set(target, 'size', 'large');
    expect(await next(following)).toMatchObject({ key: 'size', event: { tenantId: target.id } });
    await following.return?.();
    await seats(0);
  });

  test.each(places)('%s while another change is looked at is told where it is then', async (_where, make) => {
    const root = await world.root();
    const [tenant, target] = [await world.child(root), await make(root)];
    for (const value of [1, 2, 3, 4, 5, 6]) {
      await set(target, 'shape', value);
    }
    let meanwhile = async (): Promise<void> => {};
    const { principal } = world.admin;
    const recheck = async () => {
      const now = meanwhile;
      meanwhile = async () => {};
      await now();
      return principal;
    };
    const call = createCall(world.services, { principal, requestId: null, sourceIp: null, recheck });
    const following = await followConfig(call, tenant.id, null);
    const first = next(following);
    await seats(1);
    await set(root, 'color', 'red');
    meanwhile = async () => void (await moveTenant(elsewhere, { id: tenant.id, newParentId: target.id }));
    const told = [await first];
    const second = next(following);
    await set(target, 'size', 'large');
    told.push(await second);
    while (told.at(-1)?.key !== 'size') {
      told.push(await next(following));
    }
    expect(told.at(-1)).toMatchObject({ after: { source: { id: target.id } }, event: { tenantId: target.id } });
    await following.return?.();
    await seats(0);
  });
});
