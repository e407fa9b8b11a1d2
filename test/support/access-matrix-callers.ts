import type { TenantStatus } from '../../src/db/generated/prisma/client.ts';
import { type Scope, scopes } from '../../src/domain/principal.ts';
import type { Row, Verdict } from './access-table.ts';
import type { Caller } from './access-world.ts';

const refusals: Readonly<Record<TenantStatus, Verdict | null>> = {
  active: null,
  suspended: 'TENANT_SUSPENDED',
  archived: 'TENANT_ARCHIVED',
  pending: 'TENANT_INVALID_STATE',
};

/** The refusal of callers whose own tenant is not in use; the child of a target has its status. */
export function refusalOfHome({ home }: Caller, status: TenantStatus): Verdict | null {
  return home === 'own' || home === 'child' ? refusals[status] : null;
}

/** Whether a caller holds a scope, itself or a wider one. */
export function holds({ scope }: Caller, needed: Scope | null): boolean {
  return needed === null || (scope !== null && scopes.indexOf(scope) >= scopes.indexOf(needed));
}

/** What is to come of a row of the main table: the first that applies. */
export function expectedOf(row: Row, caller: Caller, status: TenantStatus): Verdict {
  const ofHome = refusalOfHome(caller, status);
  if (ofHome !== null) {
    return ofHome;
  }
  if (!holds(caller, row.scope)) {
    return 'FORBIDDEN';
  }
  if (row.administrators && caller.scope !== 'admin') {
    return row.missing;
  }
  if (row.installation) {
    return caller.home === 'installation' ? 'ok' : 'FORBIDDEN';
  }
  return ['installation', 'parent', 'own'].includes(caller.home) ? row.statuses[status] : row.missing;
}
