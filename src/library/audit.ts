import type { AuditEntry } from './event-types.ts';
import type { AuditQuery } from './inputs.ts';
import { listEvents } from './own-routes.ts';
import type { Run } from './run.ts';
import type { Page } from './types.ts';

export type AuditMethods = ReturnType<typeof auditMethods>;

/** The ledger, as an audit log. */
export function auditMethods(run: Run) {
  return {
    /** What happened to a tenant, or to what belongs to none, the latest first. */
    queryAuditLogs: ({ action, resource_type: kind, ...query }: AuditQuery = {}) =>
      run<Page<AuditEntry>>(listEvents, {
        query: {
          ...query,
          ...(action !== undefined && { types: [action] }),
          ...(kind !== undefined && { resource_types: [kind] }),
        },
      }),
  };
}
