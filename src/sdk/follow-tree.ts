import {
  type Client,
  FindContextStartDocument,
  FollowContextsDocument,
  type FollowContextsSubscription,
  FollowInheritedConfigDocument,
  FollowInheritedPermissionsDocument,
  type SubscriptionStatus,
} from '../client/index.ts';
import { type Change, isOfConsequence } from './change.ts';

export interface FollowTreeOptions {
  /** The highest tenant of a tree that the key of the program may see. */
  readonly top: string;
  readonly client: Pick<Client, 'query' | 'subscribe'>;
  readonly onChange: (change: Change) => void;
  /** How long a subscription that nobody confirms may take to begin, in milliseconds. */
  readonly settleMs: number;
  readonly signal: AbortSignal;
  /** Whether everything that happens from now on is told within moments. */
  readonly onLive: (isLive: boolean) => void;
}

/** Tells of whatever may change a context in a tree, or in the part of it that the program may see. @throws When a subscription has ended. */
export async function followTree({
  top,
  client,
  onChange,
  settleMs,
  signal,
  onLive,
}: FollowTreeOptions): Promise<void> {
  const { tenant, events } = await client.query(FindContextStartDocument, { tenantId: top }, { signal });
  const last = events?.edges[0];
  const after = last?.cursor ?? null;
  if (tenant === null) {
    return;
  }
  // What was read before may lack what has happened up to here; what happens behind the cursor is told. The two were read one after the other.
  onChange({ tenantId: top, place: tenant });
  onChange({ tenantId: top, place: last?.node ?? tenant });
  const isRoot = tenant.depth === 0;
  const forget = () => onChange({ tenantId: top, place: null });
  const lines = new Lines({
    needed: isRoot ? 1 : 3,
    hasBegun: isRoot && after !== null,
    settleMs: isRoot && after !== null ? 0 : settleMs,
    forget,
    onLive,
  });
  const options = () => ({ signal, onStatus: lines.open() });
  const parts = [tellEvents(client.subscribe(FollowContextsDocument, { tenantId: top, after }, options()), onChange)];
  if (!isRoot) {
    parts.push(
      tellInherited(client.subscribe(FollowInheritedConfigDocument, { tenantId: top }, options()), forget),
      tellInherited(client.subscribe(FollowInheritedPermissionsDocument, { tenantId: top }, options()), forget),
    );
  }
  try {
    await Promise.race(parts);
  } finally {
    lines.close();
  }
}

async function tellEvents(
  told: AsyncIterable<FollowContextsSubscription>,
  onChange: (change: Change) => void,
): Promise<void> {
  for await (const { events } of told) {
    if (events !== null && events.event.tenantId !== null && isOfConsequence(events.event.type)) {
      onChange({ tenantId: events.event.tenantId, place: events.event });
    }
  }
}

/** What comes from above the top: whoever may not see what is there is told what it changes. */
async function tellInherited(told: AsyncIterable<unknown>, forget: () => void): Promise<void> {
  for await (const _ of told) {
    forget();
  }
}

interface LinesOptions {
  readonly needed: number;
  /** Whether nothing can have gone unheard so far. */
  readonly hasBegun: boolean;
  readonly settleMs: number;
  readonly forget: () => void;
  readonly onLive: (isLive: boolean) => void;
}

/** Subscriptions that only together tell everything. */
class Lines {
  readonly #options: LinesOptions;
  readonly #connected = new Set<object>();
  #settling: ReturnType<typeof setTimeout> | undefined;
  #hasGap: boolean;

  constructor(options: LinesOptions) {
    this.#options = options;
    this.#hasGap = !options.hasBegun;
  }

  /** One more, which is to say how it is getting on. */
  open(): (status: SubscriptionStatus) => void {
    const line = {};
    return ({ state }) => {
      clearTimeout(this.#settling);
      if (state === 'disconnected') {
        this.#connected.delete(line);
        this.#hasGap = true;
        this.#options.onLive(false);
      } else if (this.#connected.add(line).size === this.#options.needed) {
        this.#settle();
      }
    };
  }

  close(): void {
    clearTimeout(this.#settling);
    this.#options.onLive(false);
  }

  /** Whatever was read while something could go unheard is forgotten, once nothing can. */
  #settle(): void {
    const { settleMs, forget, onLive } = this.#options;
    const begin = () => {
      if (this.#hasGap) {
        forget();
      }
      this.#hasGap = false;
      onLive(true);
    };
    if (settleMs === 0) {
      begin();
    } else {
      this.#settling = setTimeout(begin, settleMs);
      this.#settling.unref?.(); // not every runtime has it
    }
  }
}
