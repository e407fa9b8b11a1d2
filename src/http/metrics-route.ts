import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { StratumError } from '../domain/errors.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Where the metrics are read. */
export const metricsPath = '/metrics';

export interface MetricsRouteOptions {
  readonly metrics: Pick<Metrics, 'read'>;
  /** What readers have to send; null when they have to be on this machine instead. */
  readonly token: string | null;
  readonly isFromHere: (request: FastifyRequest) => boolean;
  /** Counts who is turned away, so that nobody can try tokens without end. */
  readonly countAddress: (request: FastifyRequest) => Promise<void>;
}

/** The numbers of the whole installation, for whoever runs it. No key of the API opens them: keys belong to tenants. */
export const metricsRoute: FastifyPluginAsync<MetricsRouteOptions> = async (server, options) => {
  const { metrics, token, isFromHere, countAddress } = options;
  const refusal = refusalOf(token === null ? isFromHere : bearerOf(token), token !== null);
  server.get(metricsPath, async (request, reply) => {
    const refused = refusal(request);
    if (refused !== null) {
      await countAddress(request);
      throw refused;
    }
    const { text, type } = await metrics.read();
    return reply.header('Cache-Control', 'no-store').type(type).send(text);
  });
};

/** Where nobody has a token, the door isn't there for those who stand outside. */
function refusalOf(mayRead: (request: FastifyRequest) => boolean, hasToken: boolean) {
  return (request: FastifyRequest): StratumError | null => {
    if (mayRead(request)) {
      return null;
    }
    return hasToken
      ? new StratumError('UNAUTHORIZED', 'The metrics need the token of STRATUM_METRICS_TOKEN, as a bearer token')
      : new StratumError('NOT_FOUND', 'There is nothing here');
  };
}

/** Compares digests, which have one length, so that the time tells nothing about the token. */
function bearerOf(token: string): (request: FastifyRequest) => boolean {
  const expected = digest(token);
  return ({ headers }) => {
    const given = /^bearer +(\S+)$/i.exec(headers.authorization?.trim() ?? '')?.[1];
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
