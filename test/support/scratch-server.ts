import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '../../src/db/embedded.ts';

export {
  createDatabase,
  databaseNameOf,
  databasesNamed,
  dropDatabase,
} from '../../src/db/throwaway-databases.ts';

/** A server to make throw-away databases on. */
export interface ScratchServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** What survives a crash is not tested on it: it doesn't wait for the disk. */
const hasty = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** The server of `DATABASE_URL` if there is one, otherwise an embedded one in a temporary folder. */
export async function openScratchServer(settings: Readonly<Record<string, string>> = hasty): Promise<ScratchServer> {
  const given = process.env['STRATUM_TEST_DATABASE_URL'] || process.env['DATABASE_URL'];
  if (given) {
    return { url: given, stop: async () => {} };
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'stratum-test-'));
  const removeFolder = () => rm(dataDir, { recursive: true, force: true });
  try {
    const server = await startEmbedded({ dataDir, settings });
    return { url: server.url, stop: () => server.stop().finally(removeFolder) };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
