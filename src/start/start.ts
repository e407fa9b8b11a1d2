import { setTimeout as sleep } from 'node:timers/promises';
import { type App, createApp } from '../app.ts';
import type { Config } from '../config.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import type { Outcome } from '../domain/webhooks/attempt.ts';
import { timeBudget } from '../time-budget.ts';
import type { Worker } from '../workers/worker.ts';
import { banner } from './banner.ts';
import { listen } from './listen.ts';
import { logInto } from './log.ts';
import { findSecrets, openStorage } from './storage.ts';
import { openWorker } from './worker.ts';

/** A server that listens. */
export interface Running {
  /** Finishes what runs, within the configured grace, and gives everything back. */
  stop(): Promise<void>;
}

/** How long the database's connections may take to say goodbye. */
const goodbyeMs = 1_000;

/** Database, migrations, app, port: in this order, and back again when one of them fails. */
export async function start(config: Config, say: (line: string) => void): Promise<Running> {
  const cleanup: (() => Promise<void>)[] = [];
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= inReverse(cleanup);
    return stopped;
  };
  try {
    const storage = await openStorage(config, say);
    cleanup.push(storage.close);
    if (config.migrate) {
      await migrate(storage.url, say);
    }
    const database = openDatabase({ ...config, url: storage.url, ...timeBudget(config.requestTimeoutMs) });
    cleanup.push(() => closeDatabase(database));
    await assertReachable(database);
    const app = await createApp({ config, database, ...(await findSecrets(config)) });
    let worker: Worker | null = null;
    // Both at once: nothing new is taken while the worker waits for receivers.
    cleanup.push(async () => void (await Promise.all([closeApp(app, config.shutdownGraceMs), worker?.stop()])));
    if (config.worker) {
      const { services, metrics, server } = app;
      const onAttempt = metrics && ((outcome: Outcome, seconds: number) => metrics.delivery(outcome, seconds));
      worker = openWorker({ config, services, log: logInto(server.log), onAttempt });
    }
    const url = await listen(app.server, config);
    say(banner({ url, place: storage.place, config }));
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function inReverse(cleanup: readonly (() => Promise<void>)[]): Promise<void> {
  for (const undo of cleanup.toReversed()) {
    await undo();
  }
}

/** Better than a server that starts and can't serve. */
async function assertReachable(database: Database): Promise<void> {
  await database.query({ text: 'select 1', values: [] });
}

async function closeApp(app: App, graceMs: number): Promise<void> {
  const cut = setTimeout(() => {
    app.server.log.warn('the time for requests to finish is over: connections are closed');
    app.server.server.closeAllConnections();
  }, graceMs);
  await app.close();
  clearTimeout(cut);
}

/** A connection whose request was cut off may still wait for the database, which rolls back what it was doing. */
async function closeDatabase(database: Database): Promise<void> {
  await Promise.race([database.close(), sleep(goodbyeMs, undefined, { ref: false })]);
}
