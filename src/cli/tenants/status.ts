import type { TenantStatus } from '../../client/index.ts';
import { toWords } from '../arguments.ts';
import type { Style } from '../terminal.ts';

const statuses = ['pending', 'active', 'suspended', 'archived'] as const satisfies readonly TenantStatus[];

export const toStatuses = toWords<TenantStatus>(statuses);

/** What lists show unless told. */
export const inUse: readonly TenantStatus[] = ['pending', 'active', 'suspended'];

export const allStatuses: readonly TenantStatus[] = statuses;

export const styleOfStatus: Readonly<Record<TenantStatus, Style>> = {
  pending: 'cyan',
  active: 'green',
  suspended: 'yellow',
  archived: 'dim',
};
