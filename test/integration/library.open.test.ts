import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, test, vi } from 'vitest';
import {
  ConfigLockedError,
  NotFoundError,
  Stratum,
  StratumError,
  TenantNotFoundError,
  ValidationError,
} from '../../src/index.ts';
import { ListTenantsDocument } from '../../src/operations/generated/graphql.ts';
import { getTenantContext, runWithTenantContext } from '../../src/sdk/index.ts';
import { openLibrary } from '../support/library-world.ts';
import { secrets } from '../support/rest-app.ts';
import { uniqueSlug, unknownId } from '../support/rest-world.ts';
import { cloneDatabase, emptyDatabase } from '../support/template-database.ts';

const newTenant = (fields: object = {}) => ({ name: 'Tenant', slug: uniqueSlug(), ...fields });

/** How many connections there are to a database besides the one that asks. */
async function connectionsTo(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    'select count(*)::int as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await client.end();
  return rows[0].count;
}

describe('a pool of the host', () => {
  test('is used and stays open; everything else is given back', async () => {
    const { url, drop } = await cloneDatabase();
    const pool = new pg.Pool({ connectionString: url, max: 3 }).on('error', () => {});
    const before = { listeners: process.eventNames(), ofPool: pool.listenerCount('error') };
    const written = vi.spyOn(process.stdout, 'write');
    await using stratum = new Stratum({ pool, ...secrets });
    await stratum.createTenant(newTenant());
    await stratum.app.fetch(new Request('http://host.test/api/v1/health'));
    expect(await connectionsTo(url)).toBeGreaterThan(pool.totalCount);
    expect(process.eventNames()).toEqual(before.listeners);
    await Promise.all([stratum.close(), stratum.close()]);
    await stratum.close();
    expect(written).not.toHaveBeenCalled();
    written.mockRestore();
    expect(pool.listenerCount('error')).toBe(before.ofPool);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await expect.poll(() => connectionsTo(url)).toBe(pool.totalCount);
    await expect(stratum.listTenants()).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await pool.end();
    await drop();
  });

  test('of one connection is enough for many at once', async () => {
    const { url, drop } = await cloneDatabase();
    const { host, port, user, password, database } = new pg.Client({ connectionString: url });
    // Not by a URL: what needs a connection of its own has to find out how.
    const pool = new pg.Pool({ host, port, user, password: password ?? '', database: database ?? '', max: 1 });
    pool.on('error', () => {});
    await using stratum = new Stratum({ pool, ...secrets, worker: true, autoMigrate: true });
    const root = await stratum.createTenant(newTenant());
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const { id } = await stratum.createTenant(newTenant({ parent_id: root.id }));
        await stratum.setConfig(id, `key ${index}`, { value: index });
        await stratum.getTenantContext(id);
        await stratum.createApiKey(id);
      }),
    );
    expect(await stratum.getChildren(root.id)).toHaveLength(20);
    await stratum.close();
    await pool.end();
    await drop();
  });

  test('may read values in its own way', async () => {
    await using world = await openLibrary();
    const { timestamptz, int8 } = { timestamptz: 1184, int8: 20 };
    const usual = pg.types.getTypeParser(timestamptz);
    pg.types.setTypeParser(timestamptz, (text) => `the ${text}`);
    pg.types.setTypeParser(int8, Number);
    try {
      const made = await world.stratum.createTenant(newTenant());
      expect(await world.stratum.getTenant(made.id)).toEqual(made);
      await world.stratum.createApiKey(made.id);
      expect(await world.stratum.exportTenantData(made.id)).toMatchObject({ tenant: made });
      const { data } = await world.stratum.queryAuditLogs({ tenant_id: made.id });
      expect(data.map(({ created_at }) => new Date(created_at).toISOString())).toEqual(
        data.map((entry) => entry.created_at),
      );
      const { rows } = await world.pool.query('select now() as now');
      expect(rows[0].now).toMatch(/^the /);
    } finally {
      pg.types.setTypeParser(timestamptz, usual);
      pg.types.setTypeParser(int8, String);
    }
  });

  test('may come from another copy of pg', async () => {
    const { url, drop } = await cloneDatabase();
    const pool = new pg.Pool({ connectionString: url }).on('error', () => {});
    class Stranger {}
    const methods = Object.getOwnPropertyDescriptors(pg.Pool.prototype);
    const prototype = Object.defineProperties(Object.create(Object.getPrototypeOf(pg.Pool.prototype)), {
      ...methods,
      constructor: { value: Stranger },
    });
    Object.setPrototypeOf(pool, prototype);
    expect(pool).not.toBeInstanceOf(pg.Pool);
    await using stratum = new Stratum({ pool, ...secrets });
    await stratum.createTenant(newTenant());
    await expect.poll(() => connectionsTo(url)).toBe(pool.totalCount + 1); // the one that listens
    await stratum.close();
    await pool.end();
    await drop();
  });
});

describe('a connection string', () => {
  test('of an empty database is told what it lacks, and filled when asked', async () => {
    const { url, drop } = await emptyDatabase();
    const options = { connectionString: url, ...secrets };
    await using bare = new Stratum(options);
    await expect(bare.initialize()).rejects.toThrow('open it with autoMigrate');
    await using stratum = new Stratum({ ...options, autoMigrate: true });
    await Promise.all([stratum.initialize(), stratum.initialize(), stratum.listTenants()]);
    expect(await stratum.listTenants()).toEqual({ data: [], next_cursor: null, has_more: false });
    // What has failed before is tried again.
    expect(await bare.listTenants()).toMatchObject({ data: [] });
    await Promise.all([bare.close(), stratum.close()]);
    await expect.poll(() => connectionsTo(url)).toBe(0);
    await drop();
  });

  test('of a server that is not there fails as it should', async () => {
    await using stratum = new Stratum({ connectionString: 'postgres://127.0.0.1:1/none', ...secrets });
    await expect(stratum.listTenants()).rejects.toThrow();
    const answer = await stratum.app
      .fetch(new Request('http://host.test/api/v1/health'))
      .catch((error: unknown) => error);
    expect(answer).toBeInstanceOf(Error);
    await stratum.close();
  });
});

test('nothing at all starts a PostgreSQL in the data folder, whose data and secrets stay', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'stratum-library-'));
  const said: string[] = [];
  const say = (message: string) => said.push(message);
  const logger = { error: say, warn: say, info: say, debug: () => {} };
  const first = new Stratum({ dataDir, logger });
  const { id, slug } = await first.createTenant(newTenant());
  await first.setConfig(id, 'secret', { value: 'hush', sensitive: true });
  await first.close();
  expect(said.some((line) => line.startsWith('applied migration'))).toBe(true);
  const second = new Stratum({ dataDir });
  expect(await second.getTenantBySlug(slug)).toMatchObject({ id });
  expect(await second.resolveConfig(id, { reveal: true })).toMatchObject({ secret: { value: 'hush' } });
  await second.close();
  await rm(dataDir, { recursive: true });
}, 60_000);

test('close waits for what runs', async () => {
  const world = await openLibrary();
  await world.stratum.initialize();
  const running = Array.from({ length: 10 }, () => world.stratum.createTenant(newTenant()));
  await sleep(5);
  await world.stratum.close();
  expect(await Promise.allSettled(running)).toEqual(
    running.map(() => expect.objectContaining({ status: 'fulfilled' })),
  );
  await world[Symbol.asyncDispose]();
});

test('errors have a class, a code, a status, details, and a body', async () => {
  await using world = await openLibrary();
  const { stratum } = world;
  const root = await stratum.createTenant(newTenant());
  const child = await stratum.createTenant(newTenant({ parent_id: root.id }));
  await stratum.setConfig(root.id, 'theme', { value: 1, locked: true });
  const locked = await stratum.setConfig(child.id, 'theme', { value: 2 }).catch((error: unknown) => error);
  expect(locked).toBeInstanceOf(ConfigLockedError);
  expect(locked).toBeInstanceOf(StratumError);
  expect(locked).not.toBeInstanceOf(TenantNotFoundError);
  const answer = await world.rest('PUT', `/tenants/${child.id}/config/theme`, { value: 2 });
  const { name, code, statusCode, details } = locked as ConfigLockedError;
  expect({ name, code, statusCode }).toEqual({ name: 'ConfigLockedError', code: 'CONFIG_LOCKED', statusCode: 403 });
  expect(details).toEqual({ key: 'theme', source_tenant_id: root.id });
  expect({ error: JSON.parse(JSON.stringify(locked)) }).toEqual(answer);
  await expect(stratum.getTenant(unknownId)).rejects.toBeInstanceOf(TenantNotFoundError);
  await expect(stratum.getRole(unknownId)).rejects.toBeInstanceOf(NotFoundError);
});

test('what is no input is refused, and never a fault of ours', async () => {
  await using world = await openLibrary();
  const { stratum } = world;
  const { id } = await stratum.createTenant(newTenant());
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  const hostile: [string, () => Promise<unknown>][] = [
    ['no input', () => stratum.createTenant(undefined as never)],
    ['a wrong type', () => stratum.createTenant({ name: 1, slug: [] } as never)],
    ['a circle', () => stratum.setConfig(id, 'a', { value: circle })],
    ['a bigint', () => stratum.setConfig(id, 'a', { value: 1n })],
    ['a function', () => stratum.setConfig(id, 'a', { value: () => {} })],
    ['NUL', () => stratum.setConfig(id, 'a', { value: '\0' })],
    ['no id', () => stratum.getTenant(undefined as never)],
    ['an object for an id', () => stratum.getTenant(Object.create(null))],
    ['a list for an id', () => stratum.getChildren([id] as never)],
    ['no such limit', () => stratum.listTenants({ limit: 0 })],
    ['no such event', () => stratum.queryAuditLogs({ action: 'nothing.happened' })],
    ['an actor without a name', () => stratum.suspendTenant(id, { actor_type: 'jwt' } as never)],
    [
      'an address that is none',
      () => stratum.suspendTenant(id, { actor_id: 'a', actor_type: 'jwt', source_ip: 'here' }),
    ],
    ['a document that is none', () => stratum.graphql('{')],
    ['a document of another schema', () => stratum.graphql('{ nothing }')],
    ['a variable that does not fit', () => stratum.graphql('query($id: ID!) { tenant(id: $id) { id } }', {})],
  ];
  for (const [what, call] of hostile) {
    await expect(call(), what).rejects.toBeInstanceOf(ValidationError);
  }
  expect(await stratum.getTenant(id)).toMatchObject({ status: 'active' });
  // A name that leads into prototypes is a name.
  await stratum.setConfig(id, '__proto__', { value: JSON.parse('{"__proto__": 1}') });
  expect(Object.keys(await stratum.resolveConfig(id))).toEqual(['__proto__']);
});

test('an answer belongs to whoever asked', async () => {
  await using world = await openLibrary();
  const { stratum } = world;
  const { id } = await stratum.createTenant(newTenant());
  await stratum.setConfig(id, 'list', { value: [1] });
  const read = () => stratum.resolveConfig(id) as Promise<Record<string, { value: unknown[] }>>;
  const { list } = await read();
  list?.value.push(2);
  expect((await read())['list']?.value).toEqual([1]);
});

test('a program on its own can speak GraphQL, typed by the document', async () => {
  await using world = await openLibrary();
  const { stratum } = world;
  const { id, slug } = await stratum.createTenant(newTenant());
  const { tenants } = await stratum.graphql(ListTenantsDocument, { limit: 10 });
  expect(tenants.data).toEqual([expect.objectContaining({ id, slug })]);
  const actor = { actor_id: 'ada', actor_type: 'jwt' } as const;
  const rename = 'mutation($id: ID!) { updateTenant(id: $id, input: { name: "New" }) { name revision } }';
  expect(await stratum.graphql(rename, { id }, actor)).toEqual({ updateTenant: { name: 'New', revision: 2 } });
  expect((await stratum.queryAuditLogs({ tenant_id: id, limit: 1 })).data).toMatchObject([{ actor_id: 'ada' }]);
  const refused = stratum.graphql('query($id: ID!) { tenant(id: $id) { id } }', { id: unknownId });
  await expect(refused).rejects.toBeInstanceOf(TenantNotFoundError);
  const followed = stratum.graphql('subscription { events { cursor } }');
  await expect(followed).rejects.toMatchObject({ code: 'VALIDATION_ERROR', issues: [{ path: ['document'] }] });
});

test.each([0, 5, 300])('a subscription that is left after %i ms ends, though nothing happens', async (ms) => {
  await using world = await openLibrary();
  const following = world.stratum.subscribe('subscription { events { cursor } }');
  const waiting = following.next();
  await sleep(ms);
  const ended = Promise.all([following.return(), waiting]);
  expect(await Promise.race([ended, sleep(2_000, 'it goes on')])).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
});

test('a subscription goes on until it is left, or the library is closed', async () => {
  await using world = await openLibrary();
  const { stratum } = world;
  const { id } = await stratum.createTenant(newTenant());
  const document = 'subscription($id: ID) { events(tenantId: $id) { event { type } } }';
  const follow = () => stratum.subscribe<{ events: { event: { type: string } } }>(document, { id });
  const seen: string[] = [];
  const following = (async () => {
    for await (const { events } of follow()) {
      seen.push(events.event.type);
      if (seen.length === 2) {
        break;
      }
    }
  })();
  const ended = (async () => {
    for await (const _ of follow()) {
      // until it is over
    }
  })().catch((error: unknown) => error);
  await sleep(300);
  await stratum.setConfig(id, 'a', { value: 1 });
  await stratum.deleteConfig(id, 'a');
  await following;
  expect(seen).toEqual(['config.updated', 'config.deleted']);
  await stratum.close();
  // Where to go on with `after` once there is another one.
  expect(await ended).toMatchObject({ code: 'SERVICE_UNAVAILABLE', details: { after: expect.any(String) } });
  await expect(follow().next()).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
});

test('the tenant of the running request is that of the SDK, in whatever waits for something too', async () => {
  const context = {
    tenant_id: unknownId,
    ancestry_path: '/',
    depth: 0,
    isolation_strategy: 'SHARED_RLS',
    resolved_config: {},
    resolved_permissions: {},
    revision: 1,
  };
  expect(Stratum.currentTenantId()).toBeUndefined();
  const within = await Stratum.runWithTenant(context, async () => {
    await sleep(1);
    return [Stratum.currentTenantId(), Stratum.currentTenantContext(), getTenantContext()];
  });
  expect(within).toEqual([unknownId, context, context]);
  expect(runWithTenantContext(context, () => Stratum.currentTenantId())).toBe(unknownId);
  expect(Stratum.currentTenantContext()).toBeUndefined();
});
