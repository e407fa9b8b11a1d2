import { randomUUID } from 'node:crypto';
import { createApp } from '../../src/app.ts';
import { developmentKey, readConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/db/database.ts';
import { timeBudget } from '../../src/time-budget.ts';
import { growSubtree } from '../support/grow-subtree.ts';
import type { Budget, Result } from './budget.ts';

const limit = 4;
const resolved = 'resolvedConfig { key value } resolvedPermissions { key value }';

/** How many statements the config and permissions of N tenants in one query cost, with nothing in any cache. */
export const statements: Budget = async ({ postgres }) => {
  const databaseUrl = await postgres.create();
  const ids = await makeTenants(databaseUrl, 500);
  const results: Result[] = [];
  for (const count of [1, 10, 500]) {
    const fields = ids.slice(0, count).map((id, index) => `t${index}: tenant(id: "${id}") { ${resolved} }`);
    results.push(resultOf(`${count} by id`, await countStatements(databaseUrl, `{ ${fields.join(' ')} }`)));
  }
  const page = await countStatements(databaseUrl, `{ tenants(first: 100) { nodes { ${resolved} } } }`);
  return [...results, resultOf('a page of 100', page)];
};

function resultOf(tenants: string, count: number): Result {
  return {
    what: `resolved config and permissions of tenants in one query: ${tenants}`,
    measured: `${count} statements`,
    baseline: '',
    ratio: '',
    limit: `≤ ${limit}`,
    ok: count <= limit,
  };
}

/** A tree where every tenant has an entry and a policy of its own. */
async function makeTenants(url: string, count: number): Promise<string[]> {
  const database = openDatabase({ url });
  try {
    const root = randomUUID();
    await database.pool.query(
      `insert into tenants (id, slug, name, sort_order, revision) values ($1, 'root', 'Root', 0, 1)`,
      [root],
    );
    await growSubtree(database, root, count - 1);
    await database.pool.query(`
      insert into config_entries (id, tenant_key, root_id, key, value, revision) select gen_random_uuid(), key, root_id, 'max_users', '5', 1 from tenants;
      insert into permission_policies (id, tenant_key, root_id, key, value, revision) select gen_random_uuid(), key, root_id, 'invite', 'true', 1 from tenants`);
    const { rows } = await database.pool.query<{ id: string }>('select id from tenants order by path');
    return rows.map((row) => row.id);
  } finally {
    await database.close();
  }
}

async function countStatements(url: string, query: string): Promise<number> {
  const config = readConfig({ STRATUM_LOG_LEVEL: 'silent', REQUEST_TIMEOUT_MS: '120000' });
  let count = 0;
  const database = openDatabase({ ...timeBudget(config.requestTimeoutMs), url, onStatement: () => (count += 1) });
  const secrets = { encryptionKey: 'a key for benchmarks, nothing else', apiKeyHmacSecret: 'a secret for benchmarks' };
  const app = await createApp({ config, database, ...secrets });
  try {
    const { body } = await app.server.inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'x-api-key': developmentKey },
      payload: { query },
    });
    if (body.includes('"errors":')) {
      throw new Error(body.slice(0, 1_000));
    }
    return count;
  } finally {
    await app.close();
    await database.close();
  }
}
