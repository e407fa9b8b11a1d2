import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/prisma/client.ts';
import { createObservable, type StatementObserver } from './observe.ts';

/** How a database is reached, in the words of `pg`. */
export type Connection = pg.ClientConfig;

export interface DatabaseOptions {
  readonly url: string;
  /** Leads to the same database past a pooler, where there is one. */
  readonly directDatabaseUrl?: string | null;
  /** Connections at most, 2 or more; 20 unless told. */
  readonly poolSize?: number;
  /** PostgreSQL cancels a statement that runs longer; through a pooler it does what its login is set to (`alter role … set statement_timeout`). */
  readonly statementTimeoutMs?: number;
  /** How long a caller waits for a free or new connection. */
  readonly connectTimeoutMs?: number;
  /** Sees the text of every statement; tests count them. */
  readonly onStatement?: (text: string) => void;
}

/**
 * Two ways in, each with half of the connections: Prisma for models and transactions, `query` for hand-written reads where every
 * microsecond counts. So writers that wait for a busy tree never hold up readers.
 */
export interface Database {
  readonly prisma: PrismaClient;
  /** The connections of `query`. */
  readonly pool: pg.Pool;
  /** How to make one more connection, for what needs one of its own. */
  readonly connection: Connection;
  /** The same past a pooler, for what listens: there a connection is nobody's own. */
  readonly direct: Connection;
  /** Runs one statement (`Prisma.sql` makes them) on a connection of its own. `int8` is read as bigint and `timestamptz` as Date, as by Prisma. */
  query<Row extends object>(statement: { readonly text: string; readonly values: readonly unknown[] }): Promise<Row[]>;
  /** Lets somebody hear of every statement from now on. Costs nothing while nobody does. */
  observe(observer: StatementObserver): void;
  /** What the connections of both ways are doing right now. */
  connections(): Readonly<Record<'reads' | 'prisma', Connections>>;
  close(): Promise<void>;
}

/** How many connections wait for work, how many are at it, and how many callers wait for one. */
export interface Connections {
  readonly idle: number;
  readonly busy: number;
  readonly waiting: number;
}

export function openDatabase({
  url,
  directDatabaseUrl = null,
  poolSize = 20,
  statementTimeoutMs = 9_000,
  connectTimeoutMs = 5_000,
  onStatement,
}: DatabaseOptions): Database {
  const open = (max: number): pg.Pool => {
    const pool = new pg.Pool({
      connectionString: url,
      max,
      // A pooler refuses settings that come with a connection.
      ...(!isPooled(url) && { statement_timeout: statementTimeoutMs }),
      // A server that is frozen or out of reach cancels nothing: then we give up, and the connection with it.
      query_timeout: statementTimeoutMs + goneAfterMs,
      keepAlive: true,
      connectionTimeoutMillis: connectTimeoutMs,
      idleTimeoutMillis: 30_000,
      application_name: 'stratum',
    });
    // An idle connection that breaks is replaced by the next use; without a listener it would end the process.
    return pool.on('error', () => {});
  };
  const [pool, ofPrisma] = [open(Math.ceil(poolSize / 2)), open(Math.floor(poolSize / 2))];
  const observe = createObservable([pool, ofPrisma]);
  if (onStatement !== undefined) {
    observe((text) => void onStatement(text));
  }
  const over = databaseOver(pool, ofPrisma);
  return {
    ...over,
    connection: { connectionString: url },
    direct: { connectionString: directDatabaseUrl ?? url },
    observe,
    close: async () => {
      await over.close();
      await Promise.all([pool.end(), ofPrisma.end()]);
    },
  };
}

/**
 * The database behind a pool that somebody else has opened, which stays open. Its statements are not ours to watch, and how long one may
 * take is for the pool to say.
 */
export function borrowDatabase(pool: pg.Pool): Database {
  const ours = recognisable(pool);
  const connection = connectionOf(pool);
  return { ...databaseOver(ours, ours), connection, direct: connection, observe: () => {} };
}

function databaseOver(pool: pg.Pool, ofPrisma: pg.Pool): Omit<Database, 'connection' | 'direct' | 'observe'> {
  const prisma = new PrismaClient({
    adapter: new PrismaPg(ofPrisma, { disposeExternalPool: false, onPoolError: () => {} }),
  });
  return {
    prisma,
    pool,
    query: async ({ text, values }) => (await pool.query({ text, values: [...values], types })).rows,
    connections: () => ({ reads: connectionsOf(pool), prisma: connectionsOf(ofPrisma) }),
    close: () => prisma.$disconnect(),
  };
}

/** Prisma takes nothing for a pool that comes from another copy of `pg` than its own, as a program may well have one. */
function recognisable(pool: pg.Pool): pg.Pool {
  return new Proxy(pool, { getPrototypeOf: () => pg.Pool.prototype });
}

/** What the pool connects with. Its password is there, though it doesn't show. */
function connectionOf({ options }: pg.Pool): Connection {
  return { ...options, ...(options.password !== undefined && { password: options.password }) };
}

/** How much longer than the statement's own limit an answer may take before the server counts as gone. */
const goneAfterMs = 1_000;

/** Whether a URL leads to a pooler in transaction mode: said in the words of Prisma. */
function isPooled(url: string): boolean {
  return new URL(url).searchParams.get('pgbouncer') === 'true';
}

const [int8, timestamptz] = [20, 1184];

/** What a program around us may have changed for its own statements, for all of the process. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [int8]: BigInt,
  // `2026-11-23 23:10:01.08+00`, as ISO 8601 has it.
  [timestamptz]: (text) => new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')),
};

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => parsers[oid] ?? pg.types.getTypeParser(oid, format),
};

function connectionsOf({ idleCount, totalCount, waitingCount }: pg.Pool): Connections {
  return { idle: idleCount, busy: totalCount - idleCount, waiting: waitingCount };
}
