import pg from 'pg';

/** Runs statements on one connection. */
export interface DatabaseSession {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** The connection itself, for what goes by the terms of `pg`. */
  readonly client: pg.Client;
}

/** Runs `work` with a connection of its own, on which a statement may take as long as it takes. */
export async function withSession<Result>(
  url: string,
  work: (session: DatabaseSession) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url, application_name: 'stratum', connectionTimeoutMillis: 10_000 });
  client.on('error', () => {}); // it also fails the statement that waits on it
  await client.connect();
  try {
    return await work({ client, query: async (text, values = []) => (await client.query(text, [...values])).rows });
  } finally {
    await client.end().catch(() => {});
  }
}
