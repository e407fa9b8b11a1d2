import { createApp } from '../../src/app.ts';
import type { Authenticate } from '../../src/auth/authenticate.ts';
import { readConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/db/database.ts';
import { createServer } from '../../src/http/server.ts';
import { timeBudget } from '../../src/time-budget.ts';
import { answerParent } from './child.ts';

/** What to serve: the product on a database, or one body under every address. Or nothing new: how much was used. */
export type Served =
  | { readonly databaseUrl: string; readonly letsEverybodyIn?: boolean }
  | { readonly constantBody: string }
  | 'usage'
  | 'memory';

export interface ServedAt {
  /** Where it is served. */
  readonly url: string;
  /** Processor time of this process so far. */
  readonly cpuMs: number;
  /** Memory of this process and the objects in it, in bytes; without what nothing needs any more when that was the question. */
  readonly memory: Memory;
}

export interface Memory {
  /** What the process has from the system, which it gives back late. */
  readonly resident: number;
  readonly heap: number;
}

/**
 * As in production, except that nothing is given up because a machine is slow, or refused because it is fast, and webhooks may go to this machine.
 * The log goes where standard output goes.
 */
const config = readConfig({
  REQUEST_TIMEOUT_MS: '120000',
  RATE_LIMIT_MAX: '999999999',
  STRATUM_LIVE_MAX: '100000',
  STRATUM_ALLOW_PRIVATE_WEBHOOKS: 'on',
});

let url = '';

answerParent<Served, ServedAt>(async (served) => {
  if (served === 'memory') {
    globalThis.gc?.();
  } else if (served !== 'usage') {
    const server = 'databaseUrl' in served ? await serveProduct(served) : serveConstant(served.constantBody);
    url = await server.listen({ host: '127.0.0.1', port: 0 });
  }
  const { user, system } = process.cpuUsage();
  const { rss: resident, heapUsed: heap } = process.memoryUsage();
  return { url, cpuMs: (user + system) / 1_000, memory: { resident, heap } };
});

async function serveProduct({ databaseUrl: url, letsEverybodyIn }: Extract<Served, { databaseUrl: string }>) {
  const database = openDatabase({ ...config, url, ...timeBudget(config.requestTimeoutMs) });
  const secrets = { encryptionKey: 'a key for benchmarks, nothing else', apiKeyHmacSecret: 'a secret for benchmarks' };
  const { server } = await createApp({ config, database, ...secrets, ...(letsEverybodyIn && { authenticate: letIn }) });
  return server;
}

/** For whoever comes: what a server costs that asks nobody who they are. */
const letIn: Authenticate = async (arrival) => ({
  principal: { type: 'system', id: 'anybody', scopes: ['admin'], home: null },
  assertInUse: () => {},
  recheck: () => letIn(arrival),
});

function serveConstant(body: string) {
  const server = createServer(config);
  server.get('/*', async (_request, reply) => reply.type('application/json; charset=utf-8').send(body));
  return server;
}
