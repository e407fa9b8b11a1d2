import {
  type Client,
  ReadEventsDocument,
  type ReadEventsQuery,
  type SubscriptionStatus,
  TailEventsDocument,
  type TailedEventFragment,
} from '../../client/index.ts';

/** An event, and the place behind it. */
export interface Told {
  readonly cursor: string;
  readonly event: TailedEventFragment;
}

/** Whose events, and which. */
export interface Asked {
  readonly tenantId: string | null;
  readonly subtree: boolean;
  readonly types: string[] | null;
}

export interface Reading {
  /** A cursor or a revision; undefined for from now on, or from the beginning where nothing is followed. */
  readonly since: string | undefined;
  readonly follow: boolean;
  readonly signal: AbortSignal;
  readonly onStatus: ((status: SubscriptionStatus) => void) | undefined;
}

/** What happened since a place, then what happens. */
export async function* readEvents(client: Client, asked: Asked, reading: Reading): AsyncGenerator<Told> {
  const { since, follow, signal, onStatus } = reading;
  let cursor = await placeOf(client, asked, reading);
  if (since !== undefined || !follow) {
    for await (const told of readPast(client, asked, cursor, signal)) {
      cursor = told.cursor;
      yield told;
    }
  }
  if (follow) {
    const place = cursor === null ? {} : { after: cursor };
    for await (const { events } of client.subscribe(TailEventsDocument, asked, { ...place, signal, onStatus })) {
      if (events !== null) {
        yield events;
      }
    }
  }
}

/** The cursor behind a revision is that of the last event up to there; null when there is none: then it begins with the first. */
async function placeOf(client: Client, asked: Asked, { since, signal }: Reading): Promise<string | null> {
  if (since === undefined || !/^\d+$/.test(since)) {
    return since ?? null;
  }
  // Of all types: one that isn't asked for is a place as good as any.
  const backwards = pagesOf(client, { ...asked, types: null, order: 'NEWEST_FIRST' }, null, signal);
  for await (const { cursor, event } of backwards) {
    if (event.revision <= Number(since)) {
      return cursor;
    }
  }
  return null;
}

function readPast(client: Client, asked: Asked, after: string | null, signal: AbortSignal): AsyncGenerator<Told> {
  return pagesOf(client, { ...asked, order: 'OLDEST_FIRST' }, after, signal);
}

type Order = Asked & { readonly order: 'OLDEST_FIRST' | 'NEWEST_FIRST' };

async function* pagesOf(client: Client, order: Order, after: string | null, signal: AbortSignal): AsyncGenerator<Told> {
  for (let cursor = after, more = true; more; ) {
    const { events }: ReadEventsQuery = await client.query(ReadEventsDocument, { ...order, cursor }, { signal });
    yield* events?.edges ?? [];
    more = events?.pageInfo.hasNextPage ?? false;
    cursor = events?.pageInfo.endCursor ?? null;
  }
}
