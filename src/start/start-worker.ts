import { pino } from 'pino';
import { openServices } from '../app.ts';
import type { Config } from '../config.ts';
import { openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { timeBudget } from '../time-budget.ts';
import { logInto } from './log.ts';
import type { Running } from './start.ts';
import { findSecrets } from './storage.ts';
import { openWorker } from './worker.ts';

/** A worker without a server: for installations that give what goes on behind requests to processes of their own. */
export async function startWorkerAlone(config: Config, say: (line: string) => void): Promise<Running> {
  const { databaseUrl } = config;
  if (databaseUrl === null) {
    throw new Error('DATABASE_URL is not set: an embedded database belongs to the server, which works on it itself');
  }
  if (config.migrate) {
    await migrate(databaseUrl, say);
  }
  const database = openDatabase({ ...config, url: databaseUrl, ...timeBudget(config.requestTimeoutMs) });
  const services = openServices({ config, database, ...(await findSecrets(config)) });
  const worker = openWorker({ config, services, log: logInto(pino({ level: config.logLevel })) });
  say('stratum: the worker is ready');
  return {
    stop: async () => {
      await worker.stop();
      await database.close();
    },
  };
}
