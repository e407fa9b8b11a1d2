import type { FastifyInstance, FastifyReply } from 'fastify';
import { StratumError } from '../domain/errors.ts';

/**
 * Whoever asks gets an answer within this time, if only a 503. An answer that has begun, such as a long list, may take longer: each of
 * its statements is bounded by the database. To be called before any route is added.
 *
 * Not Fastify's `handlerTimeout`, which cuts off answers that have begun.
 */
export function setDeadline(server: FastifyInstance, timeoutMs: number): void {
  server.addHook('onRoute', (route) => {
    const { handler } = route;
    route.handler = function (request, reply) {
      const answer: unknown = handler.call(this, request, reply);
      return answer instanceof Promise ? inTime(answer, { reply, timeoutMs }) : answer;
    };
  });
}

function inTime(
  answer: Promise<unknown>,
  { reply, timeoutMs }: { reply: FastifyReply; timeoutMs: number },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (!reply.sent && !reply.raw.headersSent) {
        reject(new StratumError('SERVICE_UNAVAILABLE', `There was no answer within ${timeoutMs} ms`));
      }
    }, timeoutMs);
    const settle =
      <Value>(use: (value: Value) => void) =>
      (value: Value) => {
        clearTimeout(timer);
        use(value);
      };
    answer.then(settle(resolve), settle(reject));
  });
}
