import { expect, test } from 'vitest';
import { createBusyWebhooks } from '../../src/workers/busy-webhooks.ts';

test('a place is taken over from one who leaves, in the order of those who wait', async () => {
  const busy = createBusyWebhooks();
  expect(await busy.enter('a', 1)).toBe(true);
  expect(busy.flags()).toEqual(['webhook:a']);
  const order: string[] = [];
  const [first, second] = ['first', 'second'].map((name) => busy.enter('a', 1).finally(() => order.push(name)));
  busy.leave('a');
  expect(await first).toBe(true);
  expect(busy.flags()).toEqual(['webhook:a']);
  busy.leave('a');
  expect(await second).toBe(true);
  expect(order).toEqual(['first', 'second']);
  busy.leave('a');
  expect(busy.flags()).toEqual([]);
});

test('who waits in vain gets no place, and takes none later', async () => {
  const busy = createBusyWebhooks();
  await busy.enter('a', 1);
  expect(await busy.enter('a', 1)).toBe(false);
  busy.leave('a');
  expect(busy.flags()).toEqual([]);
  expect(await busy.enter('a', 1)).toBe(true);
});

test('one webhook waits for no other', async () => {
  const busy = createBusyWebhooks();
  expect(await Promise.all([busy.enter('a', 2), busy.enter('b', 1), busy.enter('a', 2)])).toEqual([true, true, true]);
  expect(busy.flags()).toEqual(['webhook:b', 'webhook:a']);
});
