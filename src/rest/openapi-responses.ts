import type { GraphQLSchema } from 'graphql';
import { codesByStatus } from './error-statuses.ts';
import type { Input } from './inputs.ts';
import { type JsonSchema, reference } from './json-schema.ts';
import { responseSchemas } from './response-schema.ts';
import type { Route } from './route.ts';
import type { Components } from './schema-types.ts';
import { isTagged, isTaggedRead } from './tagged.ts';

interface Described {
  readonly route: Route;
  readonly inputs: readonly Input[];
  readonly components: Components;
  readonly takesBody: boolean;
}

/** Every answer of a route: its success, 304 where it has a tag, and all refusals its kind can meet. */
export function responsesOf(schema: GraphQLSchema, { route, inputs, components, takesBody }: Described): object {
  const at = responseSchemas(schema, route.document, components);
  const refused = [...codesByStatus().keys()].filter((status) => canMeet(status, route, { inputs, takesBody }));
  return {
    [route.status]: success(route, bodyOf(route, at)),
    ...(isTaggedRead(route) && {
      304: { description: 'What the caller holds is still true.', headers: headers('X-Request-Id', 'ETag') },
    }),
    ...Object.fromEntries(refused.map((status) => [status, refusal(route, status)])),
  };
}

function success(route: Route, body: JsonSchema | null): object {
  const names: HeaderName[] = ['X-Request-Id'];
  if (isTagged(route)) {
    names.push('ETag');
  }
  if (route.location !== null) {
    names.push('Location');
  }
  if (route.list !== null || route.sliced) {
    names.push('X-Next-Cursor', 'Link');
  }
  const content = body && { content: { 'application/json': { schema: body } } };
  return { description: body === null ? 'Done.' : route.summary, headers: headers(...names), ...content };
}

function bodyOf({ list, around, body }: Route, at: (path: string) => JsonSchema): JsonSchema | null {
  if (list !== null) {
    return around === null ? at(`${list}.nodes`) : around.schema(at);
  }
  return typeof body === 'string' ? at(body) : (body?.schema(at) ?? null);
}

/** Reads meet no conflicts, and only what has a body can have a broken one. */
function canMeet(
  status: number,
  { method }: Route,
  { inputs, takesBody }: Pick<Described, 'inputs' | 'takesBody'>,
): boolean {
  switch (status) {
    case 405:
      return false;
    case 409:
      return method !== 'GET';
    case 412:
      return inputs.some(({ source }) => source === 'header');
    case 413:
    case 415:
      return takesBody;
    case 422:
      return method === 'POST';
    default:
      return true;
  }
}

/** A refused batch may answer in its own shape beside the one of all errors. */
function refusal({ refusal: batch }: Route, status: number): object {
  const shared = { $ref: `#/components/responses/Error${status}` };
  if (batch === null || status === 401 || status > 412) {
    return shared;
  }
  const schema: JsonSchema = { anyOf: [batch.schema, reference('ErrorAnswer')] };
  return {
    description: 'Nothing was written.',
    headers: headers('X-Request-Id'),
    content: { 'application/json': { schema } },
  };
}

const headerComponents = {
  'X-Request-Id': 'RequestId',
  ETag: 'ETag',
  Location: 'Location',
  'X-Next-Cursor': 'NextCursor',
  Link: 'Link',
} as const;
type HeaderName = keyof typeof headerComponents;

function headers(...names: HeaderName[]): object {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${headerComponents[name]}` }]));
}
