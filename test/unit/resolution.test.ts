import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explain, explanationText, isSelected, type Outcome, resolve } from '../../src/domain/resolution.ts';

interface Entry {
  readonly key: string;
  readonly locked: boolean;
}

const keys = ['a', 'b', '', '__proto__', 'constructor', 'toString'];

const level: fc.Arbitrary<Entry[]> = fc.uniqueArray(
  fc.record({ key: fc.constantFrom(...keys), locked: fc.boolean() }),
  { selector: ({ key }) => key },
);
const anyLineage = fc.array(level, { maxLength: 6 });

interface Placed {
  readonly entry: Entry;
  readonly level: number;
}

function placed(lineage: readonly (readonly Entry[])[], key: string): Placed[] {
  return lineage.flatMap((entries, level) =>
    entries.filter((one) => one.key === key).map((entry) => ({ entry, level })),
  );
}

/** The rule once more, as a statement about one entry among all for its key instead of a walk down the lineage. */
function outcomeOf({ entry, level }: Placed, all: readonly Placed[]): Outcome {
  const locks = all.filter((one) => one.entry.locked);
  if (locks.some((lock) => lock.level < level)) {
    return 'SHADOWED_BY_LOCK';
  }
  const isNearest = all.every((one) => one.level <= level);
  return entry.locked || (locks.length === 0 && isNearest) ? 'DECIDED' : 'OVERRIDDEN';
}

function withoutLocks(lineage: readonly (readonly Entry[])[]): Entry[][] {
  return lineage.map((entries) => entries.map(({ key }) => ({ key, locked: false })));
}

describe('what applies', () => {
  test('is the highest lock, else the nearest entry, for every key that is set', () => {
    fc.assert(
      fc.property(anyLineage, (lineage) => {
        const resolved = resolve(lineage);
        for (const key of keys) {
          const all = placed(lineage, key);
          expect(resolved.get(key)).toEqual(all.find((one) => outcomeOf(one, all) === 'DECIDED'));
        }
        expect([...resolved.keys()].every((key) => keys.includes(key))).toBe(true);
      }),
    );
  });

  test('under a locked key is not changed by anything set further down', () => {
    fc.assert(
      fc.property(anyLineage, level, (lineage, below) => {
        const inherited = resolve(lineage);
        const resolved = resolve([...lineage, below]);
        for (const { key } of below) {
          const above = inherited.get(key);
          expect(resolved.get(key)!.level).toBe(above?.entry.locked === true ? above.level : lineage.length);
        }
      }),
    );
  });

  test('when the locks go is the nearest entry again: what was shadowed comes back', () => {
    fc.assert(
      fc.property(anyLineage, (lineage) => {
        resolve(lineage);
        const resolved = resolve(withoutLocks(lineage));
        for (const key of keys) {
          expect(resolved.get(key)?.level).toBe(placed(lineage, key).at(-1)?.level);
        }
      }),
    );
  });

  test('to nobody is nothing', () => {
    expect(resolve([]).size).toBe(0);
    expect(resolve([[], []]).size).toBe(0);
  });
});

describe('an explanation', () => {
  test('lists every entry for the key, root first, each with its one outcome', () => {
    fc.assert(
      fc.property(anyLineage, fc.constantFrom(...keys), (lineage, key) => {
        const all = placed(lineage, key);
        const expected = all.map((one) => ({ ...one, outcome: outcomeOf(one, all) }));
        expect(explain(lineage, key)?.candidates ?? []).toEqual(expected);
      }),
    );
  });

  test('has exactly one entry that decided, the one that applies, and names the rule', () => {
    fc.assert(
      fc.property(anyLineage, (lineage) => {
        for (const [key, applied] of resolve(lineage)) {
          const { candidates, rule } = explain(lineage, key)!;
          const decided = candidates.filter(({ outcome }) => outcome === 'DECIDED');
          expect(decided).toEqual([{ ...applied, outcome: 'DECIDED' }]);
          expect(rule).toBe(applied.entry.locked ? 'HIGHEST_LOCK' : 'NEAREST');
        }
      }),
    );
  });

  test('of a key that nobody set is null, even if every object has such a property', () => {
    expect(['a', '__proto__', 'constructor'].map((key) => explain([[{ key: 'b', locked: true }]], key))).toEqual([
      null,
      null,
      null,
    ]);
  });
});

const allKeys = ['a', 'ab', 'ba', '__proto__'];

test.each([
  ['all keys', {}, allKeys],
  ['all keys when told nothing', { keys: null, prefix: null }, allKeys],
  ['no key of an empty list', { keys: [] }, []],
  ['the keys listed', { keys: ['ba', '__proto__', 'missing'] }, ['ba', '__proto__']],
  ['the keys with a prefix', { prefix: 'a' }, ['a', 'ab']],
  ['every key with an empty prefix', { prefix: '' }, allKeys],
  ['the keys that are both', { keys: ['a', 'ba'], prefix: 'a' }, ['a']],
])('a selection takes %s', (_what, selection, expected) => {
  expect(allKeys.filter((key) => isSelected(key, selection))).toEqual(expected);
});

describe('the sentence for people', () => {
  const root = { tenant: { id: '1', name: 'Root' } };
  const leaf = { tenant: { id: '2', name: null } };

  test('names who locked the key and how many were passed over', () => {
    const candidates = [{ ...root, outcome: 'DECIDED' } as const, { ...leaf, outcome: 'SHADOWED_BY_LOCK' } as const];
    expect(explanationText(candidates, 'HIGHEST_LOCK')).toBe('Locked by Root; 1 other passed over.');
  });

  test('names a tenant the caller may not know by its id alone', () => {
    const overridden = { ...root, outcome: 'OVERRIDDEN' } as const;
    const candidates = [overridden, overridden, { ...leaf, outcome: 'DECIDED' } as const];
    expect(explanationText(candidates, 'NEAREST')).toBe('Set by 2, the nearest; 2 others passed over.');
  });

  test('says when there was nothing to choose from', () => {
    expect(explanationText([{ ...root, outcome: 'DECIDED' }], 'NEAREST')).toBe(
      'Set by Root, the nearest; it is the only one set.',
    );
  });
});
