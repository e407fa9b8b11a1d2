import { type App, createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { type TimeBudget, timeBudget } from '../../src/time-budget.ts';
import { cloneDatabase } from './template-database.ts';

/** The whole server in this process, on a database of its own. */
export interface OpenApp {
  readonly app: App;
  readonly database: Database;
  /** Every statement that was sent to the database, in order. */
  readonly statements: string[];
  close(): Promise<void>;
}

export interface OpenAppOptions {
  /** Variables of the environment, over those of a quiet server that takes its time. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A database to use instead of a new one; it stays when the app is closed. */
  readonly databaseUrl?: string;
  /** Other times than those that follow from the time of a request. */
  readonly times?: Partial<TimeBudget>;
  /** Hears every line of the log. */
  readonly onLog?: (line: string) => void;
}

/** Machines that run tests are busy: nothing is to fail because it was slow, unless the test is about that. */
const quiet = { STRATUM_LOG_LEVEL: 'silent', REQUEST_TIMEOUT_MS: '60000' };

/** What the server seals and hashes with. */
export const secrets = {
  encryptionKey: 'an encryption key for tests alone',
  apiKeyHmacSecret: 'a secret to hash the keys of tests',
};

export async function openApp({ settings, databaseUrl, times, onLog }: OpenAppOptions = {}): Promise<OpenApp> {
  const scratch = databaseUrl === undefined ? await cloneDatabase() : { url: databaseUrl, drop: async () => {} };
  const config = readConfig({ ...quiet, ...settings });
  const statements: string[] = [];
  const database = openDatabase({
    url: scratch.url,
    poolSize: config.poolSize,
    ...timeBudget(config.requestTimeoutMs),
    ...times,
    onStatement: (text) => statements.push(text),
  });
  const logStream = onLog === undefined ? {} : { logStream: { write: onLog } };
  const app = await createApp({ config, database, ...secrets, ...logStream });
  const close = async () => {
    await app.close();
    await database.close();
    await scratch.drop();
  };
  return { app, database, statements, close };
}
