import type { FastifyInstance } from 'fastify';

/** How much a request may bring along. */
export const bodyLimit = 1_048_576;

/** A POST that needs no body may say that it has a JSON one and send nothing. Names that reach into prototypes are refused. */
export function acceptJson(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'ignore');
  server.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') {
      done(null, undefined);
      return;
    }
    // It answers by calling back; its type speaks of a promise too.
    void parse(request, body, done);
  });
}
