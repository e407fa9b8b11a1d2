import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AnsweredRequest, Metrics } from '../telemetry/metrics.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { OpenSpan, Tracing } from '../telemetry/tracing.ts';

/** What only the GraphQL door knows of a request. */
type Noted = Partial<Pick<AnsweredRequest, 'operation' | 'code' | 'seconds'>>;

export interface RequestObserver {
  /** Takes down what is known of a request's operation; what was known before stays. */
  note(request: FastifyRequest, noted: Noted): void;
}

/** Measures and traces the requests of all doors; adds no hook for what is off. To be called before any route is added. */
export function observeRequests(
  server: FastifyInstance,
  { metrics, tracing }: Telemetry,
  graphqlPath: string,
): RequestObserver {
  const known = new WeakMap<FastifyRequest, Noted>();
  const doorOf = (request: FastifyRequest) => doorAt(request.routeOptions.url, graphqlPath);
  if (metrics !== null) {
    measure(server, metrics, { doorOf, notedOf: (request) => known.get(request) ?? {} });
  }
  if (tracing !== null) {
    traceRequests(server, tracing, (request) => doorOf(request) !== 'other');
  }
  return {
    note: (request, noted) => {
      if (request.ws) {
        countMessage(metrics, noted);
        return;
      }
      known.set(request, { ...known.get(request), ...noted });
    },
  };
}

/** What becomes a WebSocket is never answered: each operation that comes over it counts by itself, when it has been carried out. */
function countMessage(metrics: Metrics | null, { operation, code, seconds }: Noted): void {
  if (operation !== undefined && code !== undefined && seconds !== undefined) {
    metrics?.request({ door: 'graphql', operation, code, seconds });
  }
}

/** What has no table of operations behind it is no door: health, documents, pages, and paths where nothing stands. */
function doorAt(pattern: string | undefined, graphqlPath: string): AnsweredRequest['door'] {
  if (pattern === graphqlPath) {
    return 'graphql';
  }
  return pattern !== undefined && /^\/api\/v1\/(?!health|openapi\.json|\*)/.test(pattern) ? 'rest' : 'other';
}

interface Known {
  readonly doorOf: (request: FastifyRequest) => AnsweredRequest['door'];
  readonly notedOf: (request: FastifyRequest) => Noted;
}

/** Requests are counted when their answers begin: some never end. */
function measure(server: FastifyInstance, metrics: Metrics, { doorOf, notedOf }: Known): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    const door = doorOf(request);
    const { operation, code } = notedOf(request);
    metrics.request({
      door,
      operation: operation ?? (door === 'graphql' ? 'other' : routeOf(request)),
      code: code ?? String(reply.statusCode),
      seconds: reply.elapsedTime / 1000,
    });
    done(null, payload);
  });
}

/** A path as it was declared, never as it was sent. */
function routeOf({ method, is404, routeOptions: { url } }: FastifyRequest): string {
  return is404 || url === undefined ? 'other' : `${method} ${url}`;
}

function traceRequests(
  server: FastifyInstance,
  tracing: Tracing,
  isTraced: (request: FastifyRequest) => boolean,
): void {
  const spans = new WeakMap<FastifyRequest, OpenSpan>();
  server.addHook('onRequest', (request, _reply, done) => {
    // What may become a WebSocket is never answered, and would never end.
    if (isTraced(request) && request.headers.upgrade === undefined) {
      const { method, headers, routeOptions } = request;
      const attributes = { 'http.request.method': method, 'http.route': routeOptions.url ?? '' };
      spans.set(request, tracing.request(routeOf(request), headers, attributes));
    }
    done();
  });
  // Behind the body, whose arrival calls from elsewhere.
  server.addHook('preHandler', (request, _reply, done) => {
    const span = spans.get(request);
    if (span === undefined) {
      done();
    } else {
      span.within(done);
    }
  });
  server.addHook('onResponse', (request, { statusCode }, done) => {
    const error = statusCode < 500 ? undefined : String(statusCode);
    spans.get(request)?.end({ 'http.response.status_code': statusCode }, error);
    done();
  });
}
