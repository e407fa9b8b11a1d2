import { runMigrations } from 'graphile-worker';
import pg from 'pg';

/** Brings the schema of graphile-worker up to date: jobs are added by SQL, in the transactions of what they follow from. */
export async function migrateJobs(databaseUrl: string): Promise<void> {
  const pgPool = openJobPool(databaseUrl, 2);
  try {
    await runMigrations({ pgPool, noPreparedStatements: true });
  } finally {
    await pgPool.end();
  }
}

/**
 * Connections for Graphile Worker. It doesn't wait for its own to end, and no longer listens to them by then: a database that stops meanwhile,
 * as the embedded one does, would end the process.
 */
export function openJobPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max, application_name: 'stratum worker' });
  return pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}));
}
