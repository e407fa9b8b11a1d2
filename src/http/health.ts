import type { FastifyPluginAsync, FastifyReply } from 'fastify';

export interface HealthOptions {
  /** Whether the database answers. */
  readonly isDatabaseAnswering: () => Promise<boolean>;
  /** Whether there is a connection to Redis; null when none is wanted. */
  readonly isRedisThere: (() => boolean) | null;
  readonly isStopping: () => boolean;
}

/** Whether the process lives, and whether it can serve. Nobody needs a key to ask. */
export const health: FastifyPluginAsync<HealthOptions> = async (
  server,
  { isDatabaseAnswering, isRedisThere, isStopping },
) => {
  server.get('/health', async (_request, reply) => {
    const answering = await isDatabaseAnswering();
    const good = answering && !isStopping();
    return answer(reply, good, {
      status: good ? 'ok' : 'error',
      timestamp: new Date().toISOString(),
      db: answering ? 'connected' : 'disconnected',
      redis: isRedisThere === null ? 'not_configured' : isRedisThere() ? 'connected' : 'disconnected',
    });
  });
  server.get('/health/live', async (_request, reply) => answer(reply, true, { status: 'ok' }));
  server.get('/health/ready', async (_request, reply) => {
    const good = !isStopping() && (await isDatabaseAnswering());
    return answer(reply, good, { status: good ? 'ok' : 'error' });
  });
};

function answer(reply: FastifyReply, good: boolean, body: object): object {
  reply.code(good ? 200 : 503).header('Cache-Control', 'no-store');
  return body;
}
