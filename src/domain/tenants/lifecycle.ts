import type { Tenant, TenantStatus } from '../../db/generated/prisma/client.ts';
import { StratumError } from '../errors.ts';

export type Transition = 'suspend' | 'resume' | 'archive';

/** From which states a transition starts, and where it ends. Strict: any other state is `TENANT_INVALID_STATE`. */
export const transitions: Readonly<
  Record<Transition, { readonly from: readonly TenantStatus[]; readonly to: TenantStatus }>
> = {
  suspend: { from: ['active'], to: 'suspended' },
  resume: { from: ['suspended', 'archived'], to: 'active' },
  archive: { from: ['active', 'suspended'], to: 'archived' },
};

export function assertTransition({ id, status }: Pick<Tenant, 'id' | 'status'>, operation: Transition): void {
  const { from } = transitions[operation];
  if (!from.includes(status)) {
    throw new StratumError('TENANT_INVALID_STATE', `A tenant that is ${status} can't be ${pastTense[operation]}`, {
      details: { tenant_id: id, from: status, operation, allowed_from: [...from] },
    });
  }
}

const pastTense: Readonly<Record<Transition, string>> = {
  suspend: 'suspended',
  resume: 'resumed',
  archive: 'archived',
};

/** Refuses a tenant that is not active, with the code for what it is instead. */
export function assertActive({ id, status }: Pick<Tenant, 'id' | 'status'>): void {
  assertStatus({ id, status }, ['active']);
}

/** Refuses a tenant whose status is not among `accepted`, with the code for what it is instead. */
export function assertStatus({ id, status }: Pick<Tenant, 'id' | 'status'>, accepted: readonly TenantStatus[]): void {
  if (accepted.includes(status)) {
    return;
  }
  const details = { tenant_id: id };
  switch (status) {
    case 'archived':
      throw new StratumError('TENANT_ARCHIVED', 'The tenant is archived', { details });
    case 'suspended':
      throw new StratumError('TENANT_SUSPENDED', 'The tenant is suspended', { details });
    default:
      throw new StratumError('TENANT_INVALID_STATE', `The tenant is ${status}`, {
        details: { ...details, from: status },
      });
  }
}
