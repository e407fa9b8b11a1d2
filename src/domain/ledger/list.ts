import { z } from 'zod';
import { type Event, Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { assertInstallation } from '../home.ts';
import { decodeCursor, encodeCursor, type Page, type PageInput, pageOf, pageSizeOf } from '../page.ts';
import { ownPart, rootPath } from '../tenants/path.ts';
import type { TenantHead } from '../tenants/rows.ts';
import { shownEvent } from './shown.ts';
import type { EventType } from './types.ts';
import { installationLedgerId } from './write.ts';

export interface ListEvents extends PageInput {
  /** Whether to add the events of everything that was beneath the tenant when they happened. */
  readonly subtree: boolean;
  readonly types?: readonly EventType[] | null | undefined;
  readonly newestFirst: boolean;
}

/** Whose events: a tenant's, or those of what belongs to the whole installation. */
type Subject = Pick<TenantHead, 'id' | 'path' | 'rootId'> | 'installation';

/** For events of the installation, which are nobody else's to see. */
export function installationOf({ principal }: Call): Subject {
  assertInstallation(principal, 'see what happened to it');
  return 'installation';
}

function ledgerOf(subject: Subject): string {
  return subject === 'installation' ? installationLedgerId : subject.rootId;
}

/** One page of a tenant's events in the ledger of the tree it is in, in the order of revisions. The cursor names ledger and revision. */
export async function listEvents(call: Call, tenant: Subject, input: ListEvents): Promise<Page<Event>> {
  const size = pageSizeOf(input);
  const place = decodeCursor(placeIn(ledgerOf(tenant)), input.after);
  const than = input.newestFirst ? Prisma.sql`<` : Prisma.sql`>`;
  const behind = place === null ? Prisma.empty : Prisma.sql`and e.revision ${than} ${place[1]}`;
  const direction = input.newestFirst ? Prisma.sql`desc` : Prisma.sql`asc`;
  const rows = await call.database.query<Event>(
    Prisma.sql`select ${eventColumns} from events e where ${matching(call, tenant, input)} ${behind} order by e.revision ${direction} limit ${size + 1}`,
  );
  const { home } = call.principal;
  const shown = rows.map((event) => shownEvent(home, event));
  return pageOf(shown, size, ({ ledgerId, revision }) => encodeCursor([ledgerId, Number(revision)]));
}

/** How many there are on all pages. */
export async function countEvents(call: Call, tenant: Subject, input: ListEvents): Promise<number> {
  const [row] = await call.database.query<{ count: bigint }>(
    Prisma.sql`select count(*) as count from events e where ${matching(call, tenant, input)}`,
  );
  return Number(row?.count ?? 0);
}

const eventColumns = Prisma.sql`
  e.ledger_id as "ledgerId", e.revision, e.type, e.tenant_id as "tenantId", e.path, e.from_path as "fromPath", e.actor_type as "actorType",
  e.actor_id as "actorId", e.request_id as "requestId", e.source_ip as "sourceIp", e.occurred_at as "occurredAt", e.before, e.after,
  e.previous_hash as "previousHash", e.hash`;

function matching({ principal: { home } }: Call, tenant: Subject, { subtree, types }: ListEvents): Prisma.Sql {
  const conditions = [
    Prisma.sql`e.ledger_id = ${ledgerOf(tenant)}::uuid`,
    tenant === 'installation'
      ? Prisma.sql`true`
      : subtree
        ? beneathThen(tenant)
        : Prisma.sql`e.tenant_id = ${tenant.id}::uuid`,
  ];
  if (home !== null) {
    conditions.push(beneathThen(home)); // the tenant may have been elsewhere before
  }
  if (types) {
    conditions.push(Prisma.sql`e.type = any(${[...types]}::text[])`);
  }
  return Prisma.join(conditions, ' and ');
}

/**
 * Events of what was the tenant at `path`, or beneath it, when they happened: they keep the path of their time, and a path names every
 * tenant it leads through by a part that nobody else has.
 */
function beneathThen({ path }: Pick<TenantHead, 'path'>): Prisma.Sql {
  if (path === rootPath(path)) {
    return Prisma.sql`true`;
  }
  const through = `%/${ownPart(path)}%`;
  return Prisma.sql`('/' || e.path like ${through} or '/' || e.from_path like ${through})`;
}

/** A cursor of another tree means nothing here. */
function placeIn(ledgerId: string): z.ZodType<readonly [string, number]> {
  return z.tuple([z.literal(ledgerId), z.int().min(0)]);
}
