import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Redis } from 'ioredis';
import { StratumError } from '../domain/errors.ts';

/** Who is counted, and how far. */
export interface Counted {
  /** Tells the caller from all others. */
  readonly name: string;
  readonly max: number;
  readonly windowMs: number;
}

export interface RateLimiter {
  /** Counts a request of a caller who is known. @throws {StratumError} `RATE_LIMITED` when it is one too many. */
  countCaller(request: FastifyRequest, caller: Counted): Promise<void>;
  /** Counts a request of nobody known, by its address, unless it was counted already. @throws {StratumError} `RATE_LIMITED` */
  countAddress(request: FastifyRequest): Promise<void>;
}

export interface RateLimiterOptions {
  /** How many requests an address may send, without being anybody, in how long. */
  readonly max: number;
  readonly windowMs: number;
  /** Where all processes count together; null when each counts for itself. */
  readonly redis: Redis | null;
  /** Hears of every refusal, and what was counted. */
  readonly onRefused: ((by: 'caller' | 'address') => void) | null;
}

/** A memory counts so many callers; the one that was quiet for longest makes room. */
const maxCounted = 100_000;

type Count = ReturnType<FastifyInstance['createRateLimit']>;
type Rate = Exclude<Awaited<ReturnType<Count>>, { isAllowed: true }>;

/**
 * Counts the requests of each caller, whatever the door, connection or process they come through, and says on every answer how many are left.
 * While the shared counter can't be reached each process counts for itself: nobody is let through without being counted, and nobody is
 * turned away for that.
 */
export async function limitRates(
  server: FastifyInstance,
  { max, windowMs, redis, onRefused }: RateLimiterOptions,
): Promise<RateLimiter> {
  const callers = new WeakMap<FastifyRequest, Counted>();
  const rates = new WeakMap<FastifyRequest, Rate>();
  const counter = (shared: Redis | null): Promise<Count> =>
    counterOf(server, {
      keyGenerator: (request) => callers.get(request)?.name ?? '',
      max: (request) => callers.get(request)?.max ?? max,
      timeWindow: (request) => callers.get(request)?.windowMs ?? windowMs,
      ...(shared && { redis: shared, nameSpace: 'stratum:ratelimit:' }),
    });
  const alone = await counter(null);
  const together = redis && (await counter(redis));
  const count = async (request: FastifyRequest, caller: Counted, by: 'caller' | 'address'): Promise<void> => {
    callers.set(request, caller);
    const rate = await (together === null ? alone(request) : together(request).catch(() => alone(request)));
    if (rate.isAllowed) {
      return;
    }
    rates.set(request, rate);
    if (rate.isExceeded) {
      onRefused?.(by);
      throw new StratumError('RATE_LIMITED', `Rate limit exceeded. Try again in ${rate.ttlInSeconds} seconds.`, {
        details: { limit: rate.max, retry_after_seconds: rate.ttlInSeconds },
      });
    }
  };
  tellRates(server, rates);
  return {
    countCaller: (request, caller) => count(request, caller, 'caller'),
    countAddress: async (request) => {
      if (!rates.has(request)) {
        const address = { name: `address:${rateLimit.normalizeIP(request.ip)}`, max, windowMs };
        await count(request, address, 'address');
      }
    },
  };
}

/** The plugin's counter on a store of its own. */
async function counterOf(server: FastifyInstance, options: Parameters<typeof rateLimit>[1]): Promise<Count> {
  let count: Count | undefined;
  await server.register(async (child) => {
    await child.register(rateLimit, { ...options, global: false, cache: maxCounted });
    count = child.createRateLimit();
  });
  return count as unknown as Count; // registered by now
}

/** The headers of a limit, under the names of v1 and of the IETF's draft. */
function tellRates(server: FastifyInstance, rates: WeakMap<FastifyRequest, Rate>): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    const rate = rates.get(request);
    if (rate !== undefined) {
      const { max, remaining, ttlInSeconds, isExceeded } = rate;
      reply.headers({
        'RateLimit-Limit': max,
        'RateLimit-Remaining': remaining,
        'RateLimit-Reset': ttlInSeconds,
        'X-RateLimit-Limit': max,
        'X-RateLimit-Remaining': remaining,
        'X-RateLimit-Reset': ttlInSeconds,
        ...(isExceeded && { 'Retry-After': ttlInSeconds }),
      });
    }
    done(null, payload);
  });
}
