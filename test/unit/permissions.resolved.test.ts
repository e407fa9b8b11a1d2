import { describe, expect, test } from 'vitest';
import type { OwnPolicy } from '../../src/domain/permissions/policies.ts';
import { permissionMap, resolvedPermissions } from '../../src/domain/permissions/resolved.ts';
import { callBy, homeIn, lineageOf } from '../support/lineage.ts';

const tenants = lineageOf('root', 'middle', 'leaf');
const installation = callBy('read', null);

function policy(id: string, key: string, mode: OwnPolicy['mode'], more: Partial<OwnPolicy> = {}): OwnPolicy {
  const at = new Date(0);
  return { id, key, value: true, mode, revocationMode: 'CASCADE', revision: 1n, createdAt: at, updatedAt: at, ...more };
}

const policies = [
  [
    policy('p1', 'share', 'LOCKED', { value: false, revocationMode: 'PERMANENT', revision: 3n }),
    policy('p2', 'edit', 'DELEGATED'),
  ],
  [policy('p3', 'edit', 'INHERITED', { value: { max: 2 } }), policy('p4', 'share', 'DELEGATED')],
  [policy('p5', 'archive', 'DELEGATED')],
];

describe('what a tenant may do', () => {
  test('is decided by the highest locked policy, else by the nearest', () => {
    const resolved = resolvedPermissions(installation, { tenants, policies }, {});
    expect(resolved.map(({ explain, ...rest }) => rest)).toEqual([
      {
        policyId: 'p5',
        key: 'archive',
        value: true,
        mode: 'DELEGATED',
        revocationMode: 'CASCADE',
        source: { id: 'leaf', name: 'LEAF', slug: 'slug_leaf' },
        inherited: false,
        locked: false,
        delegated: true,
        revision: 1n,
      },
      {
        policyId: 'p3',
        key: 'edit',
        value: { max: 2 },
        mode: 'INHERITED',
        revocationMode: 'CASCADE',
        source: { id: 'middle', name: 'MIDDLE', slug: 'slug_middle' },
        inherited: true,
        locked: false,
        delegated: false,
        revision: 1n,
      },
      {
        policyId: 'p1',
        key: 'share',
        value: false,
        mode: 'LOCKED',
        revocationMode: 'PERMANENT',
        source: { id: 'root', name: 'ROOT', slug: 'slug_root' },
        inherited: true,
        locked: true,
        delegated: false,
        revision: 3n,
      },
    ]);
  });

  test('explains itself', () => {
    const [, edit, share] = resolvedPermissions(installation, { tenants, policies }, {});
    expect(share!.explain()).toEqual({
      rule: 'HIGHEST_LOCK',
      text: 'Locked by ROOT; 1 other passed over.',
      candidates: [
        {
          tenant: { id: 'root', name: 'ROOT', slug: 'slug_root' },
          policyId: 'p1',
          value: false,
          mode: 'LOCKED',
          revision: 3n,
          outcome: 'DECIDED',
        },
        {
          tenant: { id: 'middle', name: 'MIDDLE', slug: 'slug_middle' },
          policyId: 'p4',
          value: true,
          mode: 'DELEGATED',
          revision: 1n,
          outcome: 'SHADOWED_BY_LOCK',
        },
      ],
    });
    expect(edit!.explain()).toMatchObject({
      rule: 'NEAREST',
      candidates: [{ outcome: 'OVERRIDDEN' }, { outcome: 'DECIDED' }],
    });
  });

  test('names a tenant above the home of the caller by its id alone', () => {
    const call = callBy('admin', homeIn(tenants, 'leaf'));
    const [archive, edit] = resolvedPermissions(call, { tenants, policies }, {});
    expect([archive!.source.name, edit!.source]).toEqual(['LEAF', { id: 'middle', name: null, slug: null }]);
    expect(edit!.explain().candidates.map(({ tenant }) => tenant.slug)).toEqual([null, null]);
  });

  test('is what was selected', () => {
    const selected = resolvedPermissions(installation, { tenants, policies }, { keys: ['share', 'edit'], prefix: 's' });
    expect(selected.map(({ key }) => key)).toEqual(['share']);
  });
});

describe('the map of permissions', () => {
  test('has one object per key, in the shape of REST', () => {
    expect(permissionMap(resolvedPermissions(installation, { tenants, policies }, { keys: ['share'] }))).toEqual({
      share: {
        policy_id: 'p1',
        key: 'share',
        value: false,
        mode: 'LOCKED',
        source_tenant_id: 'root',
        locked: true,
        delegated: false,
      },
    });
  });

  test('has every key as a property of its own, whatever it is called', () => {
    const keys = ['__proto__', 'constructor', 'toString'];
    const own = [keys.map((key) => policy(key, key, 'LOCKED')), [], []];
    const map = permissionMap(resolvedPermissions(installation, { tenants, policies: own }, {}));

    expect(Object.keys(map).toSorted()).toEqual(keys.toSorted());
    expect(Object.getPrototypeOf(map)).toBe(Object.prototype);
  });
});
