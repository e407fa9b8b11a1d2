import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { Config } from '../config.ts';
import { StratumError } from '../domain/errors.ts';
import { answerBrokenRequest } from './broken-requests.ts';
import { adviseBrowsers } from './browsers.ts';
import { setDeadline } from './deadline.ts';
import { answerError } from './errors.ts';
import { acceptJson, bodyLimit } from './json-body.ts';
import { type LogOptions, logAnswers, loggingOptions } from './logging.ts';
import { echoRequestId, requestIdOf } from './request-id.ts';

export interface ServerOptions extends LogOptions, Pick<Config, 'allowedOrigins' | 'requestTimeoutMs' | 'trustProxy'> {}

/** A config key has 255 characters at most; each may be four bytes, and each byte three characters of a path. */
const maxParamLength = 255 * 4 * 3;

/** How long a request may take to arrive. */
const arrivalTimeoutMs = 60_000;

/** A server that answers nothing yet, and everything it will answer in the way of the house. */
export function createServer(options: ServerOptions): FastifyInstance {
  const server = Fastify(frameworkOptions(options));
  setDeadline(server, options.requestTimeoutMs);
  echoRequestId(server);
  logAnswers(server);
  adviseBrowsers(server, options.allowedOrigins);
  acceptJson(server);
  server.setErrorHandler(answerError);
  server.setNotFoundHandler(async () => {
    throw new StratumError('NOT_FOUND', 'There is nothing here');
  });
  return server;
}

function frameworkOptions(options: ServerOptions): FastifyServerOptions {
  return {
    ...loggingOptions(options),
    trustProxy: options.trustProxy,
    bodyLimit,
    requestTimeout: arrivalTimeoutMs,
    genReqId: requestIdOf,
    routerOptions: { maxParamLength },
    // What has arrived is answered; see `drainOnClose`.
    return503OnClosing: false,
    clientErrorHandler: answerBrokenRequest,
    // Paths that the router can't read pass no hook.
    frameworkErrors: (error, request, reply) => {
      reply.header('X-Request-Id', request.id);
      answerError(error, request, reply);
    },
  };
}
