import { type Event, Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { type Page, type PageInput, pageOf, pageSizeOf } from '../page.ts';
import { cursorBehind, placeInLedger } from './cursor.ts';
import { eventColumns } from './rows.ts';
import { inScope, ledgerOf, type Subject } from './scope.ts';
import { shownEvent } from './shown.ts';
import type { EventType } from './types.ts';

export interface ListEvents extends PageInput {
  /** Whether to add the events of everything that was beneath the tenant when they happened. */
  readonly subtree: boolean;
  readonly types?: readonly EventType[] | null | undefined;
  /** What kinds of things they are about, such as `config`. */
  readonly resourceTypes?: readonly string[] | null | undefined;
  /** Who did it. */
  readonly actorId?: string | null | undefined;
  /** When it happened: not before the one, not after the other. */
  readonly from?: Date | null | undefined;
  readonly to?: Date | null | undefined;
  readonly newestFirst: boolean;
}

/** One page of a tenant's events in the ledger of the tree it is in, in the order of revisions. */
export async function listEvents(call: Call, subject: Subject, input: ListEvents): Promise<Page<Event>> {
  const size = pageSizeOf(input);
  const place = placeInLedger(subject, input.after);
  const than = input.newestFirst ? Prisma.sql`<` : Prisma.sql`>`;
  const behind = place === null ? Prisma.empty : Prisma.sql`and e.revision ${than} ${place.revision}`;
  const direction = input.newestFirst ? Prisma.sql`desc` : Prisma.sql`asc`;
  const rows = await call.database.query<Event>(
    Prisma.sql`select ${eventColumns} from events e where ${matching(call, subject, input)} ${behind} order by e.revision ${direction} limit ${size + 1}`,
  );
  const { home } = call.principal;
  return pageOf(
    rows.map((event) => shownEvent(home, event)),
    size,
    (event) => cursorBehind(subject, event),
  );
}

/** How many there are on all pages. */
export async function countEvents(call: Call, subject: Subject, input: ListEvents): Promise<number> {
  const [row] = await call.database.query<{ count: bigint }>(
    Prisma.sql`select count(*) as count from events e where ${matching(call, subject, input)}`,
  );
  return Number(row?.count ?? 0);
}

function matching({ principal: { home } }: Call, subject: Subject, input: ListEvents): Prisma.Sql {
  const { subtree, types = null, resourceTypes, actorId, from, to } = input;
  const conditions = [
    inScope({ subject, subtree, types, home }, ledgerOf(subject)),
    ...(resourceTypes ? [Prisma.sql`split_part(e.type, '.', 1) = any(${[...resourceTypes]}::text[])`] : []),
    ...(actorId ? [Prisma.sql`e.actor_id = ${actorId}`] : []),
    ...(from ? [Prisma.sql`e.occurred_at >= ${from}`] : []),
    ...(to ? [Prisma.sql`e.occurred_at <= ${to}`] : []),
  ];
  return Prisma.join(conditions, ' and ');
}
