import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { StratumError } from '../../src/domain/errors.ts';
import { parse, text, uuid } from '../../src/domain/validation.ts';
import { refusedBy } from '../support/issues.ts';

const character = fc.constantFrom('a', ' ', 'é', 'e\u0301', '東', '😀', '\u{10ffff}', '\u0001', '\ufffe');

describe('text', () => {
  test('is accepted, and kept as it is, exactly when its number of code points is within the limits', () => {
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 12 }), (value) => {
        const length = value.match(/./gsu)?.length ?? 0;
        const code = length < 3 ? 'too_small' : length > 6 ? 'too_big' : null;
        expect(refusedBy(text(3, 6), value)).toEqual(code === null ? [] : [['', code]]);
      }),
    );
  });

  test('counts a character outside the basic plane once', () => {
    expect(parse(text(1, 2), '😀😀')).toBe('😀😀');
    expect(refusedBy(text(1, 2), '😀😀😀')).toEqual([['', 'too_big']]);
  });

  test.each(['\0', 'a\0b', '\ud800', '\udc00', 'a\ud83d', '\udc00\ud800'])('with %j can not be stored', (value) => {
    expect(refusedBy(text(1, 255), value)).toEqual([['', 'invalid_text']]);
  });

  test.each([[null], [undefined], [1], [['a']], [{}]])('is not %j', (value) => {
    expect(refusedBy(text(0, 255), value)).toEqual([['', 'invalid_type']]);
  });

  test('is told its limit in words', () => {
    expect(() => parse(z.object({ name: text(1, 255) }), { name: '' })).toThrow('Validation failed');
    expect(text(1, 2).safeParse('').error?.issues[0]?.message).toBe('must have at least 1 character');
    expect(text(2, 2).safeParse('').error?.issues[0]?.message).toBe('must have at least 2 characters');
    expect(text(1, 2).safeParse('abc').error?.issues[0]?.message).toBe('must have at most 2 characters');
  });
});

describe('a UUID', () => {
  test('of any version is read in lower case', () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        expect(parse(uuid, id.toUpperCase())).toBe(id);
      }),
    );
  });

  test.each([
    '',
    '0193a5b0-0000-7000-8000-00000000000',
    '0193a5b0-0000-7000-8000-0000000000011',
    '0193a5b0-0000-7000-8000-00000000000g',
    '0193a5b00000700080000000000000001',
    '{0193a5b0-0000-7000-8000-000000000001}',
    ' 0193a5b0-0000-7000-8000-000000000001',
    '0193a5b0-0000-7000-8000-000000000001\n',
  ])('is not %j', (value) => {
    expect(refusedBy(uuid, value)).toEqual([['', 'invalid_format']]);
  });
});

describe('what is wrong with an input', () => {
  const schema = z.object({ a: z.array(z.object({ b: text(1, 2) })), c: z.boolean(), d: uuid });

  test('is reported completely, each with its path and code', () => {
    const input = { a: [{ b: 'x' }, { b: '' }, { b: 'xyz' }, 5], c: 'yes', d: 'x' };
    expect(refusedBy(schema, input, ['input', 3])).toEqual([
      ['input.3.a.1.b', 'too_small'],
      ['input.3.a.2.b', 'too_big'],
      ['input.3.a.3', 'invalid_type'],
      ['input.3.c', 'invalid_type'],
      ['input.3.d', 'invalid_format'],
    ]);
  });

  test('is a VALIDATION_ERROR, and what has no code of its own is "invalid"', () => {
    const refused = z.string().refine(() => false, 'no');
    expect(() => parse(refused, 'x', ['field'])).toThrow(StratumError);
    expect(refusedBy(refused, 'x', ['field'])).toEqual([['field', 'invalid']]);
  });

  test('does not matter for fields nobody asked for: they are left out', () => {
    expect(parse(z.object({ a: z.boolean() }), { a: true, b: 1 })).toEqual({ a: true });
  });
});
