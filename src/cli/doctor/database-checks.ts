import { Prisma } from '../../db/generated/prisma/client.ts';
import { type AppliedRow, MigrationError, migrationsFolder, pendingOf, selectApplied } from '../../db/migrate.ts';
import { readMigrations } from '../../db/migrations.ts';
import { count } from '../count.ts';
import { bad, type Check, type Finding, good, none, type Patient } from './check.ts';

/** What `server_version_num` begins with for the oldest PostgreSQL that will do. */
const oldestVersion = 150_000;

export const connection: Check = {
  name: 'connection',
  level: 'failure',
  essential: true,
  advice: 'start PostgreSQL, or set DATABASE_URL to one that answers; "stratum dev" starts one of its own',
  examine: async ({ query }) => {
    const began = performance.now();
    await query(Prisma.sql`select 1`);
    return good(`the database answers in ${Math.ceil(performance.now() - began)} ms`);
  },
};

export const postgresVersion: Check = {
  name: 'postgres-version',
  level: 'failure',
  essential: true,
  advice: 'move the data to PostgreSQL 15 or later',
  examine: async ({ query }) => {
    const [server] = await query<{ number: number; name: string }>(Prisma.sql`
      select current_setting('server_version_num')::int as number, current_setting('server_version') as name`);
    const detail = `PostgreSQL ${server?.name}`;
    return (server?.number ?? 0) >= oldestVersion ? good(detail) : bad(detail);
  },
};

export const migrations: Check = {
  name: 'migrations',
  level: 'failure',
  essential: true,
  advice: 'run "stratum migrate" with the version that the servers run',
  examine: examineMigrations,
};

async function examineMigrations({ query }: Patient): Promise<Finding> {
  const known = await readMigrations(migrationsFolder);
  const applied = await query<AppliedRow>({ text: selectApplied, values: [] });
  try {
    const pending = pendingOf(known, applied);
    const newer = applied.filter(({ migration_name: name }) => !known.some((migration) => migration.name === name));
    if (pending.length > 0) {
      return bad(`not applied: ${pending.map(({ name }) => name).join(', ')}`);
    }
    return newer.length > 0
      ? bad(`applied by a later version: ${newer.map(({ migration_name: name }) => name).join(', ')}`)
      : good(`all ${count(known.length, 'migration')} applied`);
  } catch (error) {
    if (error instanceof MigrationError) {
      return bad(error.message);
    }
    throw error;
  }
}

/** Tables of the application in the same database; of ours only the ledger has such a column. */
export const rowSecurity: Check = {
  name: 'row-security',
  level: 'warning',
  advice:
    'run "stratum isolate add" for each, or give it forced row-level security of your own: any query can read the rows of any tenant',
  examine: none(
    'table',
    'with tenant_id but without enforced row-level security',
    Prisma.sql`
      select c.oid::regclass::text as id from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
      where c.relkind in ('r', 'p') and c.oid <> 'events'::regclass
        and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema|graphile_worker)'
        and not (c.relrowsecurity and c.relforcerowsecurity and exists (select from pg_policy p where p.polrelid = c.oid))`,
  ),
};
