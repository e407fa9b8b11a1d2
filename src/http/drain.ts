import type { FastifyInstance } from 'fastify';

/** Tells callers to let go of their connections once the server is told to close. Gives whether it was. */
export function drainOnClose(server: FastifyInstance): () => boolean {
  let stopping = false;
  server.addHook('preClose', async () => {
    stopping = true;
  });
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (stopping) {
      reply.header('Connection', 'close');
    }
    done(null, payload);
  });
  // An answer whose headers had left before could not say it.
  server.addHook('onResponse', (_request, _reply, done) => {
    if (stopping) {
      setImmediate(() => server.server.closeIdleConnections());
    }
    done();
  });
  return () => stopping;
}
