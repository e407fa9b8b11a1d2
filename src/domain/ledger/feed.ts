import type { Database } from '../../db/database.ts';
import { type Event, Prisma } from '../../db/generated/prisma/client.ts';
import { eventColumns } from './rows.ts';
import { type Seat, Tail, type Watch } from './tail.ts';
import { createTurns } from './turns.ts';

/** The events of ledgers as they are committed, whoever commits them, in the order of their revisions: once read for a whole process. */
export interface Feed {
  /** Takes a seat at a ledger: everything that is watched for and comes after `seat.from` reaches it. */
  join(ledgerId: string, watch: Watch): Promise<Seat>;
  /** How far a ledger has come by now. */
  headOf(ledgerId: string): Promise<bigint>;
  /** Looks at a ledger at once. Called for every wake-up, of ledgers that nobody follows too. */
  wake(ledgerId: string, revision: bigint): void;
  /** Looks at all ledgers: wake-ups may have gone unheard. */
  wakeAll(): void;
  /** Comes back when it is the turn of one that was woken together with many. */
  turn(): Promise<void>;
  readonly statistics: FeedStatistics;
  /** Ends all seats with a reason. */
  close(): void;
}

export interface FeedStatistics {
  /** How many seats are taken. */
  readonly seats: number;
  /** How many events were committed and not yet handed out, as of the last look. */
  readonly lag: number;
}

export interface FeedOptions {
  readonly database: Pick<Database, 'query'>;
  /** How often to look without having been woken; 5 s unless told. */
  readonly pollMs?: number;
  readonly onFault?: (error: unknown) => void;
}

/** Of each ledger so many events are read at a time: one may weigh 256 KiB. */
const pageSize = 200;

/** So many followers are told before anything else gets a word in: a few milliseconds' work. */
const atOnce = 50;

export function createFeed({ database, pollMs = 5_000, onFault = () => {} }: FeedOptions): Feed {
  const tails = new Map<string, Tail>();
  const woken = new Set<Tail>();
  let reading = false;
  let lag = 0;
  let closed = false;

  const read = async (): Promise<void> => {
    if (reading || closed) {
      return;
    }
    reading = true;
    try {
      while (woken.size > 0 && !closed) {
        // One that all have left may have been followed by another of the same ledger.
        const asked = [...woken].filter((tail) => tails.get(tail.ledgerId) === tail);
        woken.clear();
        const pages = await readBehind(database, asked);
        for (const tail of asked) {
          const events = pages.get(tail.ledgerId) ?? [];
          tail.handOut(events);
          if (events.length === pageSize) {
            woken.add(tail);
          }
        }
      }
    } catch (error) {
      onFault(error); // the next look reads what this one has missed
    } finally {
      reading = false;
    }
  };
  const wake = (tail: Tail): void => {
    woken.add(tail);
    void read();
  };
  const look = async (): Promise<void> => {
    if (tails.size === 0) {
      return;
    }
    try {
      const heads = await readHeads(database, [...tails.keys()]);
      const behind = [...tails.values()].filter(({ ledgerId, position }) => (heads.get(ledgerId) ?? 0n) > position);
      lag = behind.reduce((sum, { ledgerId, position }) => sum + Number((heads.get(ledgerId) ?? 0n) - position), 0);
      behind.forEach(wake);
    } catch (error) {
      onFault(error);
    }
  };
  const timer = setInterval(() => void look(), pollMs).unref();

  const open = (ledgerId: string, head: bigint): Tail => {
    const tail = new Tail(ledgerId, head, { reach: wake, onEmpty: () => tails.delete(ledgerId) });
    tails.set(ledgerId, tail);
    wake(tail); // what came since the head was read has woken nobody
    return tail;
  };
  const headOf = async (ledgerId: string): Promise<bigint> =>
    (await readHeads(database, [ledgerId])).get(ledgerId) ?? 0n;
  return {
    headOf,
    join: async (ledgerId, watch) => {
      const head = tails.has(ledgerId) ? 0n : await headOf(ledgerId);
      // Somebody else may have been faster.
      const seat = (tails.get(ledgerId) ?? open(ledgerId, head)).seat(watch);
      if (closed) {
        seat.end('closed');
      }
      return seat;
    },
    wake: (ledgerId, revision) => {
      const tail = tails.get(ledgerId);
      if (tail !== undefined && revision > tail.position) {
        wake(tail);
      }
    },
    wakeAll: () => void look(),
    turn: createTurns(atOnce),
    get statistics() {
      return { seats: [...tails.values()].reduce((sum, { seats }) => sum + seats, 0), lag };
    },
    close: () => {
      closed = true;
      clearInterval(timer);
      for (const tail of tails.values()) {
        tail.close();
      }
    },
  };
}

/** Takes a seat that is left when a signal says so. */
export async function sitUntil(feed: Feed, signal: AbortSignal, ledgerId: string, watch: Watch): Promise<Seat> {
  const seat = await feed.join(ledgerId, watch);
  const leave = (): void => seat.end('left');
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) {
    leave();
  }
  return seat;
}

/** What each ledger has behind the position of its tail, in one statement. */
async function readBehind(database: FeedOptions['database'], tails: readonly Tail[]): Promise<Map<string, Event[]>> {
  if (tails.length === 0) {
    return new Map();
  }
  const events = await database.query<Event>(Prisma.sql`
    select e.* from unnest(${tails.map(({ ledgerId }) => ledgerId)}::uuid[], ${tails.map(({ position }) => position)}::bigint[]) as tail(id, position)
      cross join lateral (
        select ${eventColumns} from events e where e.ledger_id = tail.id and e.revision > tail.position order by e.revision limit ${pageSize}
      ) e
    order by e."ledgerId", e.revision`);
  return Map.groupBy(events, ({ ledgerId }) => ledgerId);
}

async function readHeads(database: FeedOptions['database'], ids: readonly string[]): Promise<Map<string, bigint>> {
  const rows = await database.query<{ id: string; revision: bigint }>(
    Prisma.sql`select id, revision from ledgers where id = any(${[...ids]}::uuid[])`,
  );
  return new Map(rows.map(({ id, revision }) => [id, revision]));
}
