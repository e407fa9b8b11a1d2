import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { finished, Readable } from 'node:stream';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { answerFetch, type FetchOptions } from './mount-fetch.ts';

/** The whole server, REST and GraphQL, as what other servers can carry. */
export interface MountedApp {
  /** Answers a request of the Fetch standard; bodies and event streams are passed on as they come. */
  fetch(request: Request, options?: FetchOptions): Promise<Response>;
  /** Answers a request of `node:http`. */
  handler(request: IncomingMessage, response: ServerResponse): void;
  /** Middleware for Express 4 and 5, to be mounted at a path: `app.use('/stratum', stratum.app.express)`. */
  express(request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void;
  /** A plugin for Fastify 5, to be registered with a prefix. */
  fastify: FastifyPluginAsync;
  /** Takes over a WebSocket of `node:http`: `server.on('upgrade', stratum.app.upgrade)`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** What frameworks add to a request. */
type FrameworkRequest = IncomingMessage & { body?: unknown; originalUrl?: string };

/** The server of `ready` as it can be mounted; `track` hears of all that runs. */
export function mount(ready: () => Promise<FastifyInstance>, track: <T>(work: Promise<T>) => Promise<T>): MountedApp {
  const serve = async (request: FrameworkRequest, response: ServerResponse): Promise<void> => {
    const server = await ready();
    void track(new Promise((resolve) => finished(response, resolve)));
    server.routing(request.readableEnded ? replayed(request) : request, response);
  };
  return {
    fetch: (request, options) => track(ready().then((server) => answerFetch(server, request, options))),
    handler: (request, response) => {
      serve(request, response).catch(() => refuse(response));
    },
    express: (request, response, next) => {
      serve(request, response).catch(next);
    },
    fastify: async (host) => {
      await ready();
      // Bodies are read once, by the server that is mounted.
      host.removeAllContentTypeParsers();
      host.addContentTypeParser('*', (_request, _body, done) => done(null));
      host.all('/*', async (request, reply) => {
        reply.hijack();
        const raw: FrameworkRequest = request.raw;
        raw.originalUrl ??= raw.url ?? '/';
        raw.url = withSlash((raw.url ?? '/').slice(host.prefix.length));
        await serve(raw, reply.raw).catch(() => refuse(reply.raw));
      });
    },
    upgrade: (request, socket, head) => {
      socket.on('error', () => {}); // Node listens no more: one that breaks before it is taken over would end the process
      ready().then(
        (server) => server.server.emit('upgrade', request, socket, head),
        () => socket.destroy(),
      );
    },
  };
}

function withSlash(url: string): string {
  return url.startsWith('/') ? url : `/${url}`;
}

/** A request whose body somebody has read already, such as `express.json()`, as it was before. */
function replayed(request: FrameworkRequest): IncomingMessage {
  const { body, method, url, originalUrl, rawHeaders, httpVersion, socket } = request;
  const text =
    body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? (body ?? '') : JSON.stringify(body);
  const bytes = Buffer.from(text);
  const { 'transfer-encoding': _, 'content-encoding': __, ...headers } = request.headers;
  headers['content-length'] = String(bytes.length);
  const again = Readable.from(bytes.length === 0 ? [] : [bytes]);
  // As much of a request as a server looks at.
  return Object.assign(again, {
    method,
    url,
    originalUrl,
    headers,
    rawHeaders,
    httpVersion,
    socket,
  }) as unknown as IncomingMessage;
}

/** The server could not be opened. */
function refuse(response: ServerResponse): void {
  const error = { code: 'SERVICE_UNAVAILABLE', message: 'Stratum could not be opened' };
  response.writeHead(503, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify({ error }));
}
