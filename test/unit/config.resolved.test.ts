import { describe, expect, test } from 'vitest';
import type { OwnEntry } from '../../src/domain/config/entries.ts';
import { configMap, resolvedConfig, secretContext, shower } from '../../src/domain/config/resolved.ts';
import type { Scope } from '../../src/domain/principal.ts';
import { callBy, homeIn, lineageOf, secrets } from '../support/lineage.ts';

const tenants = lineageOf('root', 'middle', 'leaf');
const installation = callBy('admin', null);

function entry(key: string, value: unknown, more: Partial<OwnEntry> = {}): OwnEntry {
  const at = new Date(0);
  return { id: key, key, value, ciphertext: null, locked: false, revision: 1n, createdAt: at, updatedAt: at, ...more };
}

function sealed(tenantId: string, key: string, value: unknown, more: Partial<OwnEntry> = {}): OwnEntry {
  return entry(key, null, { ciphertext: secrets.seal(value, secretContext(tenantId, key)), ...more });
}

describe('a sensitive value that the middle of three tenants set, read for the lowest', () => {
  const entries = [[], [sealed('middle', 'k', 'secret')], []];

  /** Who reads: home, scope, whether they ask for sensitive values, whether they get this one. */
  const rules: readonly [home: string | null, scope: Scope, reveal: boolean, shown: boolean][] = [
    [null, 'read', false, false],
    [null, 'read', true, false],
    [null, 'write', true, false],
    [null, 'admin', false, false],
    [null, 'admin', true, true],
    ['root', 'read', false, false],
    ['root', 'read', true, false],
    ['root', 'write', true, false],
    ['root', 'admin', false, false],
    ['root', 'admin', true, true],
    ['middle', 'read', false, true],
    ['middle', 'read', true, true],
    ['middle', 'admin', false, true],
    ['middle', 'admin', true, true],
    ['leaf', 'read', false, false],
    ['leaf', 'read', true, true],
    ['leaf', 'write', false, false],
    ['leaf', 'write', true, true],
    ['leaf', 'admin', false, false],
    ['leaf', 'admin', true, true],
  ];

  test.each(rules)('home %s, scope %s, reveal %s: shown %s', (home, scope, revealSensitive, shown) => {
    const call = callBy(scope, home === null ? null : homeIn(tenants, home));
    const [resolved] = resolvedConfig(call, { tenants, entries }, { revealSensitive });

    expect(resolved).toMatchObject({ value: shown ? 'secret' : null, sensitive: true, masked: !shown });
    expect(resolved!.explain().candidates).toMatchObject([{ value: shown ? 'secret' : null, masked: !shown }]);
    expect(JSON.stringify(configMap([resolved!])).includes('secret"')).toBe(shown);
  });
});

describe('a value', () => {
  const reader = callBy('read', null);

  test('that is not sensitive is shown to everybody', () => {
    const entries = [[entry('k', 1)], [], []];
    expect(resolvedConfig(reader, { tenants, entries }, {})).toMatchObject([
      { value: 1, sensitive: false, masked: false },
    ]);
  });

  test('is sensitive when a tenant further up marked its key, even if it was stored in clear before', () => {
    const lineage = { tenants, entries: [[sealed('root', 'k', 1)], [entry('k', 'clear')], [entry('other', 2)]] };
    const show = shower(reader, lineage, false);

    expect(show(lineage.entries[1]![0]!, 1)).toEqual({ value: null, sensitive: true, masked: true });
    expect(show(lineage.entries[2]![0]!, 2)).toEqual({ value: 2, sensitive: false, masked: false });
    expect(shower(installation, lineage, true)(lineage.entries[1]![0]!, 1)).toEqual({
      value: 'clear',
      sensitive: true,
      masked: false,
    });
  });

  test('is not made sensitive by what a tenant further down marks', () => {
    const entries = [[entry('k', 'clear', { locked: true })], [], [sealed('leaf', 'k', 1)]];
    const [resolved] = resolvedConfig(reader, { tenants, entries }, {});

    expect(resolved).toMatchObject({ value: 'clear', sensitive: false });
    expect(resolved!.explain().candidates.map(({ masked }) => masked)).toEqual([false, true]);
  });

  test('sealed for another tenant or key does not open', () => {
    const foreign = { ...sealed('root', 'k', 'secret') };
    expect(() =>
      resolvedConfig(installation, { tenants, entries: [[], [foreign], []] }, { revealSensitive: true }),
    ).toThrow();
    const renamed = { ...foreign, key: 'l' };
    expect(() =>
      resolvedConfig(installation, { tenants, entries: [[renamed], [], []] }, { revealSensitive: true }),
    ).toThrow();
  });

  test('that is withheld is not even opened', () => {
    const entries = [[entry('k', null, { ciphertext: 'not an envelope' })], [], []];
    expect(resolvedConfig(installation, { tenants, entries }, {})).toMatchObject([{ value: null, masked: true }]);
  });
});

describe('what applies to a tenant', () => {
  const entries = [
    [entry('b', 'root', { locked: true, revision: 7n }), entry('a', 'root')],
    [entry('a', 'middle', { revision: 8n }), entry('b', 'middle')],
    [entry('c', 'leaf'), entry('a1', 'leaf')],
  ];

  test('is listed in order of keys, with who set it and whether that was the tenant itself', () => {
    const resolved = resolvedConfig(installation, { tenants, entries }, {});
    expect(
      resolved.map(({ key, value, source, inherited, locked, revision }) => [
        key,
        value,
        source.id,
        inherited,
        locked,
        revision,
      ]),
    ).toEqual([
      ['a', 'middle', 'middle', true, false, 8n],
      ['a1', 'leaf', 'leaf', false, false, 1n],
      ['b', 'root', 'root', true, true, 7n],
      ['c', 'leaf', 'leaf', false, false, 1n],
    ]);
  });

  test('is what was selected', () => {
    const keysOf = (selection: object) =>
      resolvedConfig(installation, { tenants, entries }, selection).map(({ key }) => key);
    expect(keysOf({ keys: ['b', 'missing'] })).toEqual(['b']);
    expect(keysOf({ prefix: 'a' })).toEqual(['a', 'a1']);
  });

  test('explains itself', () => {
    const [, , locked] = resolvedConfig(installation, { tenants, entries }, {});
    expect(locked!.explain()).toMatchObject({
      rule: 'HIGHEST_LOCK',
      text: 'Locked by ROOT; 1 other passed over.',
      candidates: [
        { tenant: { id: 'root' }, value: 'root', locked: true, revision: 7n, outcome: 'DECIDED' },
        { tenant: { id: 'middle' }, value: 'middle', locked: false, outcome: 'SHADOWED_BY_LOCK' },
      ],
    });
  });

  test('names a tenant above the home of the caller by its id alone', () => {
    const resolved = resolvedConfig(callBy('read', homeIn(tenants, 'middle')), { tenants, entries }, {});
    expect(resolved.map(({ source }) => source)).toEqual([
      { id: 'middle', name: 'MIDDLE', slug: 'slug_middle' },
      { id: 'leaf', name: 'LEAF', slug: 'slug_leaf' },
      { id: 'root', name: null, slug: null },
      { id: 'leaf', name: 'LEAF', slug: 'slug_leaf' },
    ]);
    expect(resolved[2]!.explain().text).toBe('Locked by root; 1 other passed over.');
  });
});

describe('the map of entries', () => {
  test('has every key as a property of its own, whatever it is called', () => {
    const keys = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', ''];
    const entries = [keys.map((key) => entry(key, { admin: true })), [], []];
    const map = configMap(resolvedConfig(installation, { tenants, entries }, {}));

    expect(Object.keys(map).toSorted()).toEqual(keys.toSorted());
    expect(Object.getPrototypeOf(map)).toBe(Object.prototype);
    expect('admin' in map).toBe(false);
    expect(Object.keys(JSON.parse(JSON.stringify(map)))).toContain('__proto__');
  });

  test('says of a value that it is sensitive only when it is', () => {
    const entries = [[entry('a', 1), sealed('root', 'b', 2)], [], []];
    expect(configMap(resolvedConfig(installation, { tenants, entries }, {}))).toEqual({
      a: { key: 'a', value: 1, source_tenant_id: 'root', inherited: true, locked: false },
      b: {
        key: 'b',
        value: null,
        source_tenant_id: 'root',
        inherited: true,
        locked: false,
        sensitive: true,
        masked: true,
      },
    });
  });
});
