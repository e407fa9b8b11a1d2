import { type Event, Prisma } from '../../db/generated/prisma/client.ts';
import { asOfNow, type Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import { hasScope } from '../principal.ts';
import { type Lineage, type LineageTenant, requireTenant } from '../tenants/lineage.ts';
import { assertReachable, cursorBehind, placeOf } from './cursor.ts';
import { type Endable, endable } from './endable.ts';
import { sitUntil } from './feed.ts';
import { eventColumns } from './rows.ts';
import { type EventScope, inScope, installationOf, isInScope, ledgerOf, type Subject } from './scope.ts';
import { shownEvent } from './shown.ts';
import { staysSince } from './stays.ts';
import { type End, type Seat, type Watch, watchInstallation, watchMoves, watchSubtree, watchTenant } from './tail.ts';
import type { EventType } from './types.ts';

export interface FollowEvents {
  /** Whose events; null for those of what belongs to the whole installation. */
  readonly tenantId: string | null;
  readonly subtree: boolean;
  readonly types?: readonly EventType[] | null | undefined;
  /** The cursor of the last event that is known already; without one only what comes from now on. */
  readonly after?: string | null | undefined;
}

/** An event, and the cursor behind it. */
export interface FollowedEvent {
  readonly cursor: string;
  /** As the caller is shown it. */
  readonly event: Event;
  /** As it was read: one object for all in this process who are told of it as it comes. */
  readonly row: Event;
  /** The call as it was when the event was passed on, for everything that is read beside it. */
  readonly call: Call;
}

/**
 * What happens to a tenant, in the order of its ledger: first what was missed since `after`, then everything as it is committed, whoever commits
 * it, without gap or repeat, along when the tenant moves to another tree. It ends with a failure when the caller may see it no longer, takes it
 * too slowly, or the process stops; whoever comes back with the last cursor has lost nothing.
 * @throws {StratumError} What can be refused at once, before anything is waited for.
 */
export async function followEvents(call: Call, input: FollowEvents): Promise<Endable<FollowedEvent>> {
  const view = await look(call, input);
  const place = placeOf(view.subject, input.after);
  if (place !== null) {
    await assertReachable(call, place);
  }
  const from = place ?? { ledgerId: ledgerOf(view.subject), revision: await call.feed.headOf(ledgerOf(view.subject)) };
  return endable((signal) => new Follower(input, view, signal).follow(from));
}

/** Where a reader stands: behind this revision of this ledger. */
interface Position {
  readonly ledgerId: string;
  readonly revision: bigint;
}

/** What was found out last about the caller and the tenant. */
interface View {
  readonly call: Call;
  readonly subject: LineageTenant | 'installation';
  /** Root first; empty for the installation. */
  readonly lineage: Lineage;
  readonly scope: EventScope;
}

async function look(call: Call, { tenantId, subtree, types = null }: FollowEvents): Promise<View> {
  const { home } = call.principal;
  if (tenantId === null) {
    const subject = installationOf(call);
    return { call, subject, lineage: [], scope: { subject, subtree, types, home } };
  }
  const lineage = await call.lineages.load(tenantId);
  const subject = requireTenant(call, lineage);
  return { call, subject, lineage: lineage ?? [], scope: { subject, subtree, types, home } };
}

/** Who calls is asked again with each event, except that those of one moment share an answer. */
const freshForMs = 250;

/** How long nothing may happen before it is asked all the same. */
const quietMs = 5_000;

/** How long to wait for what happens: until all who follow something in this process ask at once, and share a statement. */
export function untilAsked(): number {
  return quietMs - (performance.now() % quietMs);
}

/** How long somebody may take over one event while more come in than are kept. */
const patienceMs = 2_000;

const pageSize = 100;

class Follower {
  readonly #input: FollowEvents;
  readonly #signal: AbortSignal;
  #view: View;
  #checkedAt = performance.now();
  #cursor: string | null;

  constructor(input: FollowEvents, view: View, signal: AbortSignal) {
    this.#input = input;
    this.#view = view;
    this.#signal = signal;
    this.#cursor = input.after ?? null;
  }

  /** Reads on, and waits at the end, from one place of the tenant in the world to the next: a move changes what is to be watched. */
  async *follow(from: Position): AsyncGenerator<FollowedEvent> {
    let position = from;
    while (!this.#signal.aborted) {
      position = yield* this.#readMissed(position, this.#seenUpTo);
      const seat = await this.#sit();
      try {
        const { subject } = this.#view;
        await this.#look();
        if (isInPlace(subject, this.#view.subject)) {
          position = yield* this.#readMissed(position, seat.from);
          position = yield* this.#readLive(position, seat);
        }
      } finally {
        seat.end('left');
      }
      await this.#look();
    }
  }

  #sit(): Promise<Seat> {
    const { call, subject } = this.#view;
    return sitUntil(call.feed, this.#signal, ledgerOf(subject), watchOf(this.#view, this.#input));
  }

  /** How far the tenant was seen to be where it is: what came behind that may have been its move away. Null for the installation, which stays. */
  get #seenUpTo(): bigint | null {
    const { subject } = this.#view;
    return subject === 'installation' ? null : subject.treeRevision;
  }

  /** Everything from a position on, along all trees the tenant was in, to where it is: to the end there, or to a revision. */
  async *#readMissed(from: Position, upTo: bigint | null): AsyncGenerator<FollowedEvent, Position> {
    const { call, subject } = this.#view;
    const stays =
      subject === 'installation'
        ? [{ ledgerId: from.ledgerId, after: from.revision, until: null }]
        : await staysSince(call, subject, from);
    let position = from;
    for (const { ledgerId, after, until } of stays) {
      position = yield* this.#readStay({ ledgerId, revision: after }, until ?? upTo);
    }
    return position;
  }

  async *#readStay(from: Position, until: bigint | null): AsyncGenerator<FollowedEvent, Position> {
    const { ledgerId } = from;
    let { revision } = from;
    for (;;) {
      const page = await this.#readPage({ ledgerId, revision }, until);
      for (const event of page) {
        if (this.#isStale) {
          await this.#check();
        }
        const shown = this.#shown(event);
        if (shown !== null) {
          yield shown;
        }
        revision = event.revision;
      }
      if (page.length < pageSize) {
        // The feed may be behind what is read here: it never leads back.
        return { ledgerId, revision: until !== null && until > revision ? until : revision };
      }
    }
  }

  #readPage({ ledgerId, revision }: Position, until: bigint | null): Promise<Event[]> {
    const { call, scope } = this.#view;
    const bound = until === null ? Prisma.empty : Prisma.sql`and e.revision <= ${until}`;
    return call.database.query<Event>(Prisma.sql`
      select ${eventColumns} from events e
      where ${inScope(scope, ledgerId)} and e.revision > ${revision} ${bound} order by e.revision limit ${pageSize}`);
  }

  /** What comes while the tenant stays where it is. Of a change of thousands, who takes one after the other reads the rest in the ledger. */
  async *#readLive(from: Position, seat: Seat): AsyncGenerator<FollowedEvent, Position> {
    let position = from;
    let longestMs = 0; // over one event, of those that were taken last
    for (;;) {
      const taken = await seat.take(untilAsked());
      if (taken === 'left' || (taken === 'slow' && longestMs < patienceMs)) {
        return position;
      }
      if (typeof taken === 'string') {
        throw ended(taken, this.#cursor);
      }
      await this.#check();
      await this.#view.call.feed.turn();
      longestMs = 0;
      for (const event of taken.filter(({ revision }) => revision > from.revision)) {
        if (this.#isStale) {
          await this.#check();
        }
        const shown = this.#shown(event);
        if (shown !== null) {
          const passedAt = performance.now();
          yield shown;
          longestMs = Math.max(longestMs, performance.now() - passedAt);
        }
        position = { ledgerId: event.ledgerId, revision: event.revision };
        if (this.#changesPlace(event)) {
          return position;
        }
      }
    }
  }

  /** What is passed on of an event; null where it is none of what is followed. */
  #shown(event: Event): FollowedEvent | null {
    const { call, subject, scope } = this.#view;
    if (!isInScope(scope, event)) {
      return null;
    }
    this.#cursor = cursorBehind(subject, event);
    const shown = shownEvent(scope.home, event);
    return { cursor: this.#cursor, event: shown, row: event, call: { ...call, view: { torn: false } } };
  }

  get #isStale(): boolean {
    return performance.now() - this.#checkedAt > freshForMs;
  }

  async #check(): Promise<void> {
    const call = await checked(this.#view.call);
    this.#view = { ...this.#view, call, scope: { ...this.#view.scope, home: call.principal.home } };
    this.#checkedAt = performance.now();
  }

  #changesPlace({ type, tenantId }: Event): boolean {
    return (
      (type === 'tenant.moved' && this.#view.lineage.some(({ id }) => id === tenantId)) ||
      (type === 'tenant.purged' && this.#input.tenantId === tenantId)
    );
  }

  async #look(): Promise<void> {
    this.#view = await look(await checked(this.#view.call), this.#input);
    this.#checkedAt = performance.now();
  }
}

/** Whether a tenant is where it was, so that what is watched for is what there is. */
function isInPlace(before: Subject, now: Subject): boolean {
  return before === now || (before !== 'installation' && now !== 'installation' && before.path === now.path);
}

/** The call with whoever calls as they are now, if they still may read. */
export async function checked(call: Call): Promise<Call> {
  const now = await asOfNow(call);
  if (!hasScope(now.principal, 'read')) {
    throw new StratumError('FORBIDDEN', 'Insufficient permissions for this operation');
  }
  return now;
}

function watchOf({ subject, lineage }: View, { subtree }: FollowEvents): Watch {
  if (subject === 'installation') {
    return [watchInstallation];
  }
  const own = subtree ? watchSubtree(subject.path) : watchTenant(subject.path);
  return [own, ...lineage.map(({ path }) => watchMoves(path))];
}

/** What somebody is told whose seat was taken from them: with the cursor, nothing is lost. */
export function ended(reason: Exclude<End, 'left'>, after: string | null): StratumError {
  return reason === 'slow'
    ? new StratumError('SUBSCRIBER_TOO_SLOW', 'Events came faster than they were taken; go on behind the last one', {
        details: { after },
      })
    : new StratumError('SERVICE_UNAVAILABLE', 'The server is stopping; go on behind the last event', {
        details: { after },
      });
}
