import { Bench } from 'tinybench';
import { openDatabase } from '../../src/db/database.ts';
import { type Call, createCall, type Services } from '../../src/domain/call.ts';
import { resolve } from '../../src/domain/resolution.ts';
import { createServices } from '../../src/domain/services.ts';
import { readLineages } from '../../src/domain/tenants/lineage.ts';
import { createContext } from '../../src/graphql/context.ts';
import { schema } from '../../src/graphql/schema.ts';
import { configRoutes } from '../../src/rest/config.ts';
import { prepareOperation } from '../../src/rest/operation.ts';

/** What the parts of one read of config cost, one after the other in this process: statement, operation, rule, text. */
export async function costsOf(databaseUrl: string, ids: readonly string[], body: string): Promise<string[]> {
  const database = openDatabase({ url: databaseUrl });
  try {
    const services = createServices({
      database,
      encryptionKeys: ['a key for benchmarks, nothing else'],
      apiKeys: { hmacSecret: 'a secret to hash keys for tests', prefix: 'sk_test_' },
      limits: { maxDepth: 64, transactionTimeoutMs: 60_000, allowPrivateWebhooks: false },
    });
    return await measure(services, ids, JSON.parse(body));
  } finally {
    await database.close();
  }
}

async function measure(services: Services, ids: readonly string[], answer: unknown): Promise<string[]> {
  const { run } = prepareOperation(schema, configRoutes.find(({ path }) => path === '/tenants/:id/config')!);
  const entries = Array.from({ length: 6 }, () =>
    Array.from({ length: 20 }, (_, key) => ({ key: `feature.${key}`, locked: false })),
  );
  let turn = 0;
  const nextId = () => ids[turn++ % ids.length] ?? '';
  const bench = new Bench({ time: 1_000, warmupTime: 500 });
  bench
    .add('the statement of a lineage', () => readLineages(services, [nextId()]))
    .add('the statement of 50 lineages', () => readLineages(services, ids.slice(0, 50)))
    .add('the whole operation with its statement', () => run(createContext(callOf(services)), { id: nextId() }))
    .add('the rule: 6 levels with 20 keys each', () => void resolve(entries))
    .add('the answer as JSON text', () => void JSON.stringify(answer));
  await bench.run();
  return bench.tasks.map(({ name, result }) => {
    if (result.state !== 'completed') {
      throw new Error(`${name}: ${result.state}`, { cause: 'error' in result ? result.error : undefined });
    }
    return `${name}: ${Math.round(result.latency.p50 * 10_000) / 10} µs`;
  });
}

function callOf(services: Services): Call {
  const principal = { type: 'api_key', id: 'bench', scopes: ['admin'], home: null } as const;
  return createCall(services, { principal, requestId: null, sourceIp: null });
}
