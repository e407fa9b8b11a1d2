import { describe, expect, test } from 'vitest';
import { diffConfig } from '../../src/domain/config/diff.ts';
import { assertDriftChildren, configDrift } from '../../src/domain/config/drift.ts';
import type { OwnEntry } from '../../src/domain/config/entries.ts';
import { type ConfigLineage, secretContext } from '../../src/domain/config/resolved.ts';
import { StratumError } from '../../src/domain/errors.ts';
import { callBy, lineageOf, secrets } from '../support/lineage.ts';

const call = callBy('admin', null);
const tenants = lineageOf('parent', 'child');

function entry(key: string, value: unknown, more: Partial<OwnEntry> = {}): OwnEntry {
  const at = new Date(0);
  return { id: key, key, value, ciphertext: null, locked: false, revision: 1n, createdAt: at, updatedAt: at, ...more };
}

function sealed(tenantId: string, key: string, value: unknown): OwnEntry {
  return entry(key, null, { ciphertext: secrets.seal(value, secretContext(tenantId, key)) });
}

function above(...entries: OwnEntry[]): ConfigLineage {
  return { tenants: tenants.slice(0, 1), entries: [entries] };
}

function below(parent: ConfigLineage, ...entries: OwnEntry[]): ConfigLineage {
  return { tenants, entries: [...parent.entries, entries] };
}

/** A tenant that lies elsewhere, with what it has set itself. */
function elsewhere(...entries: OwnEntry[]): ConfigLineage {
  return { tenants: lineageOf('stranger'), entries: [entries] };
}

describe('the drift of one key', () => {
  const locked = { locked: true };

  test.each([
    ['ok', 'inherited', below(above(entry('k', 1)))],
    ['ok', 'set to the same value', below(above(entry('k', { a: [1] })), entry('k', { a: [1] }))],
    ['override', 'set to another value', below(above(entry('k', 1)), entry('k', 2))],
    ['override', 'set to a value of another type', below(above(entry('k', 1)), entry('k', '1'))],
    ['ok', 'shadowed by a lock', below(above(entry('k', 1, locked)), entry('k', 2))],
  ] as const)('is %s where the value is %s', (status, _what, child) => {
    const parent = { tenants: tenants.slice(0, 1), entries: child.entries.slice(0, 1) };
    expect(configDrift(call, parent, child)).toMatchObject({ status, details: [{ key: 'k', status }] });
  });

  test.each([
    ['override', 'only one has it', above(), elsewhere(entry('k', 1))],
    ['missing', 'the other lacks it', above(entry('k', 1)), elsewhere()],
    ['conflict', 'the parent has locked another value', above(entry('k', 1, locked)), elsewhere(entry('k', 2))],
    ['ok', 'both have the same', above(entry('k', 1, locked)), elsewhere(entry('k', 1))],
  ] as const)('between strangers is %s where %s', (status, _what, parent, child) => {
    expect(configDrift(call, parent, child).details).toMatchObject([{ status }]);
  });

  test('is ok where a withheld value is inherited: it is one value', () => {
    const parent = above(sealed('parent', 'k', 'secret'));
    expect(configDrift(call, parent, below(parent)).details).toMatchObject([{ status: 'ok', childValue: null }]);
  });

  test('of withheld values tells nothing of them, not even that they are equal', () => {
    const parent = above(sealed('parent', 'k', 'same'));
    const equal = configDrift(call, parent, below(parent, sealed('child', 'k', 'same')));
    const different = configDrift(call, parent, below(parent, sealed('child', 'k', 'other')));

    expect(equal).toEqual(different);
    expect(equal.details).toEqual([
      { key: 'k', status: 'override', parentValue: null, childValue: null, locked: false },
    ]);
  });
});

test('the drift of a tenant is the worst of its keys, which are listed in order', () => {
  const parent = above(entry('b', 1, { locked: true }), entry('a', 1), entry('c', 1));
  const drift = configDrift(call, parent, elsewhere(entry('b', 2), entry('a', 1), entry('d', 1)));

  expect(drift).toMatchObject({
    tenant: { id: 'stranger', name: 'STRANGER', slug: 'slug_stranger' },
    status: 'conflict',
    details: [
      { key: 'a', status: 'ok' },
      { key: 'b', status: 'conflict', locked: true },
      { key: 'c', status: 'missing' },
      { key: 'd', status: 'override' },
    ],
  });
  expect(configDrift(call, parent, parent).status).toBe('ok');
});

test('1 to 100 tenants are compared at once', () => {
  expect(() => assertDriftChildren(['1'])).not.toThrow();
  expect(() => assertDriftChildren(Array.from({ length: 100 }, String))).not.toThrow();
  expect(() => assertDriftChildren([])).toThrow(StratumError);
  expect(() => assertDriftChildren(Array.from({ length: 101 }, String))).toThrow(StratumError);
});

describe('a difference', () => {
  test('lists the keys of both in order, and how each comes by its value', () => {
    const parent = above(entry('a', 1), entry('lock', 1, { locked: true }));
    const diff = diffConfig(call, parent, below(parent, entry('a', 2), entry('b', null)));

    expect(diff.map(({ key, equal, a, b }) => [key, equal, a?.status ?? null, b?.status ?? null])).toEqual([
      ['a', false, 'own', 'own'],
      ['b', false, null, 'own'],
      ['lock', true, 'locked', 'locked'],
    ]);
    expect(diff[2]!.b).toEqual({ value: 1, sensitive: false, masked: false, status: 'locked', sourceId: 'parent' });
  });

  test('says of an inherited value that it is', () => {
    const parent = above(entry('a', 1));
    expect(diffConfig(call, parent, below(parent))).toMatchObject([
      { equal: true, a: { status: 'own' }, b: { status: 'inherited' } },
    ]);
  });

  test('does not tell whether withheld values are equal', () => {
    const parent = above(sealed('parent', 'k', 1));
    expect(diffConfig(call, parent, elsewhere(entry('k', 1)))).toMatchObject([{ equal: null, a: { value: null } }]);
  });

  test('needs two tenants', () => {
    expect(() => diffConfig(call, above(), above())).toThrow(StratumError);
  });
});
