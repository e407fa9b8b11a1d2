import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Environment } from './context.ts';

/** A file that says where Stratum answers, so that nobody has to type it. */
export interface ConnectionFile {
  readonly path: string;
  readonly url: string | undefined;
  readonly apiKey: string | undefined;
  /** Whether it lies in the folder the command was called in: it may be somebody else's work. */
  readonly isOfFolder: boolean;
}

const content = z.strictObject({ url: z.string().optional(), apiKey: z.string().min(1).optional() });

/** `stratum.config.json` of this folder, or else `stratum/config.json` of the user; null when there is neither. */
export async function readConnectionFile(env: Environment): Promise<ConnectionFile | null> {
  const own = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config');
  return (
    (await readOne(resolve('stratum.config.json'), true)) ?? (await readOne(join(own, 'stratum/config.json'), false))
  );
}

async function readOne(path: string, isOfFolder: boolean): Promise<ConnectionFile | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      return null;
    }
    throw new Error(`${path} can't be read: ${error.message}`);
  });
  if (text === null) {
    return null;
  }
  const { url, apiKey } = parse(path, text);
  if (apiKey !== undefined) {
    await assertPrivate(path);
  }
  return { path, url, apiKey, isOfFolder };
}

function parse(path: string, text: string): z.infer<typeof content> {
  try {
    return content.parse(JSON.parse(text));
  } catch (error) {
    // Not the error's own words: they may quote the key.
    throw new Error(`${path} must be a JSON object with "url", "apiKey" or both, as texts, and nothing else`, {
      cause: error,
    });
  }
}

/** A key that others on the machine can read isn't a secret any more. */
async function assertPrivate(path: string): Promise<void> {
  const { mode } = await stat(path);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new Error(`${path} holds a key and may be read by others: run chmod 600 '${path}'`);
  }
}
