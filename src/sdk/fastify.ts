import { answerOf, headersOf } from './answer.ts';
import { Refusal } from './errors.ts';
import type { NodeRequest } from './express.ts';
import type { Decide } from './serve.ts';
import { runWithTenantContext, type TenantContext } from './tenant-context.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** There behind the plugin of Stratum. */
    tenant: TenantContext;
    impersonating: boolean;
    originalTenantId: string | undefined;
  }
}

interface FastifyReplyLike {
  code(status: number): this;
  headers(values: Record<string, string>): this;
  send(body: string): unknown;
}

type Done = (error?: Error) => void;
type Hook = (request: NodeRequest, reply: FastifyReplyLike, done: Done) => void;

/** What is needed of an instance of Fastify. */
export interface FastifyLike {
  decorateRequest(name: string, value: unknown): unknown;
  addHook(name: 'onRequest', hook: Hook): unknown;
}

export type FastifyPlugin = (instance: FastifyLike, options: object, done: Done) => void;

/** A plugin for Fastify 5. It is good for the whole instance that it is registered with, and for the plugins within. */
export function fastifyPlugin<Request>(decide: Decide<Request>): FastifyPlugin {
  const plugin: FastifyPlugin = (instance, _options, done) => {
    for (const name of ['tenant', 'impersonating', 'originalTenantId']) {
      instance.decorateRequest(name, undefined);
    }
    instance.addHook('onRequest', onRequest(decide));
    done();
  };
  // What Fastify goes by to let a plugin's hooks apply outside of it.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'stratum',
  });
}

function onRequest<Request>(decide: Decide<Request>): Hook {
  return (request, reply, done) => {
    // Whoever wrote the rules says what they take a request for; it is the one of Fastify.
    decide({ request: request as Request, header: headersOf(request.headers) }).then((served) => {
      if (served instanceof Refusal) {
        const { status, headers, body } = answerOf(served);
        reply.code(status).headers(headers).send(body);
      } else {
        Object.assign(request, served);
        runWithTenantContext(served.tenant, done);
      }
    }, done);
  };
}
