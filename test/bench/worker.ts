import { run } from 'graphile-worker';
import { openServices } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/db/database.ts';
import { openWorker } from '../../src/start/worker.ts';
import { timeBudget } from '../../src/time-budget.ts';
import { answerParent } from './child.ts';

/** Begin to deliver webhooks, stop it, or do so many jobs that are nothing. */
export type Working =
  | { readonly deliverFrom: string }
  | { readonly databaseUrl: string; readonly emptyJobs: number }
  | 'stop';

export interface Worked {
  /** From the first empty job to the last. */
  readonly ms: number;
  /** Processor time that the work took in this process. */
  readonly cpuMs: number;
}

const config = readConfig({ STRATUM_ALLOW_PRIVATE_WEBHOOKS: 'on' });

let stop = async (): Promise<void> => {};
let begun = process.cpuUsage();

answerParent<Working, Worked>(async (asked) => {
  let ms = 0;
  if (asked === 'stop') {
    await stop();
  } else {
    begun = process.cpuUsage();
    if ('deliverFrom' in asked) {
      stop = deliver(asked.deliverFrom);
    } else {
      ms = await doNothing(asked.databaseUrl, asked.emptyJobs);
    }
  }
  const { user, system } = process.cpuUsage(begun);
  return { ms, cpuMs: (user + system) / 1_000 };
});

/** As `stratum worker` does it. */
function deliver(databaseUrl: string): () => Promise<void> {
  const database = openDatabase({ ...config, url: databaseUrl, ...timeBudget(config.requestTimeoutMs) });
  const secrets = { encryptionKey: 'a key for benchmarks, nothing else', apiKeyHmacSecret: 'a secret for benchmarks' };
  const services = openServices({ config, database, ...secrets });
  const worker = openWorker({
    config,
    services,
    log: (level, message, details) =>
      level === 'error' && process.stderr.write(`${message} ${JSON.stringify(details)}\n`),
  });
  return async () => {
    await worker.stop();
    await database.close();
  };
}

/** The same worker with the same settings, and a task that has nothing to do. */
async function doNothing(connectionString: string, jobs: number): Promise<number> {
  let done = 0;
  let firstAt = 0;
  const { promise, resolve } = Promise.withResolvers<number>();
  const runner = await run({
    connectionString,
    maxPoolSize: 10,
    noPreparedStatements: true,
    concurrency: config.workerConcurrency,
    noHandleSignals: true,
    taskList: {
      nothing: () => {
        firstAt ||= performance.now();
        done += 1;
        if (done === jobs) {
          resolve(performance.now() - firstAt);
        }
      },
    },
  });
  const ms = await promise;
  await runner.stop();
  return ms;
}
