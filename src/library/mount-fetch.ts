import { METHODS } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance, InjectOptions } from 'fastify';

export interface FetchOptions {
  /** The path that the server is mounted at, when the request still has it. */
  readonly basePath?: string;
  /** The address that the request came from. */
  readonly remoteAddress?: string;
}

/** An address of nobody: where it isn't known who asks, it must not be this machine. */
const nobody = '0.0.0.0';

/** One that no route has: any that Node doesn't know is refused like it. */
const unknownMethod = 'PROPFIND';

/** Answers a request of the Fetch standard. When the caller goes away, whatever made the answer is told. */
export async function answerFetch(
  server: FastifyInstance,
  request: Request,
  { basePath = '', remoteAddress = nobody }: FetchOptions = {},
): Promise<Response> {
  const { pathname, search, host } = new URL(request.url);
  const path = `${pathname}/`.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : pathname;
  const answer = await server.inject({
    // It is one of them.
    method: (METHODS.includes(request.method) ? request.method : unknownMethod) as NonNullable<InjectOptions['method']>,
    url: `${path.startsWith('/') ? '' : '/'}${path}${search}`,
    headers: { host, ...Object.fromEntries(request.headers) },
    ...(request.body && { payload: Readable.from(request.body) }),
    payloadAsStream: true,
    remoteAddress,
  });
  const body = answer.stream();
  body.once('close', () => answer.raw.res.destroy());
  const leave = () => body.destroy();
  request.signal.addEventListener('abort', leave, { once: true });
  if (request.signal.aborted) {
    leave(); // while the answer was made
  }
  const headers = headersOf(answer.headers, basePath);
  const isEmpty = request.method === 'HEAD' || [204, 205, 304].includes(answer.statusCode);
  if (isEmpty) {
    body.resume();
  }
  return new Response(isEmpty ? null : (Readable.toWeb(body) as ReadableStream), {
    status: answer.statusCode,
    headers,
  });
}

/** Links lead to where the server is mounted. */
function headersOf(given: NodeJS.Dict<number | string | string[]>, basePath: string): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) {
      headers.append(name, String(one));
    }
  }
  for (const [name, start] of [
    ['location', '/'],
    ['link', '</'],
  ] as const) {
    const value = headers.get(name);
    if (value?.startsWith(start)) {
      headers.set(name, `${start.slice(0, -1)}${basePath}${value.slice(start.length - 1)}`);
    }
  }
  return headers;
}
