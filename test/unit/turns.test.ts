import { expect, test } from 'vitest';
import { createTurns } from '../../src/domain/ledger/turns.ts';

test('those that wait go on in the order they came, so many at a time, and others get a word in between', async () => {
  const turn = createTurns(2);
  const heard: string[] = [];
  const all = ['a', 'b', 'c', 'd', 'e'].map(async (name) => {
    await turn();
    heard.push(name);
    await Promise.resolve();
    heard.push(name.toUpperCase());
    if (name === 'a') {
      setImmediate(() => heard.push('somebody else'));
    }
  });
  await Promise.all(all);
  expect(heard.join(' ')).toBe('a b A B c d C D somebody else e E');
});

test('who comes when nobody waits any more, or while others go on, gets a turn too', async () => {
  const turn = createTurns(2);
  await turn();
  const late = turn().then(() => turn());
  await Promise.all([turn(), turn(), turn(), late]);
  await turn();
});
