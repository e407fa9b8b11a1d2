/** A page of a list, as every connection of the schema has it. */
interface Page<Item> {
  readonly nodes: readonly Item[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** Asks for one page; nothing comes where there is no such list for the caller. */
export type ReadPage<Item> = (cursor: string | null, limit: number) => Promise<Page<Item> | null | undefined>;

/** As many as the server gives at a time. */
export const largestPage = 100;

/** Every item of a list, one page in memory at a time. */
export async function* itemsOf<Item>(read: ReadPage<Item>): AsyncGenerator<Item> {
  for (let cursor: string | null = null, more = true; more; ) {
    const page: Page<Item> | null | undefined = await read(cursor, largestPage);
    yield* page?.nodes ?? [];
    more = page?.pageInfo.hasNextPage ?? false;
    cursor = page?.pageInfo.endCursor ?? null;
  }
}

/** All of them at once, of a list that is known to be short. */
export async function allItems<Item>(read: ReadPage<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of itemsOf(read)) {
    items.push(item);
  }
  return items;
}
