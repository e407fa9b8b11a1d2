import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorBody } from '../domain/errors.ts';
import { errorAnswer } from './error-answer.ts';

/** Answers an error in the shape of REST, which is also that of every path without a door of its own. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return answerIn((body) => ({ error: body }), error, { request, reply });
}

/** Answers an error that no operation could be executed for, in the shape of GraphQL. */
export function answerGraphqlError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const shape = ({ message, ...extensions }: ErrorBody) => ({ errors: [{ message, extensions }] });
  return answerIn(shape, error, { request, reply });
}

function answerIn(
  shape: (body: ErrorBody) => object,
  error: unknown,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): FastifyReply {
  const { status, headers, body, fault } = errorAnswer(error);
  if (fault !== null) {
    request.log[status === 503 ? 'warn' : 'error']({ err: fault, status }, body.message);
  }
  return reply.code(status).headers(headers).type('application/json; charset=utf-8').send(shape(body));
}
