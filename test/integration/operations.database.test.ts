import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rememberedPlace } from '../../src/db/embedded/place.ts';
import { type EmbeddedServer, startEmbedded } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type OpenApp, openApp } from '../support/rest-app.ts';
import { uniqueSlug } from '../support/rest-world.ts';

/** How long a request may take here; the parts of it follow from that. */
const deadlineMs = 2_000;
/** A machine that is busy with other tests answers late, but not that late. */
const generousMs = 4 * deadlineMs;
const connections = 3;
const slots = 12;

let dataDir: string;
let server: EmbeddedServer;
let opened: OpenApp;
let tenantId: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'stratum-outage-'));
  await startServer();
  await migrate(server.url);
  const settings = { REQUEST_TIMEOUT_MS: String(deadlineMs), STRATUM_POOL_SIZE: String(connections) };
  opened = await openApp({ databaseUrl: server.url, settings });
  const created = await rest('POST', '/tenants', { name: 'Acme', slug: uniqueSlug() });
  tenantId = created.body.id;
});
afterAll(async () => {
  await opened.close();
  await server.stop();
  await rm(await rememberedPlace(dataDir), { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
});

async function startServer(): Promise<void> {
  const settings = { fsync: 'off', max_connections: String(slots), superuser_reserved_connections: '0' };
  server = await startEmbedded({ dataDir, settings });
}

async function inject(method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) {
  const started = performance.now();
  const headers = { 'x-api-key': 'sk_test_bootstrap', 'content-type': 'application/json' };
  const { statusCode, json } = await opened.app.server.inject({ method, url, headers, ...(payload && { payload }) });
  return { status: statusCode, body: json(), ms: performance.now() - started };
}

const rest = (method: 'GET' | 'POST' | 'PUT', path: string, payload?: object) =>
  inject(method, `/api/v1${path}`, payload);

/** A reading, a write, and both through GraphQL. */
const requests = () =>
  Promise.all([
    rest('GET', `/tenants/${tenantId}/config`),
    rest('PUT', `/tenants/${tenantId}/config/k`, { value: 1 }),
    inject('POST', '/graphql', { query: `{ tenant(id: "${tenantId}") { name resolvedConfigMap } }` }),
    inject('POST', '/graphql', {
      query: `mutation { setConfig(tenantId: "${tenantId}", input: { key: "k", value: 1 }) { revision } }`,
    }),
  ]);

const isGood = ({ status, body }: { status: number; body: { errors?: unknown } }) => status === 200 && !body.errors;

async function expectUnavailable(): Promise<void> {
  const [read, write, query, mutation] = await requests();
  const unavailable = { code: 'SERVICE_UNAVAILABLE' };
  for (const { status, body, ms } of [read, write]) {
    expect({ status, body }).toEqual({ status: 503, body: { error: expect.objectContaining(unavailable) } });
    expect(ms).toBeLessThan(generousMs);
  }
  for (const { status, body, ms } of [query, mutation]) {
    expect({ status, body }).toMatchObject({ status: 503, body: { errors: [{ extensions: unavailable }] } });
    expect(ms).toBeLessThan(generousMs);
  }
}

/** Nobody restarts the process that serves: it serves again by itself. */
async function expectRecovery(): Promise<void> {
  const isServing = async () => (await requests()).every(isGood) && (await rest('GET', '/health/ready')).status === 200;
  for (let left = 40; left > 0 && !(await isServing()); left--) {
    await sleep(100);
  }
  expect(await isServing()).toBe(true);
}

async function withClient<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

const othersPids = (client: pg.Client) =>
  client
    .query<{ pid: number }>(`select pid from pg_stat_activity where application_name like 'stratum%'`)
    .then(({ rows }) => rows.map(({ pid }) => pid));

describe('PostgreSQL', () => {
  test('is stopped and started again', async () => {
    await requests();
    await server.stop();

    await expectUnavailable();
    expect(await rest('GET', '/health')).toMatchObject({ status: 503, body: { status: 'error', db: 'disconnected' } });
    expect(await rest('GET', '/health/ready')).toMatchObject({ status: 503 });
    expect(await rest('GET', '/health/live')).toMatchObject({ status: 200 });

    await startServer();
    await expectRecovery();
    expect(await rest('GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok', db: 'connected' } });
  });

  test('is killed: whoever started it starts it again', async () => {
    const pid = await postmasterPid();
    expect(pid).not.toBeNull(); // and never 0, which would be everybody
    process.kill(pid!, 'SIGKILL');
    await waitUntil(async () => ![pid, null].includes(await postmasterPid()));
    await expectRecovery();
  });

  test('drops idle connections: nobody notices', async () => {
    await requests();
    await withClient(async (client) => {
      for (const pid of await othersPids(client)) {
        await client.query('select pg_terminate_backend($1, 5000)', [pid]);
      }
    });
    await waitUntil(() => opened.database.pool.totalCount === 0);

    expect((await requests()).every(isGood)).toBe(true);
  });

  test('drops a connection in the middle of a statement', async () => {
    const hanging = await withClient(async (client) => {
      await client.query('begin; lock table config_entries in access exclusive mode');
      const answers = requests();
      await waitUntil(async () => (await waitingPids(client)).length > 0);
      for (const pid of await waitingPids(client)) {
        await client.query('select pg_terminate_backend($1)', [pid]);
      }
      return answers;
    });
    expect(hanging.filter(({ status }) => ![200, 503].includes(status))).toEqual([]);
    expect(hanging.filter(({ status }) => status === 503)).not.toEqual([]);
    await expectRecovery();
  });

  test('refuses new connections', async () => {
    await withClient(async (client) => {
      for (const pid of await othersPids(client)) {
        await client.query('select pg_terminate_backend($1, 5000)', [pid]);
      }
      await waitUntil(() => opened.database.pool.totalCount === 0);
      const taken = Array.from({ length: slots }, () => new pg.Client({ connectionString: server.url }));
      await Promise.allSettled(taken.map((one) => one.connect()));

      await expectUnavailable();
      await Promise.allSettled(taken.map((one) => one.end()));
    });
    await expectRecovery();
  });

  test('is slow, because somebody holds a lock', async () => {
    await withClient(async (client) => {
      await client.query('begin; lock table tenants, ledgers in access exclusive mode');
      await expectUnavailable();
      await expectUnavailable();
      // Nobody goes on waiting for what nobody wants any more.
      await waitUntil(async () => (await waitingPids(client)).length === 0);
    });
    await expectRecovery();
  });

  test('is frozen, so that it does not even cancel: its connections are given up', async () => {
    await requests();
    const frozen = await withClient(othersPids);
    for (const pid of frozen) {
      process.kill(pid, 'SIGSTOP');
    }
    try {
      // Whoever gets a connection of before waits in vain, but not for ever; whoever gets a new one is served.
      const answers = await requests();
      expect(answers.filter((answer) => !isGood(answer) && answer.status !== 503)).toEqual([]);
      expect(answers.filter(({ status }) => status === 503)).not.toEqual([]);
      expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(generousMs);
      await expectRecovery();
    } finally {
      for (const pid of frozen) {
        process.kill(pid, 'SIGCONT');
      }
    }
  });
});

/** Null while there is none. */
async function postmasterPid(): Promise<number | null> {
  const file = join(await rememberedPlace(dataDir), 'postgres/postmaster.pid');
  return Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10) || null;
}

async function waitingPids(client: pg.Client): Promise<number[]> {
  const { rows } = await client.query<{ pid: number }>(
    `select pid from pg_stat_activity where wait_event_type = 'Lock' and application_name like 'stratum%'`,
  );
  return rows.map(({ pid }) => pid);
}

async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const limit = performance.now() + 10_000; !(await condition()); await sleep(20)) {
    expect(performance.now(), String(condition)).toBeLessThan(limit);
  }
}
