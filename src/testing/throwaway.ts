import { createHash, randomBytes } from 'node:crypto';
import { version } from '../app.ts';
import { migrate, migrationsFolder } from '../db/migrate.ts';
import { readMigrations } from '../db/migrations.ts';
import { createDatabase, databaseOnce, dropDatabase } from '../db/throwaway-databases.ts';

/** A migrated, empty database of one's own. */
export interface Throwaway {
  readonly url: string;
  drop(): Promise<void>;
}

/** Copies a database that is migrated once for each server and version of the migrations: a matter of milliseconds. */
export async function createThrowaway(serverUrl: string): Promise<Throwaway> {
  const template = `stratum_template_${await fingerprint()}`;
  await databaseOnce(serverUrl, template, async (url) => void (await migrate(url)));
  const name = `stratum_test_${randomBytes(8).toString('hex')}`;
  const url = await createDatabase(serverUrl, name, template);
  return { url, drop: () => dropDatabase(serverUrl, name) };
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256').update(`${version}\n`); // which also says what the packages bring that have tables of their own
  for (const { name, checksums } of await readMigrations(migrationsFolder)) {
    hash.update(`${name} ${checksums[0]}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}
