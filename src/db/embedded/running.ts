import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { urlOf } from './address.ts';
import { database, user } from './cluster.ts';
import { findOwner } from './owner.ts';
import { isThere, rememberedPlace, rememberedPort } from './place.ts';

/**
 * The database that another living process runs on a data folder, for commands that work beside a server. Null when nobody does.
 * Asking makes and changes nothing.
 */
export async function findRunning(dataDir: string): Promise<string | null> {
  const port = await rememberedPort(dataDir);
  if (port === null || (await findOwner(dataDir)) === null) {
    return null;
  }
  const password = (await readFile(join(await rememberedPlace(dataDir), 'postgres.password'), 'utf8')).trim();
  return urlOf({ port, socketFolder: null, release: async () => {} }, { user, password, database });
}

/** Whether there is a database in a data folder, running or not. Asking makes and changes nothing. */
export async function hasEmbedded(dataDir: string): Promise<boolean> {
  return isThere(join(await rememberedPlace(dataDir), 'postgres'));
}
