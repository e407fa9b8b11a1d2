import { keyPrefixOf, readConfig, settings } from '../config.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { createCall, type Services } from '../domain/call.ts';
import { createServices } from '../domain/services.ts';
import { createContext, type Context as GraphqlContext } from '../graphql/context.ts';
import { findSecrets } from '../start/storage.ts';
import type { Context } from './context.ts';
import { withDatabaseUrl } from './database.ts';

/** An installation that a command works on, past every server. */
export interface Installation {
  readonly database: Database;
  readonly services: Services;
  /** A context for one operation, by whoever may run this command on this database. */
  context(): GraphqlContext;
}

/** How long a command's own statements may take. */
const timeoutMs = 60_000;

/**
 * Opens the installation of the environment for as long as the work takes: its database, and its secrets, which outside production are those
 * of the data folder unless told.
 */
export async function withInstallation(
  context: Context,
  work: (installation: Installation) => Promise<void>,
): Promise<void> {
  const { secrets, prefix } = await secretsOf(context);
  await withDatabaseUrl(context, async (url) => {
    const database = openDatabase({ url, poolSize: 4, statementTimeoutMs: timeoutMs });
    const { encryptionKey, previousEncryptionKey, apiKeyHmacSecret } = secrets;
    const services = createServices({
      database,
      encryptionKeys: [encryptionKey, ...(previousEncryptionKey === null ? [] : [previousEncryptionKey])],
      apiKeys: { hmacSecret: apiKeyHmacSecret, prefix },
      limits: { maxDepth: 256, transactionTimeoutMs: timeoutMs, allowPrivateWebhooks: false },
    });
    const principal = { type: 'system', id: 'stratum keys', scopes: ['admin'], home: null } as const;
    try {
      const open = () => createContext(createCall(services, { principal, requestId: null, sourceIp: null }));
      await work({ database, services, context: open });
    } finally {
      await database.close();
    }
  });
}

const used = [
  settings.nodeEnv,
  settings.databaseUrl,
  settings.dataDir,
  settings.encryptionKey,
  settings.previousEncryptionKey,
  settings.apiKeyHmacSecret,
];

/** The same secrets as the server's, or keys would be made that it doesn't know. */
async function secretsOf({ env }: Context) {
  const config = readConfig(Object.fromEntries(used.map(({ name }) => [name, env[name]])));
  const { previousEncryptionKey } = config;
  return { secrets: { ...(await findSecrets(config)), previousEncryptionKey }, prefix: keyPrefixOf(config) };
}
