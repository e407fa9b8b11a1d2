import { type Event, Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { assertInstallation } from '../home.ts';
import type { Home } from '../principal.ts';
import { ownPart } from '../tenants/path.ts';
import type { TenantHead } from '../tenants/rows.ts';
import type { EventType } from './types.ts';
import { installationLedgerId } from './write.ts';

/** Whose events: a tenant's, or those of what belongs to the whole installation. */
export type Subject = Pick<TenantHead, 'id' | 'path' | 'rootId'> | 'installation';

/** Which events of a ledger a reader is after, as a filter in SQL and as one in memory: the two say the same. */
export interface EventScope {
  readonly subject: Subject;
  /** Whether to add the events of everything that was beneath the tenant when they happened. */
  readonly subtree: boolean;
  /** Null for all types. */
  readonly types: readonly EventType[] | null;
  /** Where the reader is at home; null for the whole installation. */
  readonly home: Home | null;
}

/** For events of the installation, which are nobody else's to see. */
export function installationOf({ principal }: Pick<Call, 'principal'>): 'installation' {
  assertInstallation(principal, 'see what happened to it');
  return 'installation';
}

/** The ledger of the tree that a tenant is in, or of the installation. */
export function ledgerOf(subject: Subject): string {
  return subject === 'installation' ? installationLedgerId : subject.rootId;
}

/** The filter for rows of `events e`, in one ledger. */
export function inScope({ subject, subtree, types, home }: EventScope, ledgerId: string): Prisma.Sql {
  const conditions = [
    Prisma.sql`e.ledger_id = ${ledgerId}::uuid`,
    subject === 'installation'
      ? Prisma.sql`e.path is null`
      : subtree
        ? beneathThen(subject, ledgerId)
        : Prisma.sql`e.tenant_id = ${subject.id}::uuid`,
  ];
  if (home !== null) {
    conditions.push(beneathThen({ id: home.tenantId, path: home.path }, ledgerId)); // the tenant may have been elsewhere before
  }
  if (types) {
    conditions.push(Prisma.sql`e.type = any(${[...types]}::text[])`);
  }
  return Prisma.join(conditions, ' and ');
}

/** The same for one event. */
export function isInScope({ subject, subtree, types, home }: EventScope, event: Event): boolean {
  const isOfSubject =
    subject === 'installation'
      ? event.path === null
      : subtree
        ? wasBeneath(event, subject.path)
        : event.tenantId === subject.id;
  return (
    isOfSubject && (home === null || wasBeneath(event, home.path)) && (types?.includes(event.type as EventType) ?? true)
  );
}

/**
 * Events of what was the tenant at `path`, or beneath it, when they happened: they keep the path of their time, and a path names every
 * tenant it leads through by a part that nobody else has. In its own ledger everything is beneath a root.
 */
function beneathThen({ id, path }: Pick<TenantHead, 'id' | 'path'>, ledgerId: string): Prisma.Sql {
  if (id === ledgerId) {
    return Prisma.sql`e.path is not null`;
  }
  const through = `%/${ownPart(path)}%`;
  return Prisma.sql`('/' || e.path like ${through} or '/' || e.from_path like ${through})`;
}

function wasBeneath({ path, fromPath }: Event, tenant: string): boolean {
  return [path, fromPath].some((one) => one !== null && leadsThrough(one, tenant));
}

/** Whether a path of any time leads through a tenant, wherever that is now. */
export function leadsThrough(path: string, tenant: string): boolean {
  return `/${path}`.includes(`/${ownPart(tenant)}`);
}
