import { type Client, CreateTenantsDocument, MoveTenantDocument } from '../../src/client/index.ts';
import { openDatabase } from '../../src/db/database.ts';
import { growSubtree } from '../support/grow-subtree.ts';
import type { Budget } from './budget.ts';
import { one, type Product, startProduct, timed } from './product.ts';
import { byTurns, median, medianRatio } from './statistics.ts';

const size = 10_000;
const rounds = 8;
const limit = 1.3;

/** Moves a subtree there and back again, against the bare UPDATE of the paths of the same rows. */
export const move: Budget = async ({ postgres }) => {
  const databaseUrl = await postgres.create();
  await using product = await startProduct(databaseUrl);
  const { client, sql } = product;
  const [, here = '', there = '', moved = ''] = await makeTree(client, databaseUrl);
  // For the bare UPDATE: no triggers, whose work is part of what is measured on the other side.
  await sql.query(`set session_replication_role = 'replica'`);
  const sides = {
    measured: (parentId: string) =>
      timed(() => client.mutate(MoveTenantDocument, { id: moved, newParentId: parentId })),
    baseline: (parentId: string) => updatePaths(product, moved, parentId),
  };
  const places = [there, here];
  let moves = 0;
  const next = async (side: (parentId: string) => Promise<number>) => {
    // What the moves before have left behind slows nobody down.
    await sql.query('vacuum analyze tenants');
    return side(places[moves++ % 2] ?? '');
  };
  await byTurns(1, { measured: () => next(sides.measured), baseline: () => next(sides.baseline) });
  const times = await byTurns(rounds, { measured: () => next(sides.measured), baseline: () => next(sides.baseline) });
  const ratio = medianRatio(times, (ms) => ms);
  return [
    {
      what: `moveTenant with a subtree of ${size} tenants`,
      measured: `${Math.round(median(times.measured))} ms`,
      baseline: `${Math.round(median(times.baseline))} ms bare UPDATE`,
      ratio: `${ratio.toFixed(2)} ×`,
      limit: `≤ ${limit} ×`,
      ok: ratio <= limit,
    },
  ];
};

/** A root, two places beneath it with as many others, and the tenant that moves from the first to the second. */
async function makeTree(client: Client, databaseUrl: string): Promise<string[]> {
  const { createTenants } = await client.mutate(CreateTenantsDocument, {
    tenants: [
      { slug: 'root', name: 'Root' },
      { slug: 'here', name: 'Here', parentSlug: 'root' },
      { slug: 'there', name: 'There', parentSlug: 'root' },
      { slug: 'moved', name: 'Moved', parentSlug: 'here' },
    ],
  });
  const ids = createTenants!.map(({ id }) => id);
  const database = openDatabase({ url: databaseUrl, statementTimeoutMs: 600_000 });
  try {
    await growSubtree(database, ids[3] ?? '', size - 1);
    await growSubtree(database, ids[2] ?? '', size);
  } finally {
    await database.close();
  }
  return ids;
}

/** The UPDATE alone is timed; the row of the moved tenant itself then gets what belongs to its new place. */
async function updatePaths({ sql }: Product, id: string, parentId: string): Promise<number> {
  const { path, key } = await one<{ path: string; key: string }>(sql, 'select path, key from tenants where id = $1', [
    id,
  ]);
  const parent = await one<{ path: string }>(sql, 'select path from tenants where id = $1', [parentId]);
  const ms = await timed(() =>
    sql.query(
      `update tenants set path = $2 || substr(path, length($1) + 1) where path >= $1 and path < left($1, -1) || '0'`,
      [path, `${parent.path}${BigInt(key).toString(36)}/`],
    ),
  );
  await sql.query(
    `update tenants set parent_id = $2, sort_order = (select coalesce(max(sort_order) + 1, 0) from tenants where parent_id = $2) where id = $1`,
    [id, parentId],
  );
  return ms;
}
