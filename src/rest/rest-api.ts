import type { FastifyPluginAsync } from 'fastify';
import { StratumError } from '../domain/errors.ts';
import { GetTreeOfTenantDocument } from '../operations/generated/graphql.ts';
import { createHandler, type RestOptions } from './handler.ts';
import { type OpenApiDocument, openApiDocument } from './openapi.ts';
import { prepareOperation } from './operation.ts';
import { type Route, route } from './route.ts';
import { routes } from './routes.ts';

export interface RestApiOptions extends RestOptions {
  /** The version the OpenAPI document names. */
  readonly version: string;
}

/** REST v1: the table of routes and the document that describes it, under the prefix the plugin is registered with. */
export const restApi: FastifyPluginAsync<RestApiOptions> = async (server, options) => {
  const { schema, version } = options;
  const treeOf = prepareOperation(schema, treeOfTenant);
  for (const row of routes) {
    const handler = createHandler(options, row, treeOf);
    for (const url of isCollection(row) ? [row.path, `${row.path}/`] : [row.path]) {
      server.route({ method: row.method, url, handler });
    }
  }
  const document = openApiDocument(schema, routes, version);
  const text = JSON.stringify(document);
  server.get('/openapi.json', async (_request, reply) => reply.type('application/json; charset=utf-8').send(text));
  const methodsAt = declaredMethods(document);
  server.setNotFoundHandler(async (request, reply) => {
    const methods = methodsAt(request.url.slice(server.prefix.length).split('?', 1)[0] ?? '');
    if (methods.length === 0) {
      throw new StratumError('NOT_FOUND', 'There is no such route');
    }
    reply.header('Allow', methods.join(', '));
    throw new StratumError('METHOD_NOT_ALLOWED', `The route answers ${methods.join(', ')} only`);
  });
};

/** Not served: the handlers ask it which tree `If-Match` has to speak of. */
const treeOfTenant = route({
  method: 'GET',
  path: '/tenants/:id',
  scope: 'read',
  tag: 'Tenants',
  summary: 'The tree a tenant is in',
  document: GetTreeOfTenantDocument,
  body: 'tenant',
});

/** Collections answer with and without a slash at their end, things don't. */
function isCollection({ path }: Pick<Route, 'path'>): boolean {
  return routes.some((other) => other.path.startsWith(`${path}/:`));
}

/** The methods that the document declares for a path; none when nothing stands there. */
function declaredMethods({ paths }: OpenApiDocument): (path: string) => string[] {
  const declared = Object.entries(paths).map(([path, methods]) => ({
    pattern: new RegExp(
      `^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}${isCollection({ path: path.replace(/\{(\w+)\}/g, ':$1') }) ? '/?' : ''}$`,
    ),
    methods: Object.keys(methods).flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])),
  }));
  return (path) => [...new Set(declared.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))];
}
