import { largestPage, type ReadPage } from '../client/pages.ts';

export interface Part<Item> {
  readonly items: readonly Item[];
  /** Where the list goes on; null at its end. */
  readonly nextCursor: string | null;
}

/** The first `limit` items behind a cursor. */
export async function takeItems<Item>(read: ReadPage<Item>, limit: number, after: string | null): Promise<Part<Item>> {
  const items: Item[] = [];
  let cursor = after;
  while (items.length < limit) {
    const page = await read(cursor, Math.min(largestPage, limit - items.length));
    items.push(...(page?.nodes ?? []));
    cursor = page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    if (cursor === null) {
      break;
    }
  }
  return { items, nextCursor: cursor };
}
