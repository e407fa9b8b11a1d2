import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { Stratum } from '../../src/index.ts';
import { openIsolation } from '../support/isolation-world.ts';
import { openPooler, pgbouncer } from '../support/pooler.ts';
import { secrets } from '../support/rest-app.ts';

describe.skipIf(pgbouncer === null)('through PgBouncer in transaction mode', { timeout: 60_000 }, () => {
  test('two tenants on one backend never see each other, also after commit, rollback and error', async () => {
    await using world = await openIsolation();
    const { a, b } = world.tenants;
    await using pooler = await openPooler(world.tenantUrl, 1);
    const tenantPool = new pg.Pool({ connectionString: pooler.url, max: 8 }).on('error', () => {});
    const backends = new Set<number>();
    {
      await using stratum = new Stratum({ pool: world.owner, tenantPool, ...secrets });
      const write = (tenant: string, round: number) =>
        stratum.forTenant(tenant).transaction(async ({ query }) => {
          await query('insert into first (item) values ($1)', [tenant]);
          const { rows } = await query<{ item: string; pid: number }>(
            'select item, pg_backend_pid() as pid from first',
          );
          backends.add(rows[0]!.pid);
          expect(rows.every(({ item }) => item === tenant)).toBe(true);
          await query(`set search_path = nowhere`);
          if (round % 3 === 1) {
            throw new Error('rolled back');
          }
          if (round % 3 === 2) {
            await query('select 1 / 0');
          }
        });
      const outcomes = await Promise.allSettled(
        Array.from({ length: 60 }, (_, round) => write(round % 2 === 0 ? a : b, round)),
      );
      const nobody = await Promise.all(Array.from({ length: 8 }, () => tenantPool.query('select * from public.first')));

      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
      expect(backends.size).toBe(1);
      expect(nobody.map(({ rows }) => rows)).toEqual(Array.from({ length: 8 }, () => []));
      for (const tenant of [a, b]) {
        expect((await stratum.forTenant(tenant).query('select distinct item from first')).rows).toEqual([
          { item: tenant },
        ]);
      }
    }
    await tenantPool.end();
  });
});
