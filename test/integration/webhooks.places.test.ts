import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { holdPlaces } from '../../src/domain/webhooks/places.ts';
import { createSharedPlaces, type SharedPlaces } from '../../src/workers/shared-places.ts';
import { DomainWorld } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const opened: SharedPlaces[] = [];
const faults: unknown[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((places) => places.close()));
  expect(faults).toEqual([]);
});

/** As many places as a worker of its own would have; counts how often it asks. */
function worker(leaseMs = 30_000): SharedPlaces & { readonly holder: string; asked: number } {
  const holder = randomUUID();
  const places = createSharedPlaces({
    hold: (wishes) => {
      counted.asked += 1;
      return holdPlaces(world.admin, { holder, leaseMs, wishes });
    },
    enterWithinMs: (leaseMs * 2) / 3,
    onFault: (error) => void faults.push(error),
  });
  const counted = Object.assign(places, { holder, asked: 0 });
  opened.push(counted);
  return counted;
}

const enterAll = (places: SharedPlaces, id: string, most: number, count: number) =>
  Promise.all(Array.from({ length: count }, () => places.enter(id, most)));
const inside = (entered: readonly boolean[]) => entered.filter(Boolean).length;

test('a place is taken over from one who leaves, in the order of those who wait', async () => {
  const [places, id] = [worker(), randomUUID()];
  expect(await places.enter(id, 1)).toBe(true);
  expect(places.full()).toEqual([id]);
  const order: string[] = [];
  const [first, second] = ['first', 'second'].map((name) => places.enter(id, 1).finally(() => order.push(name)));
  places.leave(id);
  expect(await first).toBe(true);
  places.leave(id);
  expect(await second).toBe(true);
  expect(order).toEqual(['first', 'second']);
  places.leave(id);
  expect(places.full()).toEqual([]);
});

test('who waits in vain gets no place, and takes none later', async () => {
  const [places, id] = [worker(), randomUUID()];
  await places.enter(id, 1);
  expect(await places.enter(id, 1)).toBe(false);
  places.leave(id);
  expect(places.full()).toEqual([]);
  expect(await places.enter(id, 1)).toBe(true);
});

test('one webhook waits for no other', async () => {
  const [places, a, b] = [worker(), randomUUID(), randomUUID()];
  const entered = await Promise.all([places.enter(a, 2), places.enter(b, 1), places.enter(a, 2)]);
  expect(entered).toEqual([true, true, true]);
});

test('workers that begin at the same moment never have more places than there are', async () => {
  const id = randomUUID();
  const workers = Array.from({ length: 6 }, () => worker());
  const entered = await Promise.all(workers.map((places) => enterAll(places, id, 4, 4)));
  expect(inside(entered.flat())).toBe(4);
});

test('places go over to a worker that lacks them, up to a fair share, though the other never pauses', async () => {
  const [busy, late, id] = [worker(), worker(), randomUUID()];
  const end = performance.now() + 3_000;
  let [now, most] = [0, 0];
  const deliver = async (places: SharedPlaces, count: () => void): Promise<void> => {
    while (performance.now() < end) {
      if (await places.enter(id, 4)) {
        now += 1;
        most = Math.max(most, now);
        await sleep(5);
        now -= 1;
        places.leave(id);
        count();
      }
    }
  };
  let [ofBusy, ofLate] = [0, 0];
  const working = Array.from({ length: 8 }, () => deliver(busy, () => (ofBusy += 1)));
  await sleep(500);
  working.push(...Array.from({ length: 8 }, () => deliver(late, () => (ofLate += 1))));
  await Promise.all(working);
  expect(most).toBe(4);
  expect(ofLate / ofBusy).toBeGreaterThan(0.3);
});

test('one place goes round among workers that each need it for a moment', async () => {
  const [one, other, id] = [worker(), worker(), randomUUID()];
  for (const places of [one, other, one, other]) {
    expect(await places.enter(id, 1)).toBe(true);
    places.leave(id);
  }
});

test('the places of a worker that is gone are free when its lease is over, and not before', async () => {
  const [survivor, id] = [worker(), randomUUID()];
  const wishes = [{ webhookId: id, wanted: 2, used: 0, most: 2 }];
  await holdPlaces(world.admin, { holder: randomUUID(), leaseMs: 1_000, wishes });
  expect(await survivor.enter(id, 2)).toBe(false);
  expect(await survivor.enter(id, 2, 2_000)).toBe(true);
});

test('a worker that is busy hardly asks, and one with nothing to do holds nothing', async () => {
  const [places, id] = [worker(), randomUUID()];
  const end = performance.now() + 1_000;
  let count = 0;
  const deliver = async (): Promise<void> => {
    while (performance.now() < end) {
      expect(await places.enter(id, 8)).toBe(true);
      await sleep(1);
      places.leave(id);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, deliver));
  expect(count).toBeGreaterThan(500);
  expect(places.asked).toBeLessThan(15);
  const held = () => world.sql('select places from webhook_places where holder = $1', [places.holder]);
  expect(await held()).toHaveLength(1);
  await sleep(400);
  expect(await held()).toEqual([]);
});
