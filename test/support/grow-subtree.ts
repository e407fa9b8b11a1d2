import type { Database } from '../../src/db/database.ts';

/** How many children a tenant of a grown subtree has. */
const width = 10;

/**
 * Puts `count` tenants beneath an existing one, level by level, in one statement each and without events: as many as no test could
 * create through a door.
 */
export async function growSubtree(database: Database, parentId: string, count: number): Promise<void> {
  const client = await database.pool.connect();
  try {
    // Without the triggers: path, depth and root are computed here.
    await client.query("set session_replication_role = 'replica'; set statement_timeout = 0");
    await client.query(
      `with recursive top as (select id, path, depth, root_id from tenants where id = $1),
        start as (select coalesce(max(key), 0) as key from tenants),
        places as (
          select n, start.key + n as key, case when n <= ${width} then 0 else (n - 1) / ${width} end as parent, gen_random_uuid() as id
          from start, generate_series(1, $2::bigint) n
        ),
        placed as (
          select n, key, id, (select id from top) as parent_id, (select path from top) || tenant_path_part(key) as path, (select depth from top) + 1 as depth
          from places where parent = 0
          union all
          select p.n, p.key, p.id, up.id, up.path || tenant_path_part(p.key), up.depth + 1 from placed up join places p on p.parent = up.n
        )
        insert into tenants (id, key, parent_id, root_id, path, depth, slug, name, sort_order, revision)
        select id, key, parent_id, (select root_id from top), path, depth, 'g' || key, 'Tenant ' || key, ((n - 1) % ${width})::integer, 1 from placed`,
      [parentId, count],
    );
    await client.query(`select setval(pg_get_serial_sequence('tenants', 'key'), (select max(key) from tenants))`);
    await client.query('analyze tenants; reset session_replication_role; reset statement_timeout');
  } finally {
    client.release();
  }
}
