import { type Config, readConfig, settings } from '../config.ts';
import { findRunning } from '../db/embedded/running.ts';
import { startEmbedded } from '../db/embedded.ts';
import type { Context, Environment } from './context.ts';

/**
 * Runs `work` with the address of the database: DATABASE_URL, or the embedded one of the data folder. A server that runs on the
 * folder shares its database; otherwise it is started for as long as the work takes.
 */
export async function withDatabaseUrl({ env, note }: Context, work: (url: string) => Promise<void>): Promise<void> {
  const { databaseUrl, dataDir } = databaseConfig(env);
  const url = databaseUrl ?? (await findRunning(dataDir));
  if (url !== null) {
    return work(url);
  }
  await using server = await startEmbedded({ dataDir, log: note });
  await work(server.url);
}

/** Only what names the database: a command that needs no key must not ask for one. */
export function databaseConfig(env: Environment): Pick<Config, 'databaseUrl' | 'dataDir'> {
  const { databaseUrl, dataDir } = settings;
  const config = readConfig(Object.fromEntries([databaseUrl, dataDir].map(({ name }) => [name, env[name]])));
  if (config.databaseUrl === null && env[settings.nodeEnv.name] === 'production') {
    throw new Error(`${databaseUrl.name} is required when ${settings.nodeEnv.name} is production`);
  }
  return config;
}
