import { runMigrations } from 'graphile-worker';

/** Brings the schema of graphile-worker up to date: jobs are added by SQL, in the transactions of what they follow from. */
export async function migrateJobs(databaseUrl: string): Promise<void> {
  await runMigrations({ connectionString: databaseUrl, noPreparedStatements: true });
}
