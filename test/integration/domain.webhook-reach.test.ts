import { afterAll, beforeAll, expect, test } from 'vitest';
import { DomainWorld } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

test('an event looks at the webhooks of the tenants above it alone, however many others there are in its tree', async () => {
  const root = await world.root();
  const [tenant, ...others] = await world.children(root, 100);
  await world.sql(
    `insert into webhooks (id, tenant_key, root_id, url, events)
    select gen_random_uuid(), key, $2, 'https://hooks.example.com/x', '{*}' from unnest($1::bigint[]) key, generate_series(1, 30)`,
    [others.map(({ key }) => key), root.id],
  );
  await world.sql('analyze webhooks');
  const client = await world.database.pool.connect();
  try {
    await client.query('begin');
    await client.query(
      `insert into events (ledger_id, revision, type, tenant_id, path, actor_type, actor_id, occurred_at, previous_hash, hash)
      select ledger_id, revision + 1000, 'tenant.updated', tenant_id, $2, actor_type, actor_id, occurred_at, previous_hash, hash
      from events where ledger_id = $1 and revision = 1`,
      [root.id, tenant!.path],
    );
    const { rows } = await client.query(
      `select (seq_tup_read + coalesce(idx_tup_fetch, 0))::int as rows from pg_stat_xact_user_tables where relname = 'webhooks'`,
    );
    expect(rows[0].rows).toBeLessThan(50);
  } finally {
    await client.query('rollback');
    client.release();
  }
});

test('the keys in a path are those it was made of', async () => {
  const line = await world.line(await world.root(), 40);
  const rows = await world.sql<{ same: boolean }>(
    `select tenant_path_keys(t.path) = array(select a.key from tenants a where starts_with(t.path, a.path) order by a.depth) as same
    from tenants t where t.id = any($1::uuid[])`,
    [line.map(({ id }) => id)],
  );
  expect(rows).toHaveLength(40);
  expect(rows.every(({ same }) => same)).toBe(true);
  const [large] = await world.sql<{ keys: string[] }>(
    `select tenant_path_keys(tenant_path_part(9223372036854775807) || tenant_path_part(0) || tenant_path_part(36))::text[] as keys`,
  );
  expect(large?.keys).toEqual(['9223372036854775807', '0', '36']);
});
