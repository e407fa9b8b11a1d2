import { setTimeout as sleep } from 'node:timers/promises';
import { type App, createApp } from '../app.ts';
import { borrowDatabase, type Database, openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { openTenants, type Tenants } from '../domain/isolation/open-tenants.ts';
import type { Query } from '../domain/isolation/setting.ts';
import { logInto } from '../start/log.ts';
import { findSecrets, openStorage } from '../start/storage.ts';
import { openWorker } from '../start/worker.ts';
import { timeBudget } from '../time-budget.ts';
import type { Chosen } from './choose-options.ts';
import { callsInto, linesInto } from './log.ts';

/** What a `Stratum` works with. */
export interface Installation {
  readonly app: App;
  /** The way to the rows of tenants; null without a pool for it. */
  readonly tenants: Tenants | null;
  /** Lets what runs finish, and gives everything back. */
  close(running: Iterable<Promise<unknown>>): Promise<void>;
}

type Undo = (running: Iterable<Promise<unknown>>) => Promise<unknown>;

/** Database, migrations, server, worker: in this order, and back again when one of them fails. */
export async function openInstallation(chosen: Chosen): Promise<Installation> {
  const { config, keyPrefix, logger, tenantPool } = chosen;
  const undo: Undo[] = [];
  const close = async (running: Iterable<Promise<unknown>>) => {
    for (const step of undo.splice(0).reverse()) {
      await step(running);
    }
  };
  try {
    const database = await openTables(chosen, undo);
    const ask: Query = (text, values = []) => database.query({ text, values });
    const tenants = tenantPool === undefined ? null : await openTenants(ask, tenantPool);
    const secrets = await findSecrets(config);
    const app = await createApp({
      config,
      database,
      ...secrets,
      ...(keyPrefix && { keyPrefix }),
      ...(logger && { logStream: linesInto(logger) }),
    });
    undo.push((running) =>
      Promise.race([Promise.allSettled(running), sleep(config.shutdownGraceMs, null, { ref: false })]),
    );
    undo.push(() => app.close());
    if (config.worker) {
      const worker = openWorker({ config, services: app.services, log: logInto(callsInto(logger)) });
      undo.push(() => worker.stop());
    }
    return { app, tenants, close };
  } catch (error) {
    await close([]);
    throw error;
  }
}

/** The database with its tables. */
async function openTables({ config, pool, logger }: Chosen, undo: Undo[]): Promise<Database> {
  const say = (line: string) => logger?.info(line);
  let database: Database;
  if (pool !== undefined) {
    database = borrowDatabase(pool);
  } else {
    const storage = await openStorage(config, say);
    undo.push(storage.close);
    database = openDatabase({ ...config, url: storage.url, ...timeBudget(config.requestTimeoutMs) });
  }
  undo.push(() => database.close());
  if (config.migrate) {
    await migrate(database.connection, say);
  }
  await assertTables(database);
  return database;
}

async function assertTables(database: Database): Promise<void> {
  const [row] = await database.query<{ there: boolean }>({
    text: `select to_regclass('tenants') is not null and to_regclass('events') is not null as there`,
    values: [],
  });
  if (row?.there !== true) {
    throw new Error('the database lacks the tables of Stratum: open it with autoMigrate, or run "stratum migrate"');
  }
}
