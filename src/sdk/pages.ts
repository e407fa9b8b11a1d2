interface Page<Item> {
  readonly nodes: readonly Item[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** As many as the server gives at a time. */
const limit = 100;

/** All items of a list, page by page. */
export async function allOf<Item>(
  read: (page: { limit: number; cursor: string | null }) => Promise<Page<Item> | null | undefined>,
): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = null; ; ) {
    const page: Page<Item> | null | undefined = await read({ limit, cursor });
    items.push(...(page?.nodes ?? []));
    if (!page?.pageInfo.hasNextPage) {
      return items;
    }
    cursor = page.pageInfo.endCursor;
  }
}
