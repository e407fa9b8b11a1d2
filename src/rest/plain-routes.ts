import { type JsonSchema, object } from './json-schema.ts';

const state = (...words: string[]): JsonSchema => ({ type: 'string', enum: words });

const health: JsonSchema = object({
  status: state('ok', 'error'),
  timestamp: { type: 'string', format: 'date-time' },
  db: state('connected', 'disconnected'),
  redis: state('connected', 'disconnected', 'not_configured'),
});

function answer(description: string, schema: JsonSchema): object {
  return {
    description,
    headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } },
    content: { 'application/json': { schema } },
  };
}

function path(operationId: string, summary: string, responses: object, tag = 'Health'): Record<string, unknown> {
  return { get: { operationId, tags: [tag], summary, security: [], responses } };
}

/** The routes that run no operation and answer without a key; they stand beside the table. */
export const plainPaths: Readonly<Record<string, Record<string, unknown>>> = {
  '/health': path('health', 'Whether the server and its database work', {
    200: answer('All is well.', health),
    503: answer('The database can not be reached.', health),
  }),
  '/health/live': path('live', 'Whether the process answers', { 200: answer('It does.', { type: 'object' }) }),
  '/health/ready': path('ready', 'Whether the process can serve requests', {
    200: answer('It can.', { type: 'object' }),
    503: answer('The database can not be reached, or the server is stopping.', { type: 'object' }),
  }),
  '/openapi.json': path('openApi', 'This document', { 200: answer('OpenAPI 3.1.', { type: 'object' }) }, 'Documents'),
};
