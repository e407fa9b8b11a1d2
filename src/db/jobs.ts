import { setTimeout as sleep } from 'node:timers/promises';
import { runMigrations } from 'graphile-worker';
import pg from 'pg';

/** Brings the schema of graphile-worker up to date: jobs are added by SQL, in the transactions of what they follow from. */
export async function migrateJobs(databaseUrl: string): Promise<void> {
  await runMigrations({ connectionString: databaseUrl, noPreparedStatements: true });
}

/** How long connections may take to say goodbye. */
const goodbyeMs = 1_000;

/** Has somebody take jobs over connections of their own, which are gone when that is over. */
export async function withJobPool(
  { url, max }: { readonly url: string; readonly max: number },
  work: (pool: pg.Pool) => Promise<void>,
): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max, application_name: 'stratum worker' });
  // Whoever takes jobs listens only as long as that goes on, and a connection may break later; a statement on it fails by itself.
  pool.on('error', () => {}).on('connect', (client) => void client.on('error', () => {}));
  try {
    await work(pool);
  } finally {
    await Promise.race([pool.end(), sleep(goodbyeMs, undefined, { ref: false })]);
  }
}
