import { describe, expect, test } from 'vitest';
import type { TenantStatus } from '../../src/db/generated/prisma/client.ts';
import type { Call } from '../../src/domain/call.ts';
import { type Lineage, referenceAt, requireTenant, visibleLineage } from '../../src/domain/tenants/lineage.ts';
import { callBy, homeIn, lineageOf } from '../support/lineage.ts';

const lineage = lineageOf('root', 'middle', 'leaf');
const installation = callBy('read', null);
const atHomeInMiddle = callBy('admin', homeIn(lineage, 'middle'));

function withStatus(status: TenantStatus): Lineage {
  return lineage.map((tenant, level) => (level === lineage.length - 1 ? { ...tenant, status } : tenant));
}

function refusal(call: Call, of: Lineage | null, statuses?: readonly TenantStatus[] | null): unknown {
  try {
    requireTenant(call, of, statuses);
    return null;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe('a tenant that is asked for', () => {
  test('is the one its lineage leads to', () => {
    expect(requireTenant(installation, lineage).id).toBe('leaf');
    expect(requireTenant(atHomeInMiddle, lineage.slice(0, 2)).id).toBe('middle');
  });

  test('does not exist when it is gone, or lies outside the home of the caller, and both look the same', () => {
    expect(refusal(installation, null)).toBe('TENANT_NOT_FOUND');
    expect(refusal(atHomeInMiddle, lineage.slice(0, 1))).toBe('TENANT_NOT_FOUND');
    expect(refusal(callBy('admin', homeIn(lineage, 'leaf')), lineage.slice(0, 2))).toBe('TENANT_NOT_FOUND');
  });

  test('outside the home of the caller does not tell its status', () => {
    const hidden = [{ ...lineage[0]!, status: 'archived' as const }];
    expect(refusal(atHomeInMiddle, hidden, ['active'])).toBe('TENANT_NOT_FOUND');
  });

  test('may have any status unless told', () => {
    expect(refusal(installation, withStatus('archived'))).toBeNull();
    expect(refusal(installation, withStatus('archived'), null)).toBeNull();
  });

  test.each([
    ['active', ['active'], null],
    ['suspended', ['active', 'suspended'], null],
    ['suspended', ['active'], 'TENANT_SUSPENDED'],
    ['archived', ['active', 'suspended'], 'TENANT_ARCHIVED'],
    ['pending', ['active'], 'TENANT_INVALID_STATE'],
  ] as const)('that is %s where %j are accepted: %s', (status, accepted, code) => {
    expect(refusal(installation, withStatus(status), accepted)).toBe(code);
  });
});

test('of a lineage the caller sees the part within its home', () => {
  const idsOf = (call: Call) => visibleLineage(call, lineage).map(({ id }) => id);
  expect(idsOf(installation)).toEqual(['root', 'middle', 'leaf']);
  expect(idsOf(atHomeInMiddle)).toEqual(['middle', 'leaf']);
});

describe('the name of a tenant in an answer about another one', () => {
  test('is its id alone when it lies outside the home of the caller', () => {
    expect(lineage.map((_, level) => referenceAt(atHomeInMiddle, lineage, level))).toEqual([
      { id: 'root', name: null, slug: null },
      { id: 'middle', name: 'MIDDLE', slug: 'slug_middle' },
      { id: 'leaf', name: 'LEAF', slug: 'slug_leaf' },
    ]);
  });

  test('can not be asked for at a level that is none', () => {
    expect(() => referenceAt(installation, lineage, 3)).toThrow(RangeError);
  });
});
