import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyPluginAsync } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { openApiDocument } from './openapi.ts';
import { routes } from './routes.ts';

/** Where the page stands. */
const path = '/api/docs';

/** The page that shows the OpenAPI document, with all it needs from this server; `/json` and `/yaml` beside it. Takes no prefix. */
export const restDocs: FastifyPluginAsync<{ schema: GraphQLSchema; version: string }> = async (
  server,
  { schema, version },
) => {
  const document = openApiDocument(schema, routes, version);
  // The plugin's own type of a document lacks words of OpenAPI 3.1.
  await server.register(swagger, { mode: 'static', specification: { document: document as never } });
  await server.register(swaggerUi, {
    routePrefix: path,
    // Without the bar that asks for the address of another document.
    theme: {
      title: 'Stratum REST v1',
      css: [{ filename: 'page.css', content: '.swagger-ui .topbar { display: none }' }],
    },
    uiConfig: { docExpansion: 'list', tryItOutEnabled: true },
  });
};
