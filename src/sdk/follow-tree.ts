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
  readonly signal: AbortSignal;
  /** Whether everything that happens from now on is told within moments. */
  readonly onLive: (isLive: boolean) => void;
}

/** Tells of whatever may change a context in a tree, or in the part of it that the program may see. @throws When a subscription has ended. */
export async function followTree({ top, client, onChange, signal, onLive }: FollowTreeOptions): Promise<void> {
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
    hasGap: !isRoot || after === null,
    forget,
    onLive,
  });
  const options = () => ({ signal, onStatus: lines.open() });
  const parts = [
    tellEvents(client.subscribe(FollowContextsDocument, { tenantId: top, after }, options()), top, onChange),
  ];
  if (!isRoot) {
    parts.push(
      tellInherited(client.subscribe(FollowInheritedConfigDocument, { tenantId: top }, options()), forget),
      tellInherited(client.subscribe(FollowInheritedPermissionsDocument, { tenantId: top }, options()), forget),
    );
  }
  await Promise.race(parts);
}

/** Ends when the top itself has moved: then there may be others above it. */
async function tellEvents(
  told: AsyncIterable<FollowContextsSubscription>,
  top: string,
  onChange: (change: Change) => void,
): Promise<void> {
  for await (const { events } of told) {
    if (events !== null && events.event.tenantId !== null && isOfConsequence(events.event.type)) {
      onChange({ tenantId: events.event.tenantId, place: events.event });
      if (events.event.type === 'tenant.moved' && events.event.tenantId === top) {
        return;
      }
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
  /** Whether something may have gone unheard already. */
  readonly hasGap: boolean;
  readonly forget: () => void;
  readonly onLive: (isLive: boolean) => void;
}

/** Subscriptions that only together tell everything. What was read while something could go unheard is forgotten, once nothing can. */
class Lines {
  readonly #options: LinesOptions;
  readonly #begun = new Set<object>();
  #hasGap: boolean;

  constructor(options: LinesOptions) {
    this.#options = options;
    this.#hasGap = options.hasGap;
  }

  /** One more, which is to say how it is getting on. */
  open(): (status: SubscriptionStatus) => void {
    const line = {};
    const { needed, forget, onLive } = this.#options;
    return ({ state }) => {
      if (state === 'disconnected') {
        this.#begun.delete(line);
        this.#hasGap = true;
        onLive(false);
      } else if (this.#begun.add(line).size === needed) {
        if (this.#hasGap) {
          forget();
        }
        this.#hasGap = false;
        onLive(true);
      }
    };
  }
}
