import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes sure of the folder for everything this installation keeps, and returns its real path. A new one (or an empty one, which holds
 * nothing to protect) is opened no further than needed: only its owner may list it, and when that is root others may pass through,
 * because the database's account must reach its cluster inside. Secrets in it are closed by themselves.
 */
export async function prepareDataFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = await realpath(folder);
  if ((await readdir(path)).length === 0 && (await stat(path)).uid === process.getuid?.()) {
    await chmod(path, process.getuid?.() === 0 ? 0o711 : 0o700);
  }
  return path;
}

/**
 * A random secret that is made once and then read again, in a file that only its owner may read. When two processes make it at the
 * same moment, both get the one that was first.
 */
export async function keptSecret(dataDir: string, name: string): Promise<string> {
  const file = join(await prepareDataFolder(dataDir), name);
  const kept = await readSecret(file);
  if (kept !== null) {
    return kept;
  }
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(temporary, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
  try {
    await link(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  } finally {
    await rm(temporary, { force: true });
  }
  return (await readFile(file, 'utf8')).trim();
}

/** The same if it has been made; null otherwise. Asking makes nothing. */
export function findSecret(dataDir: string, name: string): Promise<string | null> {
  return readSecret(join(dataDir, name));
}

async function readSecret(file: string): Promise<string | null> {
  try {
    const secret = (await readFile(file, 'utf8')).trim();
    if (secret === '') {
      throw new Error(`${file} is empty: restore it, or remove it and lose what was encrypted with it`);
    }
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return null;
    }
    throw error;
  }
}
