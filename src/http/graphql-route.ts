import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { StratumError } from '../domain/errors.ts';
import { answerGraphqlError } from './errors.ts';
import { playgroundPolicy } from './playground-policy.ts';
import { acceptSockets, type SocketOptions, socketHandler } from './websocket.ts';

export interface GraphqlRouteOptions {
  readonly path: string;
  /** Answers one request; its body is the text of a JSON document, or undefined when it has none. */
  readonly handle: (request: FastifyRequest, reply: FastifyReply) => Promise<Response> | Response;
  /** The same over WebSockets. */
  readonly sockets: SocketOptions;
}

/** The GraphQL door, with errors in its own shape. */
export const graphqlRoute: FastifyPluginAsync<GraphqlRouteOptions> = async (server, { path, handle, sockets }) => {
  await acceptSockets(server, sockets);
  keepJsonAsText(server);
  server.setErrorHandler(answerGraphqlError);
  const handler = async (request: FastifyRequest, reply: FastifyReply) => send(reply, await handle(request, reply));
  server.route({ method: 'GET', url: path, handler, wsHandler: socketHandler(sockets) });
  server.route({ method: 'POST', url: path, handler });
  server.route({
    method: ['PUT', 'PATCH', 'DELETE'],
    url: path,
    handler: async (_request, reply) => {
      reply.header('Allow', 'GET, POST');
      throw new StratumError('METHOD_NOT_ALLOWED', 'GraphQL answers GET and POST only');
    },
  });
};

/** The GraphQL server reads bodies itself; what REST refuses of them is refused here too. */
function keepJsonAsText(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'ignore');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    // It answers by calling back; its type speaks of a promise too.
    void parse(request, body, (error) => done(error, body));
  });
}

/** What the GraphQL server answers, without a word, when no form of the answer is accepted. */
const notAcceptable = 406;

const endless = /^(text\/event-stream|multipart\/mixed)/;

async function send(reply: FastifyReply, response: Response): Promise<unknown> {
  if (response.status === notAcceptable) {
    const forms = 'application/json, or text/event-stream for a subscription';
    throw new StratumError('NOT_ACCEPTABLE', `The answer comes as ${forms}; the request accepts neither of what fits`);
  }
  reply.code(response.status);
  response.headers.forEach((value, name) => {
    reply.header(name, value);
  });
  const type = response.headers.get('content-type') ?? '';
  if (response.body !== null && endless.test(type)) {
    return reply.send(Readable.from(response.body)); // whoever made the stream, Node's web streams or a stand-in
  }
  const text = await response.text();
  if (type.startsWith('text/html')) {
    reply.header('Content-Security-Policy', playgroundPolicy(text));
  }
  return reply.send(text);
}
