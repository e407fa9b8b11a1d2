import pg from 'pg';
import { Stratum, type StratumOptions } from '../../src/index.ts';
import { secrets } from './rest-app.ts';
import { cloneDatabase } from './template-database.ts';

/** Opens every door of the server that a library mounts. */
export const bootstrapKey = 'sk_live_bootstrap_of_tests_alone';

/** A library on the pool of its host, and the host itself. */
export interface LibraryWorld extends AsyncDisposable {
  readonly stratum: Stratum;
  readonly pool: pg.Pool;
  readonly url: string;
  /** What REST answers, through the server that the library mounts. */
  rest(method: string, path: string, body?: unknown): Promise<unknown>;
}

export async function openLibrary(options: StratumOptions = {}): Promise<LibraryWorld> {
  const { url, drop } = await cloneDatabase();
  // As every host has to: otherwise a connection that breaks while nobody uses it ends the process.
  const pool = new pg.Pool({ connectionString: url }).on('error', () => {});
  const stratum = new Stratum({ pool, ...secrets, bootstrapKey, requestTimeoutMs: 60_000, ...options });
  return {
    stratum,
    pool,
    url,
    rest: async (method, path, body) => {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const headers = { 'x-api-key': bootstrapKey, ...(body !== undefined && { 'content-type': 'application/json' }) };
      const request = new Request(`http://host.test/api/v1${path}`, { method, headers, ...sent });
      const text = await (await stratum.app.fetch(request)).text();
      return text === '' ? null : JSON.parse(text);
    },
    [Symbol.asyncDispose]: async () => {
      await stratum.close();
      await pool.end();
      await drop();
    },
  };
}
