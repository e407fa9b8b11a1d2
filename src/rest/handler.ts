import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { type Context, createContext } from '../graphql/context.ts';
import { type Answer, type AnswerStore, type Idempotency, idempotencyOf } from './idempotency.ts';
import { type Data, type Operation, prepareOperation } from './operation.ts';
import { answerList, answerSlice } from './pages.ts';
import { expectedRevision, isKnown } from './preconditions.ts';
import type { Route } from './route.ts';
import { bodyOf, type PreparedRoute, refusalOf, runOperation } from './run-route.ts';
import { sharedJson } from './shared-json.ts';
import { readVariables } from './variables.ts';

/** What REST is given: the schema it runs operations against, and the caller's context. */
export interface RestOptions {
  readonly schema: GraphQLSchema;
  /** Who calls, as a context to execute with; throws `UNAUTHORIZED`. */
  readonly openContext: (
    request: FastifyRequest,
    brought: { readonly idempotency: Idempotency | undefined },
  ) => Context | Promise<Context>;
  readonly answers: AnswerStore;
}

interface Prepared extends PreparedRoute {
  /** Finds the tree a tenant is in, for `If-Match`. */
  readonly treeOf: Operation;
  readonly options: RestOptions;
}

/** One request and what it turned out to be. */
interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly context: Context;
}

/** The handler of one route: context, variables, operation, body. */
export function createHandler(options: RestOptions, route: Route, treeOf: Operation): RouteHandlerMethod {
  const prepared: Prepared = { route, treeOf, options, operation: prepareOperation(options.schema, route) };
  return async (request, reply) => {
    const idempotency = idempotencyOf(request);
    const context = await options.openContext(request, { idempotency });
    const exchange = { request, reply, context };
    return idempotency === undefined ? answer(prepared, exchange) : answerOnce(prepared, exchange);
  };
}

/** A POST with a key: what was answered before is answered again. */
async function answerOnce(prepared: Prepared, exchange: Exchange): Promise<unknown> {
  const { answers } = prepared.options;
  const { reply, request, context } = exchange;
  const kept = await answers.find(context.call);
  if (kept !== null) {
    reply.header('Idempotency-Replayed', 'true');
    return send(prepared.route, exchange, kept);
  }
  const body = await answer(prepared, exchange);
  if (reply.statusCode < 300) {
    const given: Answer = { status: reply.statusCode, body: prepared.route.body === null ? null : body };
    // The change is made: whatever happens to the copy of its answer, the caller gets it.
    await answers
      .keep(context.call, given)
      .catch((error: unknown) => request.log.error(error, 'an answer could not be kept'));
  }
  return body;
}

async function answer(prepared: Prepared, exchange: Exchange): Promise<unknown> {
  const { route, operation } = prepared;
  const { request, reply, context } = exchange;
  try {
    const given = readVariables(operation.inputs, request as Parameters<typeof readVariables>[1]); // Fastify's own shapes
    const variables = { ...given, ...(await expectedRevision(request, { ...prepared, context })) };
    if (route.list !== null) {
      const fetch = (page: Data) => operation.run(createContext(context.call), { ...variables, ...page });
      return await answerList(request, reply, { at: route.list, around: route.around, fetch, variables });
    }
    const data = await runOperation(prepared, context, variables);
    return isKnown(request, reply, Object.values(data)[0])
      ? reply.code(304).send()
      : succeed(route, exchange, { data, variables });
  } catch (error) {
    return refuse(route, exchange, error);
  }
}

function succeed(route: Route, exchange: Exchange, { data, variables }: { data: Data; variables: Data }): unknown {
  const body = bodyOf(route, data);
  if (route.sliced) {
    return answerSlice(exchange.request, exchange.reply, { items: body as { id: string }[], variables }); // so it says in the table
  }
  return send(route, exchange, { status: route.status, body });
}

function send(route: Route, { request, reply }: Exchange, { status, body }: Answer): unknown {
  reply.code(status);
  if (route.location !== null) {
    reply.header(
      'Location',
      `${mountedAt(request)}/api/v1${route.location.replace(/:(\w+)/g, (_, name: string) => String((body as Data)[name]))}`,
    );
  }
  if (route.body === null) {
    return reply.send();
  }
  const json = sharedJson(body);
  return json === null ? body : reply.type('application/json; charset=utf-8').send(json);
}

/** The path a server around this one has taken away, as frameworks do that mount one in another. */
function mountedAt({ url, originalUrl }: FastifyRequest): string {
  return originalUrl.endsWith(url) ? originalUrl.slice(0, -url.length) : '';
}

/** A batch says in its own shape that it was refused; every other error has the one shape of all. */
function refuse(route: Route, { request, reply }: Exchange, error: unknown): unknown {
  const { status, body } = refusalOf(route, error, request.body);
  return reply.code(status).send(body);
}
