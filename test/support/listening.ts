import { developmentKey } from '../../src/config.ts';
import { openApp } from './rest-app.ts';

/** A server with a database of its own that answers on a port, for what speaks to it as any program would. */
export interface Listening {
  readonly url: string;
  readonly apiKey: string;
  readonly databaseUrl: string;
  /** Hand-written SQL, past every door. */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export async function listen(): Promise<Listening> {
  const { app, database, close } = await openApp();
  const url = await app.server.listen({ host: '127.0.0.1', port: 0 });
  const query: Listening['query'] = async (text, values = []) => (await database.pool.query(text, [...values])).rows;
  return { url, apiKey: developmentKey, databaseUrl: database.pool.options.connectionString ?? '', query, close };
}
