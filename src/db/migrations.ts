import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One folder of `prisma/migrations`. */
export interface Migration {
  readonly name: string;
  readonly file: string;
  readonly sql: string;
  /** SHA-256 of the file, the one to record first; then of the same text with the other line ends, which git may have changed. */
  readonly checksums: readonly [string, ...string[]];
}

/** The migrations of a folder, in the order of their names. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(names.sort().map((name) => readMigration(folder, name)));
}

async function readMigration(folder: string, name: string): Promise<Migration> {
  const file = join(folder, name, 'migration.sql');
  const sql = await readFile(file, 'utf8');
  const unix = sql.replaceAll('\r\n', '\n');
  return { name, file, sql, checksums: [sha256(sql), sha256(unix), sha256(unix.replaceAll('\n', '\r\n'))] };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
