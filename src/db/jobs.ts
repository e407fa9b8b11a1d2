import { runMigrations } from 'graphile-worker';
import pg from 'pg';

/** Brings the schema of graphile-worker up to date: jobs are added by SQL, in the transactions of what they follow from. */
export async function migrateJobs(databaseUrl: string): Promise<void> {
  // Connections of its own it forgets before they are closed: one that the database then cuts off would end this process.
  const pgPool = new pg.Pool({ connectionString: databaseUrl, max: 1, application_name: 'stratum migrate' });
  pgPool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}));
  try {
    await runMigrations({ pgPool, noPreparedStatements: true });
  } finally {
    await pgPool.end();
  }
}
