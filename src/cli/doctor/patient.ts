import { type Config, ConfigError, readConfig } from '../../config.ts';
import { findSecret } from '../../db/data-folder.ts';
import { openDatabase } from '../../db/database.ts';
import { hasEmbedded } from '../../db/embedded/running.ts';
import { createSecretBox, type SecretBox } from '../../domain/secrets.ts';
import type { Context, Environment } from '../context.ts';
import { databaseConfig, withDatabaseUrl } from '../database.ts';
import type { Patient } from './check.ts';

/** How long one check may take. */
const timeoutMs = 60_000;

/** Runs `work` with the installation of the environment, and makes nothing where there is none. */
export async function withPatient(context: Context, work: (patient: Patient) => Promise<void>): Promise<void> {
  const { config, configProblems } = configOf(context.env);
  const secrets = config === null ? null : await secretsOf(config);
  let met = false;
  try {
    await assertDatabase(context.env);
    await withDatabaseUrl(context, async (url) => {
      const database = openDatabase({ url, poolSize: 2, statementTimeoutMs: timeoutMs });
      met = true;
      await work({ query: database.query, config, configProblems, secrets }).finally(() => database.close());
    });
  } catch (error) {
    if (met) {
      throw error;
    }
    await work({ query: () => Promise.reject(error), config, configProblems, secrets });
  }
}

function configOf(env: Environment): Pick<Patient, 'config' | 'configProblems'> {
  try {
    return { config: readConfig(env), configProblems: [] };
  } catch (error) {
    if (error instanceof ConfigError) {
      return { config: null, configProblems: error.problems };
    }
    throw error;
  }
}

async function secretsOf({ encryptionKey, previousEncryptionKey, dataDir }: Config): Promise<SecretBox | null> {
  const current = encryptionKey ?? (await findSecret(dataDir, 'encryption.key'));
  const [first, ...others] = [current, previousEncryptionKey].filter((key) => key !== null);
  return first === undefined ? null : createSecretBox([first, ...others]);
}

/** Looking must not make a database. */
async function assertDatabase(env: Environment): Promise<void> {
  const { databaseUrl, dataDir } = databaseConfig(env);
  if (databaseUrl === null && !(await hasEmbedded(dataDir))) {
    throw new Error(`DATABASE_URL is not set, and ${dataDir} holds no embedded database`);
  }
}
