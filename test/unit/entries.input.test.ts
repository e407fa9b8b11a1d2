import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { setConfigInput } from '../../src/domain/config/input.ts';
import { createPermissionInput } from '../../src/domain/permissions/input.ts';
import { parse } from '../../src/domain/validation.ts';
import { refusedBy } from '../support/issues.ts';

const modes = { mode: 'DELEGATED', revocationMode: 'SOFT' };

describe.each<[string, z.ZodType, object]>([
  ['a config entry', setConfigInput, {}],
  ['a permission', createPermissionInput, modes],
])('%s', (_what, schema, more) => {
  test.each(['a', 'max.users', 'Ключ', '__proto__', ' ', '😀'.repeat(255)])('may have the key %j', (key) => {
    expect(parse(schema, { ...more, key, value: 1 })).toEqual({ ...more, key, value: 1 });
  });

  test.each([
    ['', 'too_small'],
    ['x'.repeat(256), 'too_big'],
    ['a\0', 'invalid_text'],
    ['\ud800', 'invalid_text'],
    [null, 'invalid_type'],
  ])('is refused with a key that can not be stored (case %#)', (key, code) => {
    expect(refusedBy(schema, { ...more, key, value: 1 }, ['input'])).toEqual([['input.key', code]]);
  });

  test.each([[null], [false], [0], [''], [[]], [{ a: [1] }]])('may have the value %j', (value) => {
    expect(parse(schema, { ...more, key: 'k', value })).toEqual({ ...more, key: 'k', value });
  });

  test('needs a value', () => {
    expect(refusedBy(schema, { ...more, key: 'k' }, ['input'])).toEqual([['input.value', 'required']]);
  });

  test('is refused with a value that would not be read back as it is', () => {
    expect(refusedBy(schema, { ...more, key: 'k', value: { a: 2 ** 53 } })).toEqual([['value', 'invalid_json']]);
  });
});

test('whether an entry is locked or sensitive is yes, no, or left open', () => {
  const entry = { key: 'k', value: 1 };
  for (const given of [true, false, null]) {
    const flags = { locked: given, sensitive: given };
    expect(parse(setConfigInput, { ...entry, ...flags })).toEqual({ ...entry, ...flags });
  }
  expect(refusedBy(setConfigInput, { ...entry, locked: 'true', sensitive: 1 })).toEqual([
    ['locked', 'invalid_type'],
    ['sensitive', 'invalid_type'],
  ]);
});
