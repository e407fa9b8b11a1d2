import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import type { Connection } from './database.ts';

/** Brings the schema of graphile-worker up to date: jobs are added by SQL, in the transactions of what they follow from. */
export async function migrateJobs(connection: Connection): Promise<void> {
  const pool = openJobsPool(connection, 1);
  try {
    await runMigrations({ pgPool: pool, noPreparedStatements: true });
  } finally {
    await pool.end();
  }
}

/**
 * Connections for Graphile Worker. It doesn't wait for its own to end, and no longer listens to them by then: a database that stops meanwhile,
 * as the embedded one does, would end the process.
 */
export function openJobsPool(connection: Connection, max: number): pg.Pool {
  const pool = new pg.Pool({ ...connection, max, application_name: 'stratum worker' });
  // A connection that breaks is reported by the statement that waits on it; an idle one is replaced by the next use.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
