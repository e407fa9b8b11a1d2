import type { GraphQLSchema } from 'graphql';
import { StratumError } from '../domain/errors.ts';
import { again, type Context, createContext } from '../graphql/context.ts';
import { isTagged, withoutTag } from './etag.ts';
import { type Data, type Operation, prepareOperation, valueAt } from './operation.ts';
import { collectList } from './pages.ts';
import type { Route } from './route.ts';
import { isTaggedRead } from './tagged.ts';
import { type RequestParts, readVariables } from './variables.ts';

/** A route and its operation, made ready once. */
export interface PreparedRoute {
  readonly route: Route;
  readonly operation: Operation;
}

/** Answers a route with its body, from the parts of a request to it. */
export type RunRoute = (context: Context, route: Route, parts: Partial<RequestParts>) => Promise<unknown>;

/** Answers routes without HTTP: the same input, the same body, the same refusals. Lists come whole unless a limit is given. */
export function createRouteRunner(schema: GraphQLSchema): RunRoute {
  const operations = new Map<Route, Operation>();
  return async (context, route, parts) => {
    const operation = operations.get(route) ?? prepareOperation(schema, route);
    operations.set(route, operation);
    const given = { params: {}, query: {}, body: undefined, ...parts };
    try {
      const variables = readVariables(operation.inputs, given);
      if (route.list === null) {
        return bodyOf(route, await runOperation({ route, operation }, context, variables));
      }
      const fetch = (page: Data) => operation.run(createContext(context.call), { ...variables, ...page });
      return await collectList({ at: route.list, around: route.around, fetch, variables });
    } catch (error) {
      return refusalOf(route, error, given.body).body;
    }
  };
}

const readings = 5;

/**
 * A tag names one revision. So a tagged answer whose parts were read at several is read again; under never-ending change it goes out as
 * it is, for its tag names the oldest of them and can't outlive it.
 */
export async function runOperation(
  { route, operation }: PreparedRoute,
  context: Context,
  variables: Data,
): Promise<Data> {
  let asked = context;
  let data = await operation.run(asked, variables);
  for (let reading = 1; asked.call.view.torn && isTaggedRead(route) && reading < readings; reading += 1) {
    asked = again(asked);
    data = await operation.run(asked, variables);
  }
  return data;
}

/** What of the data is the body. */
export function bodyOf({ body }: Route, data: Data): unknown {
  if (body === null) {
    return null;
  }
  const value = typeof body === 'string' ? valueAt(data, body) : body.of(data as never); // checked where the row is written
  return isTagged(value) ? withoutTag(value) : value;
}

/** A batch is refused as a whole and says so in its own shape; every other error is thrown on. */
export function refusalOf(
  { refusal }: Route,
  error: unknown,
  request: unknown,
): { readonly status: number; readonly body: unknown } {
  const body = error instanceof StratumError ? (refusal?.of(error.toJSON(), request) ?? null) : null;
  if (body === null || !(error instanceof StratumError)) {
    throw error;
  }
  return { status: error.statusCode, body };
}
