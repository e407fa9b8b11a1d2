import { randomBytes } from 'node:crypto';
import { migrate } from '../../src/db/migrate.ts';
import { createDatabase, databaseNameOf, dropDatabase, openScratchServer } from '../support/scratch-server.ts';

/** A server to make databases on, and a migrated one to copy. */
export interface Postgres extends AsyncDisposable {
  readonly url: string;
  /** A new database with all tables and nothing in them; returns its URL. */
  create(): Promise<string>;
}

/** With the settings that `npm start` has, so that a commit waits for the disk as it does there. */
export async function openPostgres(): Promise<Postgres> {
  const server = await openScratchServer({});
  const prefix = `stratum_bench_${randomBytes(4).toString('hex')}`;
  const names: string[] = [];
  const create = async (template?: string) => {
    const name = `${prefix}_${names.length}`;
    names.push(name);
    return createDatabase(server.url, name, template);
  };
  const dispose = async () => {
    for (const name of names) {
      await dropDatabase(server.url, name);
    }
    await server.stop();
  };
  try {
    const template = await create();
    await migrate(template);
    return { url: server.url, create: () => create(databaseNameOf(template)), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
