import { type Event, Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { type Lineage, requireTenant } from '../tenants/lineage.ts';
import { type Endable, endable } from './endable.ts';
import { sitUntil } from './feed.ts';
import { checked, ended, untilAsked } from './follow.ts';
import { eventColumns } from './rows.ts';
import { shownEvent } from './shown.ts';
import { type Seat, watchMoves, watchTenant } from './tail.ts';

/** What applies to a tenant under a key was one thing, and is another. Null where nothing applies. */
export interface ResolvedChange<Entry> {
  readonly key: string;
  readonly before: Entry | null;
  readonly after: Entry | null;
  /** The event that caused it: the last one that touched the key, when there were several since the last answer. */
  readonly event: Event;
  readonly call: Call;
}

/** Something that tenants set and that flows down, as it is followed. */
export interface Followed<Entry> {
  /** How the types of its events begin, such as `config.`. */
  readonly prefix: string;
  /** What applies, as the caller may see it. */
  read(call: Call, lineage: Lineage): Promise<readonly Applied<Entry>[]>;
}

/** An entry that applies, and what tells it from another: its secrets too, which nobody is shown. */
export interface Applied<Entry> {
  readonly key: string;
  readonly entry: Entry;
  readonly print: string;
}

/**
 * Tells of every key whose value for a tenant changes, whoever changed it and however far above. Changes that come faster than they are taken are
 * told as one.
 * @throws {StratumError} What can be refused at once.
 */
export async function followResolved<Entry>(
  call: Call,
  tenantId: string,
  followed: Followed<Entry>,
): Promise<Endable<ResolvedChange<Entry>>> {
  const follower = new Follower(call, tenantId, followed);
  // Known before it is answered: what is committed from now on is told.
  await follower.begin();
  return endable((signal) => follower.follow(signal));
}

type State<Entry> = ReadonlyMap<string, Applied<Entry>>;

class Follower<Entry> {
  readonly #tenantId: string;
  readonly #followed: Followed<Entry>;
  #call: Call;
  #lineage: Lineage = [];
  #state: State<Entry> = new Map();

  constructor(call: Call, tenantId: string, followed: Followed<Entry>) {
    this.#call = call;
    this.#tenantId = tenantId;
    this.#followed = followed;
  }

  async begin(): Promise<void> {
    await this.#look();
    this.#state = await this.#read();
  }

  async *follow(signal: AbortSignal): AsyncGenerator<ResolvedChange<Entry>> {
    while (!signal.aborted) {
      const place = placeOf(this.#lineage);
      const seat = await this.#sit(signal);
      try {
        yield* this.#tell(await this.#missed(seat), seat);
        yield* this.#live(seat, place);
      } finally {
        seat.end('left');
      }
    }
  }

  /** For as long as the tenant is at a place, which says what is to be watched: with whatever was told, it may have gone. */
  async *#live(seat: Seat, place: string): AsyncGenerator<ResolvedChange<Entry>> {
    while (placeOf(this.#lineage) === place) {
      const taken = await seat.take(untilAsked());
      if (taken === 'left') {
        return;
      }
      if (typeof taken === 'string') {
        throw ended(taken, null);
      }
      this.#call = await checked(this.#call);
      const events = taken.filter((event) => event.revision > this.#revision && this.#concerns(event));
      if (events.length > 0) {
        yield* this.#tell(events, seat);
      }
    }
  }

  /** Compares what applies now with what was told last. */
  async *#tell(first: readonly Event[], seat: Seat): AsyncGenerator<ResolvedChange<Entry>> {
    if (first.length === 0) {
      return;
    }
    const root = this.#lineage[0]?.id;
    const seen = this.#revision;
    await this.#look();
    const events = [...first];
    if (this.#lineage[0]?.id === root) {
      // What is read may be newer than the events so far: each change is told with the event that made it.
      await seat.reach(this.#revision);
      const more = await seat.take(0);
      events.push(
        ...(typeof more === 'string' ? [] : more).filter((event) => event.revision > seen && this.#concerns(event)),
      );
    }
    const before = this.#state;
    this.#state = await this.#read();
    for (const key of [...new Set([...before.keys(), ...this.#state.keys()])].sort()) {
      const [old, now] = [before.get(key), this.#state.get(key)];
      const event = events.findLast((one) => touches(one, key)) ?? events.at(-1);
      if (old?.print !== now?.print && event !== undefined) {
        const shown = shownEvent(this.#call.principal.home, event);
        yield { key, before: old?.entry ?? null, after: now?.entry ?? null, event: shown, call: this.#call };
      }
    }
  }

  #sit(signal: AbortSignal): Promise<Seat> {
    const watch = this.#lineage.flatMap(({ path }) => [watchTenant(path), watchMoves(path)]);
    return sitUntil(this.#call.feed, signal, this.#lineage[0]?.id ?? '', watch);
  }

  /** What came between the last reading and the seat. */
  #missed({ from }: Seat): Promise<Event[]> {
    const [root] = this.#lineage;
    const ids = this.#lineage.map(({ id }) => id);
    return this.#call.database.query<Event>(Prisma.sql`
      select ${eventColumns} from events e
      where e.ledger_id = ${root?.id}::uuid and e.revision > ${this.#revision} and e.revision <= ${from} and e.tenant_id = any(${ids}::uuid[])
        and (starts_with(e.type, ${this.#followed.prefix}) or e.type in ('tenant.moved', 'tenant.purged'))
      order by e.revision`);
  }

  async #look(): Promise<void> {
    this.#call = await checked(this.#call);
    const lineage = await this.#call.lineages.load(this.#tenantId);
    requireTenant(this.#call, lineage);
    this.#lineage = lineage ?? [];
  }

  async #read(): Promise<State<Entry>> {
    const applied = await this.#followed.read(this.#call, this.#lineage);
    return new Map(applied.map((one) => [one.key, one]));
  }

  /** How far the ledger of its tree had come when the lineage was read. */
  get #revision(): bigint {
    return this.#lineage[0]?.treeRevision ?? 0n;
  }

  #concerns({ type, tenantId }: Event): boolean {
    const own = this.#lineage.some(({ id }) => id === tenantId);
    return own && (type.startsWith(this.#followed.prefix) || type === 'tenant.moved' || type === 'tenant.purged');
  }
}

/** Where a tenant is: its path names all that are above it, and so its tree. */
function placeOf(lineage: Lineage): string {
  return lineage.at(-1)?.path ?? '';
}

/** Whether an event can have changed what applies under a key. */
function touches({ type, before, after }: Event, key: string): boolean {
  const state = (after ?? before ?? {}) as { readonly key?: string }; // as the state of an entry or a policy is made
  return type === 'tenant.moved' || state.key === key;
}
