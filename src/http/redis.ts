import { Redis } from 'ioredis';

/** A count that takes longer than this is not waited for. */
const commandTimeoutMs = 500;

/** A connection on which nothing has come back for this long is given up, or every request would wait for its count. */
const silenceMs = 1_000;

/** A connection to Redis that gives up at once while there is none, and comes back by itself. */
export function openRedis(url: string, log: { warn(message: string): void; info(message: string): void }): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 2_000,
    socketTimeout: silenceMs,
    retryStrategy: (attempt) => Math.min(attempt * 200, 5_000),
  });
  let isTold = false;
  redis.on('error', ({ message }: Error) => {
    if (!isTold) {
      isTold = true;
      log.warn(`Redis can't be reached, so each process counts requests for itself: ${message}`);
    }
  });
  redis.on('ready', () => {
    if (isTold) {
      isTold = false;
      log.info('Redis is back: all processes count requests together');
    }
  });
  return redis;
}
