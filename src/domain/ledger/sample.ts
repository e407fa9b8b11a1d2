import type { Database } from '../../db/database.ts';
import { type Event, Prisma } from '../../db/generated/prisma/client.ts';
import { eventColumns } from './rows.ts';
import { Chain, type Head, type LedgerReport } from './verify.ts';

export interface SampleLedgers {
  /** How many ledgers at most: those that changed most recently. */
  readonly ledgers: number;
  /** How many of the latest events of each. */
  readonly events: number;
}

interface HeadColumns {
  readonly headId: string;
  readonly headRevision: bigint;
  readonly headHash: Uint8Array;
}

/** A ledger that lacks all of its events still gives one row. */
type MaybeEvent = Event | { readonly revision: null };

/**
 * Recomputes the ends of the hash chains that grew most recently: what can be looked at in one statement, whatever the size of the
 * ledgers. `verifyLedgers` looks at all there is.
 */
export async function sampleLedgers(
  database: Pick<Database, 'query'>,
  { ledgers, events }: SampleLedgers,
): Promise<LedgerReport[]> {
  const rows = await database.query<HeadColumns & MaybeEvent>(Prisma.sql`
    with heads as (
      select l.id as "headId", l.revision as "headRevision", l.head_hash as "headHash" from ledgers l
      left join events e on e.ledger_id = l.id and e.revision = l.revision
      where l.revision > 0 order by e.occurred_at desc nulls first limit ${ledgers}
    )
    select * from heads left join lateral (
      select ${eventColumns} from events e where e.ledger_id = "headId" order by e.revision desc limit ${events}
    ) latest on true
    order by "headId", revision`);
  const walks = new Map<string, { readonly head: Head; readonly chain: Chain }>();
  for (const { headId, headRevision, headHash, ...event } of rows) {
    const head = { id: headId, revision: headRevision, headHash };
    const walk = walks.get(headId) ?? { head, chain: chainBefore(event) };
    walks.set(headId, walk);
    if (isThere(event)) {
      walk.chain.add(event);
    }
  }
  return [...walks.values()].map(({ head, chain }) => ({
    ledgerId: head.id,
    events: chain.events,
    faults: chain.end(head),
  }));
}

function chainBefore(event: MaybeEvent): Chain {
  return isThere(event) ? new Chain(Number(event.revision) - 1, event.previousHash) : new Chain();
}

function isThere(event: MaybeEvent): event is Event {
  return event.revision !== null;
}
