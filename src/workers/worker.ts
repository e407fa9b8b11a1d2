import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, type LogLevel, type Runner, type RunnerOptions, run } from 'graphile-worker';
import { withJobPool } from '../db/jobs.ts';
import { holdPlaces } from '../domain/webhooks/places.ts';
import { type DeliverJob, type DeliverOptions, runDeliverJob } from './deliver-webhooks.ts';
import { createSharedPlaces } from './shared-places.ts';
import { keepSweeping } from './sweep.ts';

/** Does what goes on behind requests, until it is stopped. */
export interface Worker {
  /** Takes nothing new, and comes back when what runs is done. */
  stop(): Promise<void>;
}

export interface WorkerOptions extends DeliverOptions {
  readonly databaseUrl: string;
  /** How many jobs at a time. */
  readonly concurrency: number;
  /** How long deliveries are kept after they are over. */
  readonly retentionMs: number;
  readonly log: (level: LogLevel, message: string, details?: object) => void;
}

/** A connection or two for each few jobs: most of their time they wait for others. */
const maxPoolSize = 10;

/** How often it is looked for jobs whose time has come without a word. */
const pollMs = 1_000;

/** How long after it has ended by itself, as with the database, it begins again. */
const pauseMs = 1_000;

/** Starts a worker, which begins again whenever it can't go on. Any number of them may work on one database: each job is done by one. */
export function startWorker({ databaseUrl, concurrency, retentionMs, log, ...deliver }: WorkerOptions): Worker {
  const stopping = new AbortController();
  const { call, leaseMs } = deliver;
  const holder = randomUUID();
  const places = createSharedPlaces({
    hold: (wishes) => holdPlaces(call, { holder, leaseMs, wishes }),
    enterWithinMs: (leaseMs * 2) / 3, // an attempt that begins in time is over before the lease is
    onFault: (error) => log('warning', 'no places at webhooks could be asked for; it is tried again', { err: error }),
  });
  const begin = (pgPool: NonNullable<RunnerOptions['pgPool']>): Promise<Runner> =>
    run({
      pgPool,
      noPreparedStatements: true, // some poolers refuse them
      concurrency,
      pollInterval: pollMs,
      // One at a time these are left to themselves, and would end the process when the database goes away under them.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      noHandleSignals: true,
      forbiddenFlags: () => places.full().map(flagOf),
      logger: new Logger(() => (level, message, meta) => {
        if (!message.includes('maxPoolSize')) {
          // fewer connections than jobs are meant: jobs wait for receivers
          log(level, message, meta);
        }
      }),
      taskList: {
        deliver_webhook: (payload) => runDeliverJob(payload as DeliverJob, places, deliver),
      },
    });
  const workWith = async (runner: Runner): Promise<void> => {
    const stop = (): void => void runner.stop().catch(() => {}); // it may have ended by itself
    stopping.signal.addEventListener('abort', stop, { once: true });
    if (stopping.signal.aborted) {
      stop();
    }
    await runner.promise;
  };
  const workOn = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await withJobPool({ url: databaseUrl, max: maxPoolSize }, async (pool) => workWith(await begin(pool))).catch(
        (error: unknown) => log('error', 'the worker has to begin again', { err: error }),
      );
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const working = Promise.all([workOn(), keepSweeping({ call, leaseMs, retentionMs, log }, stopping.signal)]);
  return {
    stop: async () => {
      stopping.abort();
      await working;
      await places.close();
      await deliver.sender.close();
    },
  };
}

/** As the database flags the jobs of a webhook (`enqueue_deliveries`). */
function flagOf(webhookId: string): string {
  return `webhook:${webhookId}`;
}
