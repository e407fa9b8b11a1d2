import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalidField } from '../domain/errors.ts';
import { type Data, valueAt } from './operation.ts';
import type { Around } from './route.ts';

/** As many as the schema gives at once. */
const largestPage = 100;

/** What the operations of list routes select of a connection. */
interface Connection {
  readonly nodes: readonly unknown[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** Runs the route's operation for the page behind a cursor. */
type Fetch = (page: { limit: number; cursor?: string }) => Promise<Data>;

interface List {
  /** Where the connection is in the data. */
  readonly at: string;
  readonly around: Around | null;
  readonly fetch: Fetch;
  readonly variables: Data;
}

/** Answers one page with the way to the next one, when a limit is given; the whole list otherwise. */
export async function answerList(request: FastifyRequest, reply: FastifyReply, list: List): Promise<unknown> {
  const { around } = list;
  const { first, frame, isWhole } = await begin(list);
  if (!isWhole) {
    linkNext(request, reply, first.pageInfo.hasNextPage ? first.pageInfo.endCursor : null);
    return inFrame(list, frame, first.nodes);
  }
  reply.type('application/json; charset=utf-8');
  const array = wholeArray(pagesFrom(first, list));
  // A HEAD request needs nothing but the proof that the first page could be read.
  return Readable.from(request.method === 'HEAD' ? [] : around === null ? array : framed(frame, around.field, array));
}

/** One page of a list, when a limit is given, or the whole of it, as values. */
export async function collectList(list: List): Promise<unknown> {
  const { first, frame, isWhole } = await begin(list);
  if (!isWhole) {
    return inFrame(list, frame, first.nodes);
  }
  const items: unknown[] = [];
  for await (const nodes of pagesFrom(first, list)) {
    items.push(...nodes);
  }
  return inFrame(list, frame, items);
}

interface Begun {
  readonly first: Connection;
  /** What stands around the list. */
  readonly frame: object | null;
  readonly isWhole: boolean;
}

async function begin({ at, around, fetch, variables }: List): Promise<Begun> {
  const { limit, cursor } = variables as { limit?: number; cursor?: string }; // coerced already
  const data = await fetch({ limit: limit ?? largestPage, ...(typeof cursor === 'string' && { cursor }) });
  const frame = around && (around.of(data as never) as object); // checked where the row is written
  return { first: valueAt(data, at) as Connection, frame, isWhole: typeof limit !== 'number' };
}

function inFrame({ around }: List, frame: object | null, items: readonly unknown[]): unknown {
  return around === null ? items : { ...frame, [around.field]: items };
}

/** The items page by page; each page is asked for only when the one before it was taken. */
async function* pagesFrom(first: Connection, { at, fetch }: List): AsyncGenerator<Connection['nodes']> {
  for (let page = first; ; ) {
    yield page.nodes;
    const { hasNextPage, endCursor } = page.pageInfo;
    if (!hasNextPage || endCursor === null) {
      return;
    }
    page = valueAt(await fetch({ limit: largestPage, cursor: endCursor }), at) as Connection;
  }
}

/** The list as the last field of an object. */
async function* framed(frame: object | null, field: string, list: AsyncIterable<string>): AsyncGenerator<string> {
  yield `${JSON.stringify(frame).slice(0, -1)},${JSON.stringify(field)}:`;
  yield* list;
  yield '}';
}

/** Pages of a list that the schema gives whole, because the depth of a tree bounds it. */
export function answerSlice(
  request: FastifyRequest,
  reply: FastifyReply,
  { items, variables }: { items: readonly { id: string }[]; variables: Data },
): unknown {
  const { limit = items.length, cursor } = variables as { limit?: number; cursor?: string }; // coerced already
  if (variables['limit'] !== undefined && (limit < 1 || limit > largestPage)) {
    throw invalidField('limit', `must be between 1 and ${largestPage}`, limit < 1 ? 'too_small' : 'too_big');
  }
  const last = items.findIndex(({ id }) => id === cursor);
  if (cursor !== undefined && last === -1) {
    throw invalidField('cursor', 'is not the end of a page of this list');
  }
  const page = items.slice(last + 1, last + 1 + limit);
  const following = last + 1 + page.length < items.length ? page.at(-1)?.id : undefined;
  linkNext(request, reply, following ?? null);
  return page;
}

/**
 * A JSON array in as many pieces as it has pages. Each piece is asked for only when the one before it has left, and an error
 * in the middle breaks the connection: half an array must never look like a whole one.
 */
async function* wholeArray(pages: AsyncIterable<Connection['nodes']>): AsyncGenerator<string> {
  let opening = '[';
  for await (const nodes of pages) {
    if (nodes.length > 0) {
      yield opening + JSON.stringify(nodes).slice(1, -1);
      opening = ',';
    }
  }
  yield opening === '[' ? '[]' : ']';
}

function linkNext(request: FastifyRequest, reply: FastifyReply, cursor: string | null): void {
  if (cursor === null) {
    return;
  }
  const [path, query = ''] = request.originalUrl.split('?', 2);
  const search = new URLSearchParams(query);
  search.set('cursor', cursor);
  reply.header('X-Next-Cursor', cursor).header('Link', `<${path}?${search}>; rel="next"`);
}
