import { expect, test } from 'vitest';
import { drawTree, show } from '../../scripts/demo/tree.ts';
import type { DemoTreeNodeFragment } from '../../src/client/index.ts';

const plain = (_style: string, text: string): string => text;

function tenant(name: string, depth: number, more: Partial<DemoTreeNodeFragment> = {}): DemoTreeNodeFragment {
  return {
    name,
    slug: name.toLowerCase(),
    status: 'active',
    depth,
    resolvedConfig: [],
    resolvedPermissions: [],
    ...more,
  };
}

function entry(key: string, value: unknown, more: object = {}): DemoTreeNodeFragment['resolvedConfig'][number] {
  const source = { name: 'Root', slug: 'root' };
  return { key, value, inherited: true, locked: false, sensitive: false, masked: false, source, ...more };
}

test('rails connect each tenant with the next one on its level', () => {
  const names = drawTree(
    [tenant('Root', 2), tenant('A', 3), tenant('A1', 4), tenant('A2', 4), tenant('B', 3), tenant('B1', 4)],
    plain,
  );

  expect(names).toEqual([
    'Root  root',
    '│',
    '├─ A  a',
    '│  │',
    '│  ├─ A1  a1',
    '│  │',
    '│  └─ A2  a2',
    '│',
    '└─ B  b',
    '   │',
    '   └─ B1  b1',
    '',
  ]);
});

test('keys, values and sources are columns over the whole tree, sorted by key', () => {
  const own = { inherited: false };
  const policy = {
    policyId: '1',
    mode: 'LOCKED',
    revocationMode: 'CASCADE',
    value: true,
    key: 'manage',
    ...own,
  } as const;
  const source = { name: 'Root', slug: 'root' };
  const lines = drawTree(
    [
      tenant('Root', 0, {
        resolvedConfig: [entry('theme', 'midnight', { locked: true, ...own }), entry('max', 10, own)],
        resolvedPermissions: [{ ...policy, source }],
      }),
      tenant('A', 1, {
        status: 'suspended',
        resolvedConfig: [entry('secret', null, { sensitive: true, masked: true })],
      }),
    ],
    plain,
  );

  expect(lines).toEqual([
    'Root  root',
    '│  config       max     10          own',
    '│               theme   "midnight"  own        locked',
    '│  permissions  manage  true        own        LOCKED, CASCADE',
    '│',
    '└─ A  a  suspended',
    '      config    secret  ••••••      from Root  sensitive',
    '',
  ]);
});

test('a long value is cut, and a masked one is never shown', () => {
  expect(show('x'.repeat(100))).toHaveLength(40);
  expect(show('hunter2', true)).not.toContain('hunter2');
  expect(show(null)).toBe('null');
});
