import type { Event } from '../../db/generated/prisma/client.ts';
import { ownPart } from '../tenants/path.ts';

/** What somebody watches for, as names that {@link watchesOf} finds in events. */
export type Watch = readonly string[];

/** Everything that happens to a tenant, by its path. */
export function watchTenant(path: string): string {
  return `tenant:${ownPart(path)}`;
}

/** Everything that happens to a tenant or beneath it. */
export function watchSubtree(path: string): string {
  return `subtree:${ownPart(path)}`;
}

/** That a tenant moves, and all beneath it. */
export function watchMoves(path: string): string {
  return `moves:${ownPart(path)}`;
}

/** What belongs to the whole installation. */
export const watchInstallation = 'installation';

/** The names under which an event is watched for: as many as its tenant has ancestors, however many watch. */
function watchesOf({ type, path, fromPath }: Event): readonly string[] {
  if (path === null) {
    return [watchInstallation];
  }
  const parts = new Set(`${path}${fromPath ?? ''}`.match(/[^/]+\//g));
  return [
    watchTenant(path),
    ...(type === 'tenant.moved' ? [watchMoves(path)] : []),
    ...[...parts].map((part) => watchSubtree(part)),
  ];
}

/** Why nothing more comes: the events were taken too slowly, the feed was closed, or the seat was left. */
export type End = 'slow' | 'closed' | 'left';

/** A place at a ledger from which events are seen as they come. */
export interface Seat {
  /** The revision behind which everything that is watched for reaches this seat. */
  readonly from: bigint;
  /** The events since the last time, when there are any, or none when the time is over. An end stays an end. */
  take(forMs: number): Promise<readonly Event[] | End>;
  /** Comes back when the feed has come at least this far, or the seat has ended. */
  reach(revision: bigint): Promise<void>;
  end(reason: End): void;
}

/** So many events may wait to be taken: more are not kept, whoever is slow. */
const maxWaiting = 1_000;

interface TailOptions {
  readonly reach: (tail: Tail) => void;
  readonly onEmpty: (tail: Tail) => void;
}

/** The end of one ledger, and who watches it. */
export class Tail {
  readonly ledgerId: string;
  position: bigint;
  readonly #options: TailOptions;
  readonly #seats = new Set<TailSeat>();
  readonly #watching = new Map<string, Set<TailSeat>>();
  #reaching: { readonly seat: TailSeat; readonly revision: bigint; readonly resolve: () => void }[] = [];

  constructor(ledgerId: string, position: bigint, options: TailOptions) {
    this.ledgerId = ledgerId;
    this.position = position;
    this.#options = options;
  }

  get seats(): number {
    return this.#seats.size;
  }

  seat(watch: Watch): Seat {
    const seat: TailSeat = new TailSeat(this.position, {
      reach: (revision) => this.#reach(seat, revision),
      leave: () => this.#leave(seat, watch),
    });
    this.#seats.add(seat);
    for (const name of watch) {
      const seats = this.#watching.get(name) ?? new Set();
      this.#watching.set(name, seats.add(seat));
    }
    return seat;
  }

  /** Hands out what comes next in the ledger. */
  handOut(events: readonly Event[]): void {
    for (const event of events) {
      const seats = new Set(watchesOf(event).flatMap((name) => [...(this.#watching.get(name) ?? [])]));
      for (const seat of seats) {
        seat.push(event);
      }
      this.position = event.revision;
    }
    this.#release(({ revision }) => revision <= this.position);
  }

  close(): void {
    for (const seat of this.#seats) {
      seat.end('closed');
    }
  }

  #reach(seat: TailSeat, revision: bigint): Promise<void> {
    if (revision <= this.position || !this.#seats.has(seat)) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#reaching.push({ seat, revision, resolve });
      this.#options.reach(this);
    });
  }

  #release(isOver: (waiting: { readonly seat: TailSeat; readonly revision: bigint }) => boolean): void {
    const released = this.#reaching.filter(isOver);
    this.#reaching = this.#reaching.filter((waiting) => !isOver(waiting));
    for (const { resolve } of released) {
      resolve();
    }
  }

  #leave(seat: TailSeat, watch: Watch): void {
    this.#seats.delete(seat);
    this.#release((waiting) => waiting.seat === seat);
    for (const name of watch) {
      const seats = this.#watching.get(name);
      seats?.delete(seat);
      if (seats?.size === 0) {
        this.#watching.delete(name);
      }
    }
    if (this.#seats.size === 0) {
      this.#options.onEmpty(this);
    }
  }
}

class TailSeat implements Seat {
  readonly from: bigint;
  readonly reach: Seat['reach'];
  readonly #leave: () => void;
  #waiting: Event[] = [];
  #ended: End | null = null;
  #wake: () => void = () => {};

  constructor(from: bigint, { reach, leave }: { reach: Seat['reach']; leave: () => void }) {
    this.from = from;
    this.reach = reach;
    this.#leave = leave;
  }

  push(event: Event): void {
    if (this.#waiting.length === maxWaiting) {
      this.end('slow');
    } else {
      this.#waiting.push(event);
      this.#wake();
    }
  }

  end(reason: End): void {
    if (this.#ended === null) {
      this.#ended = reason;
      this.#waiting = [];
      this.#leave();
      this.#wake();
    }
  }

  async take(forMs: number): Promise<readonly Event[] | End> {
    if (this.#ended === null && this.#waiting.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, forMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = () => {};
    }
    const taken = this.#waiting;
    this.#waiting = [];
    return this.#ended ?? taken;
  }
}
