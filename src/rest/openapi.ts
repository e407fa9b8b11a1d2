import type { GraphQLSchema } from 'graphql';
import { codesByStatus } from './error-statuses.ts';
import { type JsonSchema, reference } from './json-schema.ts';
import { describeRoute } from './openapi-operation.ts';
import { plainPaths } from './plain-routes.ts';
import { ownComponents } from './refinements.ts';
import type { Route } from './route.ts';
import type { Components } from './schema-types.ts';

/** An OpenAPI 3.1 document; only what others read of it is typed. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

const description = `Tenants inside tenants, config that flows down and can be locked, permissions that can be delegated and revoked.

Every route runs a stored operation of the GraphQL schema, so both doors follow the same rules. Errors are
\`{"error":{"code","message","details"?,"issues"?}}\`. Writes that carry \`If-Match\` are refused with 412 when the thing changed since.`;

/** Describes the whole of `/api/v1` from the table of routes, their operations and the schema. */
export function openApiDocument(schema: GraphQLSchema, routes: readonly Route[], version: string): OpenApiDocument {
  const components: Components = new Map(Object.entries(ownComponents));
  const paths: Record<string, Record<string, unknown>> = { ...plainPaths };
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(schema, route, components) };
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Stratum', version, description, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/api/v1' }],
    security: [{ apiKey: [] }, { bearer: [] }],
    tags: [...new Set([...routes.map(({ tag }) => tag), 'Health', 'Documents'])].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
      ...sharedComponents,
    },
  } as OpenApiDocument; // with the words that nobody here reads
}

const sharedComponents = {
  securitySchemes: {
    apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  },
  headers: {
    RequestId: { description: 'The id of the request, as logs and events name it.', schema: { type: 'string' } },
    ETag: {
      description: 'The tree and the revision of its ledger that the answer is true at.',
      schema: { type: 'string' },
    },
    Location: { description: 'Where the created thing stands.', schema: { type: 'string' } },
    NextCursor: { description: 'The cursor of the next page; absent on the last one.', schema: { type: 'string' } },
    Link: { description: 'The next page as `<…>; rel="next"`; absent on the last one.', schema: { type: 'string' } },
  },
  responses: Object.fromEntries(
    [...codesByStatus()].map(([status, codes]) => [
      `Error${status}`,
      {
        description: codes.map((code) => `\`${code}\``).join(', '),
        headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } },
        content: { 'application/json': { schema: reference('ErrorAnswer') } },
      },
    ]),
  ),
};
