import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { json, jsonObject, jsonText, parse } from '../../src/domain/validation.ts';
import { refusedBy } from '../support/issues.ts';

const character = fc.constantFrom('a', '"', '\n', 'é', '😀', '\u2028', '\u{10ffff}', '\0', '\ud800', '\udfff');
const refusal = [['', 'invalid_json']];

/** Whether a number or a text of the value, or one of its keys, would be stored as something else. */
function isLossy(value: unknown): boolean {
  let lossy = false;
  JSON.parse(JSON.stringify(value), (key, inner: unknown) => {
    lossy ||= [key, inner].some((one) => typeof one === 'string' && /\0|\p{Surrogate}/u.test(one));
    lossy ||=
      typeof inner === 'number' && Number.isInteger(inner) && Math.abs(inner) > 2 ** 53 - 1 && Math.abs(inner) < 1e21;
    return inner;
  });
  return lossy;
}

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  return Array.from({ length: levels }).reduce<unknown>((inner) => wrap(inner), 1);
}

describe('JSON', () => {
  test('is accepted, and kept as it is, unless a text or a number in it would change', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: character }), (value) => {
        expect(refusedBy(json, value)).toEqual(isLossy(value) ? refusal : []);
        if (!isLossy(value)) {
          expect(parse(json, value)).toBe(value);
        }
      }),
    );
  });

  test.each([[null], [false], [0], [''], [-1.5e-300], [[]], [{}]])('may be %j', (value) => {
    expect(parse(json, value)).toBe(value);
  });

  test.each([['\0'], ['\ud800'], [['\udc00']], [{ a: { b: 'x\0' } }], [{ '\0': 1 }], [{ a: [{ '\ud800': 1 }] }]])(
    'with the text of %j is refused',
    (value) => {
      expect(refusedBy(json, value)).toEqual(refusal);
    },
  );

  test.each([2 ** 53 - 1, -(2 ** 53 - 1), 1e21, -1e308])('may hold the number %d', (value) => {
    expect(parse(json, [value])).toEqual([value]);
  });

  test.each([2 ** 53, -(2 ** 53), 1e20, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'holding the number %d is refused',
    (value) => {
      expect(refusedBy(json, value)).toEqual(refusal);
      expect(refusedBy(json, { a: [value] })).toEqual(refusal);
    },
  );

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a bigint', 1n],
    ['undefined within', { a: undefined }],
    ['a date', new Date(0)],
    ['a map', new Map([['a', 1]])],
    ['a boxed number', Object(Number.NaN)],
    ['an address', new URL('http://localhost')],
  ])('is not %s', (_what, value) => {
    expect(refusedBy(json, value)).toEqual(refusal);
    expect(refusedBy(json, [{ a: value }])).toEqual(refusal);
  });

  test('may be an object without a prototype, as GraphQL literals are', () => {
    const value = Object.assign(Object.create(null), { a: 1 });
    expect(parse(json, value)).toBe(value);
  });

  test('may be left out nowhere: null is a value, nothing is not', () => {
    expect(refusedBy(json, undefined)).toEqual([['', 'required']]);
  });
});

describe('the limits of JSON', () => {
  test.each([
    ['lists', (inner: unknown) => [inner]],
    ['objects', (inner: unknown) => ({ a: inner })],
  ])('allow 128 levels of %s', (_what, wrap) => {
    expect(refusedBy(json, nested(128, wrap))).toEqual([]);
    expect(refusedBy(json, nested(129, wrap))).toEqual(refusal);
  });

  test('end a value that holds itself, or is nested without end', () => {
    const endless: { self?: unknown } = {};
    endless.self = endless;
    expect(refusedBy(json, endless)).toEqual(refusal);
    expect(
      refusedBy(
        json,
        nested(100_000, (inner) => [inner]),
      ),
    ).toEqual(refusal);
  });

  test('are 64 KiB of UTF-8, quotes and escapes included', () => {
    expect(refusedBy(json, 'x'.repeat(65_534))).toEqual([]);
    expect(refusedBy(json, 'x'.repeat(65_535))).toEqual(refusal);
    expect(refusedBy(json, 'é'.repeat(32_767))).toEqual([]);
    expect(refusedBy(json, 'é'.repeat(32_768))).toEqual(refusal);
    expect(refusedBy(json, '\n'.repeat(32_768))).toEqual(refusal);
  });
});

describe('a JSON object', () => {
  test('is checked like any JSON', () => {
    expect(parse(jsonObject, { a: [1, null] })).toEqual({ a: [1, null] });
    expect(refusedBy(jsonObject, { a: 2 ** 53 })).toEqual(refusal);
    expect(refusedBy(jsonObject, { a: 'x'.repeat(65_536) })).toEqual(refusal);
  });

  test('may have keys that every object has', () => {
    const value = JSON.parse('{"__proto__":{"a":1},"constructor":2}');
    expect(JSON.stringify(parse(jsonObject, value))).toBe('{"__proto__":{"a":1},"constructor":2}');
  });

  test.each([[null], [undefined], [[]], ['{}'], [5], [true]])('is not %j', (value) => {
    expect(refusedBy(jsonObject, value)).toEqual([['', 'invalid']]);
  });

  test('is not a date', () => {
    expect(refusedBy(jsonObject, new Date(0))).toEqual(refusal);
  });
});

test('null is stored as the JSON value it is, and not as an absent one', () => {
  expect(jsonText(null)).toBe('null');
  expect(jsonText(undefined)).toBeNull();
  expect([0, false, '', [null]].map(jsonText)).toEqual(['0', 'false', '""', '[null]']);
});
