import type { AppOptions } from '../app.ts';
import type { Config } from '../config.ts';
import { keptSecret } from '../db/data-folder.ts';
import { startEmbedded } from '../db/embedded.ts';

/** The PostgreSQL to work on. */
export interface Storage {
  readonly url: string;
  /** Where the data lies, for people; no password. */
  readonly place: string;
  close(): Promise<void>;
}

/** The database of the configuration, or the embedded one, started for as long as this process lives. */
export async function openStorage({ databaseUrl, dataDir }: Config, say: (line: string) => void): Promise<Storage> {
  if (databaseUrl !== null) {
    const { host, pathname } = new URL(databaseUrl);
    return { url: databaseUrl, place: `the database ${pathname.slice(1)} on ${host}`, close: async () => {} };
  }
  const { url, dataDir: folder, stop } = await startEmbedded({ dataDir, log: say });
  return { url, place: `an embedded PostgreSQL in ${folder}`, close: stop };
}

/** The secrets of the configuration. Production doesn't start without them; elsewhere they are made once and kept. */
export async function findSecrets({
  dataDir,
  encryptionKey,
  apiKeyHmacSecret,
}: Config): Promise<Pick<AppOptions, 'encryptionKey' | 'apiKeyHmacSecret'>> {
  return {
    encryptionKey: encryptionKey ?? (await keptSecret(dataDir, 'encryption.key')),
    apiKeyHmacSecret: apiKeyHmacSecret ?? (await keptSecret(dataDir, 'api-keys.secret')),
  };
}
