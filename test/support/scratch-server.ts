import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbedded } from '../../src/db/embedded.ts';

/** A server to make throw-away databases on. */
export interface ScratchServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** What survives a crash is not tested on it: it doesn't wait for the disk. */
const hasty = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** The server of `DATABASE_URL` if there is one, otherwise an embedded one in a temporary folder. */
export async function openScratchServer(settings: Readonly<Record<string, string>> = hasty): Promise<ScratchServer> {
  const given = process.env['STRATUM_TEST_DATABASE_URL'] || process.env['DATABASE_URL'];
  if (given) {
    return { url: given, stop: async () => {} };
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'stratum-test-'));
  const removeFolder = () => rm(dataDir, { recursive: true, force: true });
  try {
    const server = await startEmbedded({ dataDir, settings });
    return { url: server.url, stop: () => server.stop().finally(removeFolder) };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** Makes a database on a server, as a copy of another one there, and returns its URL. */
export async function createDatabase(serverUrl: string, name: string, template = 'template0'): Promise<string> {
  await run(serverUrl, `create database ${name} template ${template}`);
  return withDatabaseName(serverUrl, name);
}

export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await run(serverUrl, `drop database if exists ${name} with (force)`);
}

/** The names of a server's databases that begin with `prefix`. */
export async function databasesNamed(serverUrl: string, prefix: string): Promise<string[]> {
  const rows = await run(serverUrl, `select datname from pg_database where starts_with(datname, '${prefix}')`);
  return rows.map(({ datname }) => datname);
}

export function withDatabaseName(url: string, name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

export function databaseNameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

async function run(url: string, sql: string): Promise<{ datname: string }[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ datname: string }>(sql)).rows;
  } finally {
    await client.end();
  }
}
