import { describe, expect, test } from 'vitest';
import { TenantStatus } from '../../src/db/generated/prisma/enums.ts';
import { StratumError } from '../../src/domain/errors.ts';
import {
  assertActive,
  assertStatus,
  assertTransition,
  type Transition,
  transitions,
} from '../../src/domain/tenants/lifecycle.ts';

const statuses = Object.values(TenantStatus);
const operations: readonly Transition[] = ['suspend', 'resume', 'archive'];

/** Where each operation leads from each state; null where it is refused. */
const table: Record<TenantStatus, Record<Transition, TenantStatus | null>> = {
  pending: { suspend: null, resume: null, archive: null },
  active: { suspend: 'suspended', resume: null, archive: 'archived' },
  suspended: { suspend: null, resume: 'active', archive: 'archived' },
  archived: { suspend: null, resume: 'active', archive: null },
};

const cells = statuses.flatMap((status) =>
  operations.map((operation) => ({ status, operation, to: table[status][operation] })),
);

function refusalOf(work: () => void): StratumError | null {
  try {
    work();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(StratumError);
    return error as StratumError;
  }
}

describe('a tenant that is', () => {
  test.each(cells.filter(({ to }) => to !== null))('$status becomes $to by $operation', ({ status, operation, to }) => {
    expect(refusalOf(() => assertTransition({ id: '1', status }, operation))).toBeNull();
    expect(transitions[operation].to).toBe(to);
  });

  test.each(cells.filter(({ to }) => to === null))('$status refuses to $operation', ({ status, operation }) => {
    const allowed = statuses.filter((from) => table[from][operation] !== null);
    const error = refusalOf(() => assertTransition({ id: '1', status }, operation));

    expect(error?.code).toBe('TENANT_INVALID_STATE');
    expect(error?.details).toEqual({ tenant_id: '1', from: status, operation, allowed_from: allowed });
  });
});

test('a refusal says in words what was wanted', () => {
  const error = refusalOf(() => assertTransition({ id: '1', status: 'pending' }, 'archive'));
  expect(error?.message).toBe("A tenant that is pending can't be archived");
});

test('only a tenant that is active takes writes; any other state has the code of what it is', () => {
  const codes = statuses.map((status) => [status, refusalOf(() => assertActive({ id: '1', status }))?.code]);
  expect(Object.fromEntries(codes)).toEqual({
    pending: 'TENANT_INVALID_STATE',
    active: undefined,
    suspended: 'TENANT_SUSPENDED',
    archived: 'TENANT_ARCHIVED',
  });
});

test('a status is refused exactly when it is not among those accepted', () => {
  for (const accepted of [[], ['active'], ['pending', 'archived'], statuses] as const) {
    const refused = statuses.filter((status) => refusalOf(() => assertStatus({ id: '1', status }, accepted)) !== null);
    expect(refused).toEqual(statuses.filter((status) => !accepted.some((one) => one === status)));
  }
});

test('a refused status names the tenant', () => {
  expect(refusalOf(() => assertActive({ id: '1', status: 'archived' }))?.details).toEqual({ tenant_id: '1' });
  expect(refusalOf(() => assertActive({ id: '1', status: 'pending' }))?.details).toEqual({
    tenant_id: '1',
    from: 'pending',
  });
});
