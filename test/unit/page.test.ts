import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { StratumError } from '../../src/domain/errors.ts';
import { decodeCursor, encodeCursor, pageOf, pageSizeOf } from '../../src/domain/page.ts';

function issueOf(work: () => unknown): unknown {
  try {
    work();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(StratumError);
    return (error as StratumError).issues?.map(({ path, code }) => [...path, code]);
  }
}

describe('the size of a page', () => {
  test('is 50 unless told, and 1 to 100 when told', () => {
    expect([{}, { first: null }, { first: 1 }, { first: 100 }].map(pageSizeOf)).toEqual([50, 50, 1, 100]);
  });

  test.each([
    [0, 'too_small'],
    [-1, 'too_small'],
    [101, 'too_big'],
    [1.5, 'invalid_type'],
    [Number.NaN, 'invalid_type'],
  ])('is not %d', (first, code) => {
    expect(issueOf(() => pageSizeOf({ first }))).toEqual([['first', code]]);
  });
});

test('a page holds its size at most, and says exactly whether there are more', () => {
  fc.assert(
    fc.property(fc.nat({ max: 12 }), fc.integer({ min: 1, max: 10 }), (count, size) => {
      const rows = Array.from({ length: count }, (_, index) => index);
      const { items, hasNextPage } = pageOf(rows.slice(0, size + 1), size, String);
      expect(items).toEqual(rows.slice(0, size));
      expect(hasNextPage).toBe(count > size);
    }),
  );
});

describe('a cursor', () => {
  const place = z.tuple([z.string(), z.int()]);

  test('gives back the place it was made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger(), (name, number) => {
        const cursor = encodeCursor([name, number]);
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(decodeCursor(place, cursor)).toEqual([name, number]);
      }),
    );
  });

  test.each([null, undefined])('that is %s is the beginning', (cursor) => {
    expect(decodeCursor(place, cursor)).toBeNull();
  });

  test.each(['', 'x', '!!', encodeCursor('text'), encodeCursor(['a', 'b']), encodeCursor(['a', 1, 2])])(
    'of another list (%j) is refused',
    (cursor) => {
      expect(issueOf(() => decodeCursor(place, cursor))).toEqual([['after', 'invalid_cursor']]);
    },
  );
});
