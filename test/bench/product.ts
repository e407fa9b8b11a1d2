import pg from 'pg';
import { type Client, createClient } from '../../src/client/index.ts';
import { developmentKey } from '../../src/config.ts';
import { startChild } from './child.ts';
import type { Memory, Served, ServedAt } from './served.ts';

/** The whole server in a process of its own, on a database. */
export interface Product extends AsyncDisposable {
  readonly url: string;
  readonly databaseUrl: string;
  readonly client: Client;
  /** Hand-written SQL, past every door. */
  readonly sql: pg.Client;
  /** Processor time its process has used so far. */
  cpuMs(): Promise<number>;
  /** What its process needs of memory. */
  memory(): Promise<Memory>;
}

export const keyHeader = { 'X-API-Key': developmentKey };

export async function startProduct(databaseUrl: string): Promise<Product> {
  const child = startChild<Served, ServedAt>('served.ts');
  const sql = new pg.Client({ connectionString: databaseUrl });
  // A run that is ended early takes the database away first.
  sql.on('error', () => {});
  const { url } = await child.ask({ databaseUrl });
  await sql.connect();
  return {
    url,
    databaseUrl,
    client: createClient({ url, apiKey: developmentKey }),
    sql,
    cpuMs: async () => (await child.ask('usage')).cpuMs,
    memory: async () => (await child.ask('memory')).memory,
    [Symbol.asyncDispose]: async () => {
      await sql.end();
      await child[Symbol.asyncDispose]();
    },
  };
}

/** The only row that a statement gives. */
export async function one<Row extends pg.QueryResultRow>(
  sql: pg.Client,
  text: string,
  values: unknown[],
): Promise<Row> {
  const { rows } = await sql.query<Row>(text, values);
  if (rows[0] === undefined || rows.length > 1) {
    throw new Error(`${rows.length} rows where there must be one: ${text}`);
  }
  return rows[0];
}

/** What `work` takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
