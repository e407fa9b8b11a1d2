import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Authenticate, type ConfiguredKey, createAuthenticator } from './auth/authenticate.ts';
import { hasCredential } from './auth/credentials.ts';
import { createTokenReader, type ReadToken } from './auth/tokens.ts';
import { type Config, developmentKey, developmentKeyAllowed } from './config.ts';
import { createHolderReader } from './domain/api-keys/holders.ts';
import { createKeyUsage } from './domain/api-keys/usage.ts';
import { type Caller, createCall, type Services } from './domain/call.ts';
import { type Principal, principalName } from './domain/principal.ts';
import { type Context, createContext } from './graphql/context.ts';
import type { Credentials } from './graphql/websocket.ts';
import { metricsPath } from './http/metrics-route.ts';
import type { Counted, RateLimiter } from './http/rate-limit.ts';
import { rateWindowMs } from './rate-window.ts';

export interface Entrance {
  readonly services: Services;
  readonly authenticate: Authenticate;
  readonly limiter: RateLimiter;
  /** How many requests those may send who have no limit of their own. */
  readonly standard: Rate;
  readonly requestTimeoutMs: number;
}

export type Rate = Pick<Counted, 'max' | 'windowMs'>;

/** What a request brings besides itself. */
export interface Brought {
  readonly idempotency?: Caller['idempotency'] | undefined;
  /** Credentials from elsewhere than its headers, which they stand before. */
  readonly credentials?: Credentials;
}

/** Who calls and what for, as the schema wants to know it: the one way in, for all doors. */
export function contextOpener({ services, authenticate, limiter, standard, requestTimeoutMs }: Entrance) {
  return async (request: FastifyRequest, { idempotency, credentials }: Brought = {}): Promise<Context> => {
    const deadline = performance.now() + requestTimeoutMs;
    const headers = credentials === undefined ? request.headers : { ...request.headers, ...credentials };
    const arrival = { headers, peer: request.socket.remoteAddress };
    const known = await authenticate(arrival).catch(async (error: unknown) => {
      await limiter.countAddress(request);
      throw error;
    });
    await limiter.countCaller(request, countedOf(known.principal, standard));
    known.assertInUse();
    const recheck = async (): Promise<Principal> => {
      const { principal, assertInUse } = await known.recheck();
      assertInUse();
      return principal;
    };
    const caller = { principal: known.principal, requestId: request.id, sourceIp: request.ip, deadline, recheck };
    return createContext(createCall(services, { ...caller, ...(idempotency && { idempotency }) }));
  };
}

/**
 * Who says nothing of who they are is counted before anything is read of what they sent, and so is everybody where nobody is asked. Health is
 * asked by machines, all the time; metrics too, which count whom they turn away.
 */
export function countStrangers(server: FastifyInstance, limiter: RateLimiter): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const { url = '' } = request.routeOptions;
    const isRoutine = url.startsWith('/api/v1/health') || url === metricsPath;
    const isOpen = request.is404 || url === '/api/v1/openapi.json' || url.startsWith('/api/docs');
    if (!isRoutine && (isOpen || !hasCredential(request.headers))) {
      limiter.countAddress(request).then(() => done(), done);
    } else {
      done(); // at once: most requests say who they are
    }
  });
}

/** Who calls, by the keys of the database and of the configuration, and by tokens. */
export function openAuthenticator(server: FastifyInstance, config: Config, { keys, database }: Services): Authenticate {
  const usage = createKeyUsage(database, (error) =>
    server.log.warn(error, 'the use of keys could not be written down'),
  );
  server.addHook('onClose', () => usage.close());
  return createAuthenticator({
    configuredKeys: configuredKeys(config),
    keys,
    holders: createHolderReader(database),
    usage,
    readToken: tokenReader(config),
  });
}

function configuredKeys(config: Config): ConfiguredKey[] {
  const bootstrap = config.bootstrapKey === null ? [] : [{ id: 'bootstrap', key: config.bootstrapKey }];
  const development = developmentKeyAllowed(config) ? [{ id: 'development', key: developmentKey, isLocal: true }] : [];
  return [...bootstrap, ...development];
}

function tokenReader(config: Config): ReadToken | null {
  if (config.jwtSecret === null && config.jwksUrl === null) {
    return null;
  }
  return createTokenReader({
    secret: config.jwtSecret,
    jwksUrl: config.jwksUrl,
    algorithms: config.jwtAlgorithms,
    issuer: config.jwtIssuer,
    audience: config.jwtAudience,
    clockToleranceSeconds: config.jwtClockTolerance,
    tenantClaim: config.jwtTenantClaim,
    scopesClaim: config.jwtScopesClaim,
  });
}

function countedOf(principal: Principal, standard: Rate): Counted {
  const { max = null, window = null } = principal.rateLimit ?? {};
  return {
    name: principalName(principal),
    max: max ?? standard.max,
    windowMs: window === null ? standard.windowMs : windowMs(window),
  };
}

/** It was checked when it was set. */
export function windowMs(window: string): number {
  return rateWindowMs(window) ?? 60_000;
}
