import type { Database } from '../../db/database.ts';
import { type Event, Prisma } from '../../db/generated/prisma/client.ts';
import { chainHash, type EventContent, genesis } from './chain.ts';

/** One event that is not what was written. */
export interface LedgerFault {
  readonly revision: number;
  readonly kind: 'changed' | 'missing' | 'reordered';
  readonly message: string;
}

/** What was found in one ledger. */
export interface LedgerReport {
  readonly ledgerId: string;
  /** How many events it has. */
  readonly events: number;
  readonly faults: readonly LedgerFault[];
}

export interface VerifyLedgers {
  /** Only this ledger; all of them unless told. */
  readonly ledgerId?: string;
}

export interface Head {
  readonly id: string;
  readonly revision: bigint;
  readonly headHash: Uint8Array;
}

/**
 * Recomputes the hash chain of every ledger and reports them one by one, in the order of their ids. What is appended meanwhile is not
 * looked at. Memory is constant, whatever the number of events.
 */
export async function* verifyLedgers(
  database: Database,
  { ledgerId }: VerifyLedgers = {},
): AsyncGenerator<LedgerReport> {
  const condition = ledgerId === undefined ? Prisma.sql`true` : Prisma.sql`id = ${ledgerId}::uuid`;
  const heads = await database.query<Head>(
    Prisma.sql`select id, revision, head_hash as "headHash" from ledgers where ${condition} order by id`,
  );
  for (const head of heads) {
    yield await verifyLedger(database, head);
  }
}

async function verifyLedger(database: Database, head: Head): Promise<LedgerReport> {
  const chain = new Chain();
  for await (const event of readEvents(database, head)) {
    chain.add(event);
  }
  return { ledgerId: head.id, events: chain.events, faults: chain.end(head) };
}

/** An event may weigh 256 KiB. */
const pageSize = 200;

async function* readEvents(database: Database, { id, revision: last }: Head): AsyncGenerator<Event> {
  for (let after = 0n; ; ) {
    const page = await database.prisma.event.findMany({
      where: { ledgerId: id, revision: { gt: after, lte: last } },
      orderBy: { revision: 'asc' },
      take: pageSize,
    });
    yield* page;
    if (page.length < pageSize) {
      return;
    }
    after = page.at(-1)?.revision ?? after;
  }
}

/** A walk along the events of a ledger. After a fault it goes on from what the next event says, so that each is named once. */
export class Chain {
  events = 0;
  readonly #faults: LedgerFault[] = [];
  #revision: number;
  #hash: Uint8Array;

  /** Begins behind the event with this revision and hash; at the very beginning unless told. */
  constructor(revision = 0, hash = genesis) {
    this.#revision = revision;
    this.#hash = hash;
  }

  add(event: Event): void {
    const revision = Number(event.revision);
    this.events += 1;
    const gap = this.#missing(revision);
    const whole = equal(chainHash(event.previousHash, contentOf(event)), event.hash);
    if (!whole) {
      this.#fault(revision, 'changed', 'its content does not fit its hash');
    } else if (!gap && !equal(event.previousHash, this.#hash)) {
      this.#fault(revision, 'reordered', 'it does not follow the event before it');
    }
    this.#revision = revision;
    this.#hash = event.hash;
  }

  /** What the head of the ledger says against the last event. */
  end({ revision, headHash }: Head): readonly LedgerFault[] {
    const gap = this.#missing(Number(revision) + 1);
    if (!gap && !equal(this.#hash, headHash)) {
      this.#fault(this.#revision, 'changed', 'the head of the ledger names another last event');
    }
    return this.#faults;
  }

  /** Names what lies between the last event and this revision. */
  #missing(revision: number): boolean {
    const [first, last] = [this.#revision + 1, revision - 1];
    if (first > last) {
      return false;
    }
    const others = last > first ? `, and all to ${last}` : '';
    this.#fault(first, 'missing', `there is no event with this revision${others}`);
    return true;
  }

  #fault(revision: number, kind: LedgerFault['kind'], message: string): void {
    if (!this.#faults.some((fault) => fault.revision === revision)) {
      this.#faults.push({ revision, kind, message });
    }
  }
}

function contentOf({ previousHash: _previous, hash: _hash, ...event }: Event): EventContent {
  return { ...event, revision: Number(event.revision), occurredAt: event.occurredAt.toISOString() };
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
