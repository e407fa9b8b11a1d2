import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import type { Connection } from './database.ts';
import { migrateJobs } from './jobs.ts';
import { type Migration, readMigrations } from './migrations.ts';

/** Where this package keeps its migrations: the same way up from `src/db` and from `dist/db`. */
export const migrationsFolder = join(import.meta.dirname, '../../prisma/migrations');

/** The lock and the table are Prisma's own, so that `prisma migrate deploy` and this runner exclude and understand each other. */
const lockKey = 72707369;
const lockTimeoutMs = 60_000;
const connectTimeoutMs = 10_000;

/** For a transaction alone, as all settings here. */
const limits = `set local statement_timeout = 0; set local lock_timeout = ${lockTimeoutMs}`;

const createBookkeeping = `
  create table if not exists _prisma_migrations (
    id varchar(36) primary key not null,
    checksum varchar(64) not null,
    finished_at timestamptz,
    migration_name varchar(255) not null,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz not null default now(),
    applied_steps_count integer not null default 0
  )`;

/** Reads the books of a database: rows of `AppliedRow`. */
export const selectApplied = `
  select migration_name, checksum, finished_at is not null as finished
  from _prisma_migrations where rolled_back_at is null order by started_at`;

/** A migration in the books of a database. */
export interface AppliedRow {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

/** A migration that can't be applied, or one that no longer is what was applied. */
export class MigrationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MigrationError';
  }
}

/**
 * Applies what the database (by its URL, or the options of `pg`) lacks, in order, each migration in a transaction of its own. Several processes may call it at once:
 * one works, the others wait for it and find nothing to do.
 * @returns The names of the migrations applied now.
 * @throws {MigrationError} When one fails (nothing of it stays), or when an applied one was changed on disk.
 */
export async function migrate(
  database: string | Connection,
  log: (line: string) => void = () => {},
  folder = migrationsFolder,
): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const connection = typeof database === 'string' ? { connectionString: database } : database;
  // Two connections, since what is migrated has transactions of its own.
  const [keeper, client] = [clientOf(connection), clientOf(connection)];
  try {
    await Promise.all([keeper.connect(), client.connect()]);
    await lock(keeper);
    const pending = pendingOf(migrations, await readApplied(client));
    for (const migration of pending) {
      await keeper.query('select 1'); // throws when the lock is lost
      await apply(client, migration);
      log(`applied migration ${migration.name}`);
    }
    await migrateJobs(connection);
    return pending.map(({ name }) => name);
  } finally {
    // The end of the transaction gives the lock back.
    await Promise.all([keeper, client].map((one) => one.end().catch(() => {})));
  }
}

function clientOf(connection: Connection): pg.Client {
  const client = new pg.Client({
    ...connection,
    application_name: 'stratum migrate',
    connectionTimeoutMillis: connectTimeoutMs,
  });
  // A connection that breaks also fails the statement that waits on it; that is where it is reported.
  return client.on('error', () => {});
}

/** Held by a transaction, not by a session: through a pooler, that belongs to others too. */
async function lock(client: pg.Client): Promise<void> {
  await client.query(`begin; ${limits}; set local idle_in_transaction_session_timeout = 0`);
  try {
    await client.query('select pg_advisory_xact_lock($1)', [lockKey]);
  } catch (error) {
    const message = `another process has held the migration lock for ${lockTimeoutMs / 1000} seconds`;
    throw new MigrationError(`${message}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * The migrations that a database with these books lacks.
 * @throws {MigrationError} When one was begun and never finished, or changed after it had been applied.
 */
export function pendingOf(migrations: readonly Migration[], rows: readonly AppliedRow[]): Migration[] {
  const applied = new Map(rows.map((row) => [row.migration_name, row]));
  const unfinished = [...applied.values()].find(({ finished }) => !finished);
  if (unfinished !== undefined) {
    const advice = 'repair the database and settle it with "prisma migrate resolve"';
    throw new MigrationError(
      `migration ${unfinished.migration_name} was begun by another tool and never finished; ${advice}`,
    );
  }
  const changed = migrations.find(({ name, checksums }) => {
    const row = applied.get(name);
    return row !== undefined && !checksums.includes(row.checksum);
  });
  if (changed !== undefined) {
    const advice = 'restore the file and put the change into a new migration';
    throw new MigrationError(
      `migration ${changed.name} was changed after it had been applied (${changed.file}); ${advice}`,
    );
  }
  return migrations.filter(({ name }) => !applied.has(name));
}

async function readApplied(client: pg.Client): Promise<AppliedRow[]> {
  await client.query(`begin; set local client_min_messages = warning; ${createBookkeeping}; commit`);
  const { rows } = await client.query<AppliedRow>(selectApplied);
  return rows;
}

async function apply(client: pg.Client, { name, sql, checksums: [checksum] }: Migration): Promise<void> {
  try {
    await client.query(`begin; ${limits}`);
    const transaction = await transactionOf(client);
    await client.query(sql);
    if ((await transactionOf(client)) !== transaction) {
      throw new MigrationError(`migration ${name} ends its own transaction: what it has done may stay, half done`);
    }
    await client.query(
      `insert into _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
       values ($1, $2, clock_timestamp(), $3, 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    if (error instanceof MigrationError) {
      throw error;
    }
    throw new MigrationError(`migration ${name} failed and was undone: ${messageOf(error)}${lineOf(error, sql)}`, {
      cause: error,
    });
  }
}

async function transactionOf(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>('select pg_current_xact_id()::text as id');
  return rows[0]?.id;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** PostgreSQL counts characters; a person looks for a line. */
function lineOf(error: unknown, sql: string): string {
  const position = error instanceof pg.DatabaseError ? Number(error.position) : Number.NaN;
  return Number.isNaN(position) ? '' : ` (line ${sql.slice(0, position).split('\n').length})`;
}
