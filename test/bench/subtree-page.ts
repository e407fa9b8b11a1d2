import { CreateTenantDocument } from '../../src/client/index.ts';
import { openDatabase } from '../../src/db/database.ts';
import { encodeCursor } from '../../src/domain/page.ts';
import { growSubtree } from '../support/grow-subtree.ts';
import type { Budget } from './budget.ts';
import { startChild } from './child.ts';
import type { Load, LoadResult } from './load.ts';
import { keyHeader, one, type Product, startProduct } from './product.ts';
import { byTurns, median, medianRatio } from './statistics.ts';

const rounds = 7;
const roundMs = 1_500;
const warmUpMs = 3_000;
const limit = 1.5;

/** A page out of the middle of a large tree, against one of a small tree in a database of its own. */
export const subtreePage: Budget = async ({ postgres, large, note }) => {
  const sizes = { small: 1_000, big: large ? 1_000_000 : 100_000 };
  await using small = await startProduct(await postgres.create());
  await using big = await startProduct(await postgres.create());
  await using loader = startChild<Load, LoadResult>('load.ts');
  const [smallPaths, bigPaths] = [await grow(small, sizes.small), await grow(big, sizes.big)];
  note(
    `the tree of ${sizes.big} takes ${await sizeOf(big)} in its database, that of ${sizes.small} ${await sizeOf(small)}`,
  );

  const time = async (product: Product, paths: readonly string[], forMs: number) => {
    const load: Load = { url: product.url, method: 'GET', paths, headers: keyHeader, connections: 1, forMs };
    return (await loader.ask(load)).medianMs;
  };
  await time(small, smallPaths, warmUpMs);
  await time(big, bigPaths, warmUpMs);
  const times = await byTurns(rounds, {
    measured: () => time(big, bigPaths, roundMs),
    baseline: () => time(small, smallPaths, roundMs),
  });
  const ratio = medianRatio(times, (ms) => ms);
  return [
    {
      what: `descendants(first: 50, after: …) of ${sizes.big} tenants`,
      measured: `${median(times.measured).toFixed(2)} ms`,
      baseline: `${median(times.baseline).toFixed(2)} ms of ${sizes.small}`,
      ratio: `${ratio.toFixed(2)} ×`,
      limit: `≤ ${limit} ×`,
      ok: ratio <= limit,
    },
  ];
};

const query = `query ($id: ID!, $after: String) {
  tenant(id: $id) {
    descendants(first: 50, after: $after) { nodes { id slug name status depth sortOrder revision createdAt } pageInfo { hasNextPage endCursor } }
  }
}`;

/** Makes a tree, and gives the addresses of pages that begin at 100 places of its middle half. */
async function grow({ client, sql, databaseUrl }: Product, size: number): Promise<string[]> {
  const { createTenant } = await client.mutate(CreateTenantDocument, { input: { slug: 'root', name: 'Root' } });
  const id = createTenant!.id;
  const database = openDatabase({ url: databaseUrl, statementTimeoutMs: 3_600_000 });
  await growSubtree(database, id, size).finally(() => database.close());
  await sql.query('vacuum analyze tenants');
  const { path: top } = await one<{ path: string }>(sql, 'select path from tenants where id = $1', [id]);
  const { rows } = await sql.query<{ path: string }>(
    `select path from (select path, row_number() over (order by path) as n from tenants) numbered
     where n between $1::integer / 4 and $1::integer * 3 / 4 and n % ($1::integer / 200) = 0 order by path`,
    [size],
  );
  return rows.map(({ path }) => {
    const variables = JSON.stringify({ id, after: encodeCursor(path.slice(top.length)) });
    return `/graphql?${new URLSearchParams({ query, variables })}`;
  });
}

async function sizeOf({ sql }: Product): Promise<string> {
  return (await one<{ size: string }>(sql, `select pg_size_pretty(pg_total_relation_size('tenants')) as size`, []))
    .size;
}
