import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { createTestStratum, type TestStratum } from '../../src/testing/index.ts';

const postgresUrl = inject('serverUrl');

describe('createTestStratum', () => {
  test('opens a real server with a database of its own, which is gone afterwards', async () => {
    const one = await createTestStratum({ postgresUrl });
    const other = await createTestStratum({ postgresUrl });
    await one.tree({ acme: {} });
    await other.tree({ acme: {} }); // slugs are unique in an installation: these are two

    expect(one.databaseUrl).not.toBe(other.databaseUrl);
    expect((await other.client.listTenants()).tenants?.data).toHaveLength(1);
    await one.close();
    await one.close(); // as often as one likes
    await expect(createClient({ ...one, retries: 0 }).listTenants()).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await expect(createTestStratum({ postgresUrl: one.databaseUrl })).rejects.toThrow(/does not exist/);
    await other.close();
  });

  test('takes settings as the environment names them, and says what is wrong with them', async () => {
    await using strict = await createTestStratum({ postgresUrl, settings: { STRATUM_MAX_DEPTH: '2' } });
    await strict.tree({ a: { b: {} } });

    await expect(createTestStratum({ postgresUrl, settings: { STRATUM_MAX_DEPTH: 'deep' } })).rejects.toThrow(
      'STRATUM_MAX_DEPTH',
    );
  });

  test('many at once share one template, which is made once', { timeout: 60_000 }, async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => createTestStratum({ postgresUrl })));
    const start = performance.now();
    await using one = await createTestStratum({ postgresUrl });
    console.log(`createTestStratum: ${Math.round(performance.now() - start)} ms on a server that is there`);

    const pool = new pg.Pool({ connectionString: one.databaseUrl }).on('error', () => {});
    const { rows } = await pool.query(
      "select datname from pg_database where starts_with(datname, 'stratum_template_')",
    );
    await pool.end();
    expect(rows).toHaveLength(1);
    expect(new Set(all.map(({ databaseUrl }) => databaseUrl)).size).toBe(4);
    await Promise.all(all.map((each) => each.close()));
  });

  test('without a server it brings one, shares it, and stops it with the last', { timeout: 60_000 }, async () => {
    const start = performance.now();
    const [one, other] = await Promise.all([createTestStratum(), createTestStratum()]);
    console.log(`createTestStratum: ${Math.round(performance.now() - start)} ms with a PostgreSQL of its own`);
    const serverOf = ({ databaseUrl }: TestStratum) => new URL(databaseUrl).host;

    expect(serverOf(one)).toBe(serverOf(other));
    await one.close();
    await other.tree({ acme: {} });
    await other.close();
    await using later = await createTestStratum();
    await later.tree({ acme: {} });
  });
});

describe('tree', () => {
  let stratum: TestStratum;
  beforeAll(async () => {
    stratum = await createTestStratum({ postgresUrl });
  });
  afterAll(() => stratum.close());

  test('makes tenants beneath each other and gives them by their slugs, typed', async () => {
    const { acme, us, store1 } = await stratum.tree({ acme: { emea: {}, us: { store1: {} } } });

    const { tenant } = await stratum.client.listAncestors({ id: store1.id });
    expect(tenant?.ancestors.map(({ id }) => id)).toEqual([acme.id, us.id]);
    // @ts-expect-error there is none of this name
    expect((await stratum.tree({ other: {} })).store2).toBeUndefined();
  });

  test('takes more tenants than the server takes at a time', async () => {
    const wide = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`wide_${index}`, {}]));

    const made = await stratum.tree({ wide });

    expect(Object.keys(made)).toHaveLength(151);
    expect(made['wide_149']?.parent_id).toBe(made['wide']?.id);
  });

  test('refuses a slug that stands twice before anything is made', async () => {
    await expect(stratum.tree({ twice_a: { same: {} }, twice_b: { same: {} } })).rejects.toThrow(TypeError);

    await expect(stratum.client.findTenantBySlug({ slug: 'twice_a' })).rejects.toMatchObject({
      code: 'TENANT_NOT_FOUND',
    });
  });
});
