import type { Page } from '../domain/page.ts';

/** A page as a connection: what Relay wants, and how many items there are on all pages, counted only when asked. */
export interface Connection<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: () => Promise<number>;
}

export function connectionOf<Node>(
  { items, hasNextPage, cursorOf }: Page<Node>,
  { after }: { readonly after?: string | null | undefined },
  totalCount: () => Promise<number>,
): Connection<Node> {
  const edges = items.map((node) => ({ cursor: cursorOf(node), node }));
  const pageInfo = {
    hasNextPage,
    hasPreviousPage: typeof after === 'string',
    startCursor: edges[0]?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  };
  return { edges, pageInfo, totalCount };
}
