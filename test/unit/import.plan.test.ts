import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findLevels, top } from '../../src/cli/import/levels.ts';
import { type Plan, planImport, type RootChoice } from '../../src/cli/import/plan.ts';

/** `id parent name [slug]`, one row each, numbered like the lines of a file with a header. */
async function plan(rows: readonly string[], choice: Partial<RootChoice> = {}): Promise<Plan> {
  const read = async function* () {
    for (const [index, text] of rows.entries()) {
      const [id = '', parent = '-', name = '', slug] = text.split(' ');
      yield { line: index + 2, id, parent: parent === '-' ? null : parent, name, slug: slug ?? null };
    }
  };
  return planImport(read, { wanted: null, otherwise: 'file', ...choice });
}

function slugsOf({ size, slugs }: Plan): string[] {
  return Array.from({ length: size }, (_, row) => slugs.of(row));
}

describe('the root', () => {
  test('is the only row without a parent', async () => {
    expect((await plan(['a - A', 'b a B'])).root).toBeNull();
  });

  test('is named after the file when several rows have no parent', async () => {
    expect((await plan(['a - A', 'b - B'])).root).toBe('file');
  });

  test('is the one asked for, if one is', async () => {
    expect((await plan(['a - A'], { wanted: 'acme' })).root).toBe('acme');
  });
});

describe('slugs', () => {
  test('of the file come before those made of names, wherever they stand', async () => {
    const planned = await plan(['1 - World', '2 1 Paris', '3 1 Rome paris', '4 1 Paris']);

    expect(planned.problems).toEqual([]);
    expect(slugsOf(planned)).toEqual(['world', 'paris_2', 'paris', 'paris_4']);
  });

  test("leave the root's alone", async () => {
    expect(slugsOf(await plan(['1 - File', '2 - B']))).toEqual(['file_1', 'b']);
    expect(slugsOf(await plan(['1 - File', '2 1 B']))).toEqual(['file', 'b']);
  });

  test('that the file gives twice are a problem', async () => {
    const { problems } = await plan(['1 - A a', '2 1 B b', '3 1 C b']);

    expect(problems).toEqual([{ line: 4, message: 'slug "b" is already used by another row or the root' }]);
  });
});

describe('problems', () => {
  test('are named with their lines, in order', async () => {
    const { problems } = await plan(['a - A', 'b x B', 'a - C', 'd e D', 'e f E', 'f d F', 'g f G', 'h h H']);

    expect(problems).toEqual([
      { line: 3, message: 'parent "x" is not the id of any row' },
      { line: 4, message: 'id "a" is already used in line 2' },
      { line: 5, message: 'the row lies beneath itself: above it are "e", "f", "d"' },
      { line: 9, message: 'the row lies beneath itself: above it are "h"' },
    ]);
  });
});

describe('levels', () => {
  test('a file with parents first is taken in one pass', () => {
    const { depth, passes } = findLevels(Int32Array.of(top, 0, 1, 0));
    expect({ depth, passes }).toEqual({ depth: 3, passes: 1 });
  });

  test('a file turned upside down needs a pass for each level', () => {
    const { depth, passes, pass } = findLevels(Int32Array.of(1, 2, top));
    expect({ depth, passes, pass: [...pass] }).toEqual({ depth: 3, passes: 3, pass: [3, 2, 1] });
  });

  test('taken pass by pass, every parent comes before its children', () => {
    fc.assert(
      fc.property(shuffledForest(), (parents) => {
        const { pass, passes, circles } = findLevels(parents);
        const rows = [...parents.keys()];
        const order = Array.from({ length: passes }, (_, index) =>
          rows.filter((row) => pass[row] === index + 1),
        ).flat();
        const position = new Map(order.map((row, at) => [row, at]));

        expect(circles).toEqual([]);
        expect(order.length).toBe(parents.length);
        expect(rows.filter((row) => parents[row] !== top && position.get(parents[row]!)! > position.get(row)!)).toEqual(
          [],
        );
      }),
    );
  });

  test('every circle is found, and nothing else is taken for one', () => {
    fc.assert(
      fc.property(shuffledForest(1), fc.nat(), (forest, pick) => {
        const parents = Int32Array.from(forest);
        const closed = pick % parents.length;
        const above = lineage(parents, closed);
        parents[above.at(-1) ?? closed] = closed;

        const { circles } = findLevels(parents);

        expect(circles).toHaveLength(1);
        expect([closed, ...above]).toContain(circles[0]);
      }),
    );
  });
});

function lineage(parents: Int32Array, row: number): number[] {
  const parent = parents[row] ?? top;
  return parent === top ? [] : [parent, ...lineage(parents, parent)];
}

/** Trees whose rows stand in any order. */
function shuffledForest(minLength = 0): fc.Arbitrary<Int32Array> {
  return fc.array(fc.tuple(fc.nat(), fc.double({ noNaN: true })), { minLength, maxLength: 60 }).map((draws) => {
    const places = draws.map(([, weight], row) => ({ weight, row })).sort((a, b) => a.weight - b.weight);
    const placeOf = new Map(places.map(({ row }, place) => [row, place]));
    const parents = new Int32Array(draws.length);
    for (const [row, [choice]] of draws.entries()) {
      const parent = (choice % (row + 1)) - 1;
      parents[placeOf.get(row)!] = parent === top ? top : placeOf.get(parent)!;
    }
    return parents;
  });
}
