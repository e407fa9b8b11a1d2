import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, type LogLevel, run } from 'graphile-worker';
import type { Connection } from '../db/database.ts';
import { openJobsPool } from '../db/jobs.ts';
import { sweepDeliveries } from '../domain/webhooks/attempt.ts';
import { createBusyWebhooks } from './busy-webhooks.ts';
import { type DeliverJob, type DeliverOptions, runDeliverJob } from './deliver-webhooks.ts';

/** Does what goes on behind requests, until it is stopped. */
export interface Worker {
  /** Takes nothing new, and comes back when what runs is done. */
  stop(): Promise<void>;
}

export interface WorkerOptions extends DeliverOptions {
  readonly connection: Connection;
  /** How many jobs at a time. */
  readonly concurrency: number;
  readonly log: (level: LogLevel, message: string, details?: object) => void;
}

/** A connection or two for each few jobs: most of their time they wait for others. */
const maxPoolSize = 10;

/** How often it is looked for jobs whose time has come without a word. */
const pollMs = 1_000;

const sweepEveryMs = 10_000;

/** How long after it has ended by itself, as with the database, it begins again. */
const pauseMs = 1_000;

/** Starts a worker, which begins again whenever it can't go on. Any number of them may work on one database: each job is done by one. */
export function startWorker({ connection, concurrency, log, ...deliver }: WorkerOptions): Worker {
  const stopping = new AbortController();
  const busy = createBusyWebhooks();
  const work = async (pgPool: ReturnType<typeof openJobsPool>): Promise<void> => {
    const runner = await run({
      pgPool,
      noPreparedStatements: true, // some poolers refuse them
      concurrency,
      pollInterval: pollMs,
      // One at a time these are left to themselves, and would end the process when the database goes away under them.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      noHandleSignals: true,
      forbiddenFlags: busy.flags,
      logger: new Logger(() => (level, message, meta) => {
        if (!message.includes('maxPoolSize')) {
          // fewer connections than jobs are meant: jobs wait for receivers
          log(level, message, meta);
        }
      }),
      taskList: {
        deliver_webhook: (payload) => runDeliverJob(payload as DeliverJob, busy, deliver),
      },
    });
    const stop = (): void => void runner.stop().catch(() => {}); // it may have ended by itself
    stopping.signal.addEventListener('abort', stop, { once: true });
    if (stopping.signal.aborted) {
      stop();
    }
    await runner.promise;
  };
  const workOn = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const pool = openJobsPool(connection, maxPoolSize);
      await work(pool).catch((error: unknown) => log('error', 'the worker has to begin again', { err: error }));
      void pool.end(); // a connection that hangs must not hold up those that follow
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const sweep = (): void => {
    sweepDeliveries(deliver.call, deliver.leaseMs).catch((error: unknown) =>
      log('warning', 'what is due could not be looked for; it is tried again', { err: error }),
    );
  };
  const working = workOn();
  const timer = setInterval(sweep, sweepEveryMs).unref();
  sweep();
  return {
    stop: async () => {
      clearInterval(timer);
      stopping.abort();
      await working;
      await deliver.sender.close();
    },
  };
}
