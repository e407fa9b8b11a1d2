import { withSession } from './session.ts';

/** Makes a database on a server, as a copy of another one there, and returns its URL. Nobody may be connected to what is copied. */
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

/**
 * A database that is made once on a server, however many ask for it at a time, and filled before anybody sees it.
 * @param fill Is given the URL of the empty database; it has to leave it.
 */
export async function databaseOnce(
  serverUrl: string,
  name: string,
  fill: (url: string) => Promise<void>,
): Promise<void> {
  await withSession(serverUrl, async ({ query }) => {
    await query('select pg_advisory_lock(hashtextextended($1, 0))', [name]); // ends with the connection
    const made = await query('select 1 from pg_database where datname = $1', [name]);
    if (made.length === 0) {
      const unfinished = `${name}_unfinished`;
      await query(`drop database if exists ${unfinished} with (force)`);
      await query(`create database ${unfinished} template template0`);
      await fill(withDatabaseName(serverUrl, unfinished));
      await query(`alter database ${unfinished} rename to ${name}`);
    }
  });
}

export function withDatabaseName(url: string, name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

export function databaseNameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

function run(url: string, sql: string): Promise<{ datname: string }[]> {
  return withSession(url, ({ query }) => query<{ datname: string }>(sql));
}
