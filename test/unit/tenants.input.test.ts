import { describe, expect, test } from 'vitest';
import { createTenantInput, createTenantsItem, updateTenantInput } from '../../src/domain/tenants/input.ts';
import { parse } from '../../src/domain/validation.ts';
import { refusedBy } from '../support/issues.ts';

const id = '0193a5b0-0000-7000-8000-00000000abcd';
const minimal = { name: 'Acme', slug: 'acme' };

describe.each([
  ['a new tenant', createTenantInput],
  ['a new tenant of a batch', createTenantsItem],
])('%s', (_what, schema) => {
  test('needs a name and a slug', () => {
    expect(refusedBy(schema, minimal)).toEqual([]);
    expect(refusedBy(schema, {}, ['input'])).toEqual([
      ['input.name', 'invalid_type'],
      ['input.slug', 'invalid_type'],
    ]);
  });

  test('may leave everything else out, or give null for it', () => {
    const nulls = { parentId: null, document: null, metadata: null, isolationStrategy: null, regionId: null };
    expect(parse(schema, { ...minimal, ...nulls })).toEqual({ ...minimal, ...nulls });
  });

  test('names its parent and region by UUIDs of any case', () => {
    expect(parse(schema, { ...minimal, parentId: id.toUpperCase(), regionId: id.toUpperCase() })).toEqual({
      ...minimal,
      parentId: id,
      regionId: id,
    });
    expect(refusedBy(schema, { ...minimal, parentId: 'acme', regionId: '' })).toEqual([
      ['parentId', 'invalid_format'],
      ['regionId', 'invalid_format'],
    ]);
  });

  test('has a document and metadata that are JSON objects', () => {
    const value = { '': [null, { deep: true }] };
    expect(parse(schema, { ...minimal, document: value, metadata: {} })).toMatchObject({ document: value });
    expect(refusedBy(schema, { ...minimal, document: [], metadata: { big: 2 ** 53 } })).toEqual([
      ['document', 'invalid'],
      ['metadata', 'invalid_json'],
    ]);
  });
});

describe('a slug', () => {
  test.each(['a', 'a1', 'us_ca', 'a_', `a${'9'.repeat(62)}`])('may be %s', (slug) => {
    expect(parse(createTenantInput, { ...minimal, slug }).slug).toBe(slug);
  });

  test.each(['', '1a', '_a', 'A', 'aB', 'a-b', 'a b', 'é', 'a\n', 'a/b', `a${'9'.repeat(63)}`])(
    'may not be %j',
    (slug) => {
      expect(refusedBy(createTenantInput, { ...minimal, slug })).toEqual([['slug', 'invalid_format']]);
      expect(refusedBy(updateTenantInput, { slug })).toEqual([['slug', 'invalid_format']]);
      expect(refusedBy(createTenantsItem, { ...minimal, parentSlug: slug })).toEqual([
        ['parentSlug', 'invalid_format'],
      ]);
    },
  );
});

test.each([
  ['x'.repeat(255), []],
  ['😀'.repeat(255), []],
  ['', [['name', 'too_small']]],
  ['😀'.repeat(256), [['name', 'too_big']]],
  ['a\0', [['name', 'invalid_text']]],
])('a name has 1 to 255 characters that can be stored (case %#)', (name, issues) => {
  expect(refusedBy(createTenantInput, { ...minimal, name })).toEqual(issues);
  expect(refusedBy(updateTenantInput, { name })).toEqual(issues);
});

describe('in a batch, a parent', () => {
  test('is named by its id or by its slug', () => {
    expect(refusedBy(createTenantsItem, { ...minimal, parentSlug: 'root' })).toEqual([]);
    expect(refusedBy(createTenantsItem, { ...minimal, parentId: id, parentSlug: null })).toEqual([]);
    expect(refusedBy(createTenantsItem, { ...minimal, parentId: null, parentSlug: 'root' })).toEqual([]);
  });

  test('is not named by both', () => {
    expect(refusedBy(createTenantsItem, { ...minimal, parentId: id, parentSlug: 'root' }, ['tenants', 2])).toEqual([
      ['tenants.2.parentSlug', 'invalid'],
    ]);
  });
});

describe('an update', () => {
  test('holds what it changes and nothing else', () => {
    expect(parse(updateTenantInput, {})).toEqual({});
    expect(parse(updateTenantInput, { name: 'B', status: 'archived', parentId: id })).toEqual({ name: 'B' });
  });

  test('can not take away what every tenant has', () => {
    expect(refusedBy(updateTenantInput, { name: null, slug: null, document: null, metadata: null })).toEqual([
      ['name', 'invalid_type'],
      ['slug', 'invalid_type'],
      ['document', 'invalid'],
      ['metadata', 'invalid'],
    ]);
  });
});
