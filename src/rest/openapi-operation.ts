import { type GraphQLSchema, getNullableType, isInputObjectType } from 'graphql';
import { type Input, inputsOf, operationOf } from './inputs.ts';
import type { JsonSchema } from './json-schema.ts';
import { responsesOf } from './openapi-responses.ts';
import { refinements } from './refinements.ts';
import { bodySchema, parameterSchema } from './request-schema.ts';
import type { Route } from './route.ts';
import type { Components } from './schema-types.ts';
import { isTaggedRead } from './tagged.ts';

/** One operation of the OpenAPI document, derived from a row of the table. */
export function describeRoute(schema: GraphQLSchema, route: Route, components: Components): object {
  const inputs = inputsOf(schema, route);
  const body = bodySchema(inputs, components);
  const needsBody = inputs.some(({ source, required }) => required && (source === 'body' || source === 'whole'));
  return {
    operationId: route.operationId ?? uncapitalised(operationOf(route.document).name?.value ?? ''),
    tags: [route.tag],
    summary: route.summary,
    description: descriptionOf(route),
    parameters: [...parametersOf(inputs, components), ...headersOf(route, inputs)],
    ...(body && { requestBody: { required: needsBody, content: { 'application/json': { schema: body } } } }),
    responses: responsesOf(schema, { route, inputs, components, takesBody: body !== null }),
  };
}

function descriptionOf({ scope, list, sliced }: Route): string {
  const paging =
    'Without `limit` the whole list is sent, with it one page and the way to the next in `X-Next-Cursor` and `Link`.';
  return [`Needs the scope \`${scope}\`.`, ...(list !== null || sliced ? [paging] : [])].join(' ');
}

function parametersOf(inputs: readonly Input[], components: Components): object[] {
  return inputs.flatMap((input) => {
    const { name, source, required } = input;
    if (source === 'path' || source === 'query') {
      return [
        { name, in: source, required: source === 'path' || required, schema: parameterSchema(input, components) },
      ];
    }
    return Object.entries(input.bound).map(([field, parameter]) => boundParameter(input, field, parameter));
  });
}

/** A path parameter that fills a field of the body's type. */
function boundParameter({ type }: Input, field: string, name: string): object {
  const owner = getNullableType(type);
  const refined = isInputObjectType(owner) ? refinements[`${owner.name}.${field}`] : undefined;
  return { name, in: 'path', required: true, schema: { type: 'string', ...refined } };
}

function headersOf(route: Route, inputs: readonly Input[]): object[] {
  const conditional = inputs.some(({ source }) => source === 'header');
  return [
    ...(conditional
      ? [header('If-Match', 'An `ETag` of the tenant: 412 when the thing to change has changed since.')]
      : []),
    ...(isTaggedRead(route)
      ? [header('If-None-Match', 'An `ETag` of an earlier answer: 304 when it is still true.')]
      : []),
    ...(route.method === 'POST'
      ? [header('Idempotency-Key', 'Any text of up to 255 characters: a repetition gets the first answer.')]
      : []),
  ];
}

function header(name: string, description: string): object {
  const schema: JsonSchema = { type: 'string' };
  return { name, in: 'header', required: false, description, schema };
}

function uncapitalised(name: string): string {
  return `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`;
}
