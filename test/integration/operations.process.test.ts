// One file, though it is long: half of it is what starting, locking and ending processes takes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { rememberedPlace } from '../../src/db/embedded/place.ts';
import { migrationsFolder } from '../../src/db/migrate.ts';
import { freePort, type ServerProcess, startProcess } from '../support/server-process.ts';
import { cloneDatabase, emptyDatabase } from '../support/template-database.ts';

// Most tests here start several servers, each with a PostgreSQL of its own, beside whatever else the machine does.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const cleanup: (() => unknown)[] = [];

afterAll(async () => {
  for (const undo of cleanup.reverse()) {
    await undo();
  }
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stratum-process-'));
  cleanup.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function start(settings: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const server = await startProcess({ STRATUM_DATA_DIR: await newFolder(), ...settings });
  cleanup.push(async () => {
    server.signal('SIGKILL');
    await server.ended;
  });
  return server;
}

async function database(make = cloneDatabase): Promise<string> {
  const { url, drop } = await make();
  cleanup.push(drop);
  return url;
}

/** Holds what every reading of tenants needs, until it is let go. */
async function lockTenants(url: string): Promise<{ waiting(): Promise<void>; release(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('begin; lock table tenants in access exclusive mode');
  return {
    waiting: async () => {
      for (let waits = 0; waits === 0; await sleep(20)) {
        const { rowCount } = await client.query(
          `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
        );
        waits = rowCount ?? 0;
      }
    },
    release: () => client.end(),
  };
}

/** The one of `prisma migrate`. */
const migrationLock = 72707369;

const key = { 'x-api-key': 'sk_test_bootstrap' };

async function call(server: ServerProcess, method: string, path: string, body?: object) {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { ...key, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  return { status: response.status, body: answer === '' ? null : JSON.parse(answer) };
}

/** Waits until a port takes no connections any more. */
async function refused(server: ServerProcess): Promise<void> {
  while (
    await fetch(`${server.url}/api/v1/health/live`).then(
      () => true,
      () => false,
    )
  ) {
    await sleep(20);
  }
}

describe('stopping (O3)', () => {
  test('SIGTERM: takes no new connections, finishes what runs, and exits with 0', async () => {
    const url = await database();
    const server = await start({ DATABASE_URL: url });
    const lock = await lockTenants(url);
    const slow = call(server, 'GET', '/tenants');
    await lock.waiting();

    server.signal('SIGTERM');
    await refused(server);
    await lock.release();

    expect(await slow).toEqual({ status: 200, body: { data: [], has_more: false, next_cursor: null } });
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });

  test('a connection that stays open is told to close; one in the middle of a request hears that the server is not ready', async () => {
    const url = await database();
    const server = await start({ DATABASE_URL: url });
    const lock = await lockTenants(url);
    const [busy, late] = [rawConnection(server), rawConnection(server)];
    busy.write(`GET /api/v1/tenants HTTP/1.1\r\nHost: localhost\r\nX-API-Key: sk_test_bootstrap\r\n\r\n`);
    late.write('GET /api/v1/health/ready HTTP/1.1\r\nHost: localhost\r\n');
    await lock.waiting();

    server.signal('SIGTERM');
    await refused(server);
    late.write('\r\n');
    const readiness = await text(late);
    await lock.release();

    expect(readiness).toMatch(/^HTTP\/1\.1 503 [\s\S]*\r\nconnection: close\r\n/i);
    expect(await text(busy)).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nconnection: close\r\n/i);
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });

  test('what does not finish within the grace time is cut off; the exit is still 0', async () => {
    const url = await database();
    const server = await start({ DATABASE_URL: url, STRATUM_SHUTDOWN_GRACE_MS: '200', REQUEST_TIMEOUT_MS: '60000' });
    const lock = await lockTenants(url);
    const slow = call(server, 'GET', '/tenants').catch((error: Error) => error);
    await lock.waiting();

    server.signal('SIGTERM');

    expect(await slow).toBeInstanceOf(Error);
    expect(await server.ended).toEqual({ code: 0, signal: null });
    await lock.release();
  });

  test('a second signal ends it at once with 1; the echo of the first one by npm does not', async () => {
    const url = await database();
    const server = await start({ DATABASE_URL: url, STRATUM_SHUTDOWN_GRACE_MS: '60000', REQUEST_TIMEOUT_MS: '60000' });
    const lock = await lockTenants(url);
    const slow = call(server, 'GET', '/tenants').catch((error: Error) => error);
    await lock.waiting();

    server.signal('SIGINT');
    await sleep(100); // two that are sent at the same moment arrive as one
    server.signal('SIGINT');
    await refused(server);
    const early = await Promise.race([server.ended, sleep(700, 'still running')]);
    server.signal('SIGINT');

    expect(early).toBe('still running');
    expect(await server.ended).toEqual({ code: 1, signal: null });
    await slow;
    await lock.release();
  });

  // Were npm to run the server inside of a shell, only the shell would die of a signal that is sent to npm.
  test.each([
    ['Ctrl+C on', 'SIGINT', 'all that the terminal runs'],
    ['SIGTERM to', 'SIGTERM', 'npm alone'],
  ] as const)('%s `npm start` stops server and database, and leaves nothing behind', async (_how, signal, to) => {
    const dataDir = await newFolder();
    const port = String(await freePort());
    const npm = startNpm({ PORT: port, STRATUM_DATA_DIR: dataDir });
    await npm.ready();

    process.kill(to === 'npm alone' ? npm.pid : -npm.pid, signal);
    await npm.gone;

    expect(npm.said()).toContain(`http://127.0.0.1:${port}/graphql`);
    expect(npm.said()).toContain('sk_test_bootstrap');
    expect(npm.said()).not.toMatch(/error|unexpectedly/i);
    const place = await rememberedPlace(dataDir);
    expect(await readdir(join(place, 'postgres'))).not.toContain('postmaster.pid');
    expect(await readdir(dataDir)).not.toContain('owner.json');
    await rm(place, { recursive: true, force: true });
  });
});

describe('starting again (O4)', () => {
  test('everything is there after an orderly stop and after kill -9, a sensitive value included', async () => {
    const dataDir = await newFolder();
    const settings = { STRATUM_DATA_DIR: dataDir };
    const first = await start(settings);
    cleanup.push(async () => rm(await rememberedPlace(dataDir), { recursive: true, force: true }));
    const { body: tenant } = await call(first, 'POST', '/tenants', { name: 'Acme', slug: 'acme' });
    const secret = { value: 'hunter2', sensitive: true };
    expect(await call(first, 'PUT', `/tenants/${tenant.id}/config/password`, secret)).toMatchObject({ status: 200 });
    const read = (server: ServerProcess) => call(server, 'GET', `/tenants/${tenant.id}/config?reveal=true`);
    const before = await read(first);

    first.signal('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, signal: null });
    const second = await start(settings);
    const afterStop = await read(second);
    second.signal('SIGKILL');
    await second.ended;
    const third = await start(settings);
    const afterKill = await read(third);

    expect(before).toMatchObject({ status: 200, body: { password: { value: 'hunter2', sensitive: true } } });
    expect(afterStop).toEqual(before);
    expect(afterKill).toEqual(before);
    expect((await stat(join(dataDir, 'encryption.key'))).mode & 0o077).toBe(0);
    third.signal('SIGTERM');
    expect(await third.ended).toEqual({ code: 0, signal: null });
  });

  test('a database of one’s own is read again with the secrets of the data folder, and only with those', async () => {
    const settings = { DATABASE_URL: await database(), STRATUM_DATA_DIR: await newFolder() };
    const first = await start(settings);
    const { body: tenant } = await call(first, 'POST', '/tenants', { name: 'Acme', slug: 'acme' });
    await call(first, 'PUT', `/tenants/${tenant.id}/config/password`, { value: 'hunter2', sensitive: true });
    first.signal('SIGTERM');
    await first.ended;
    const read = async (server: ServerProcess) => call(server, 'GET', `/tenants/${tenant.id}/config?reveal=true`);

    const again = await start(settings);
    const stranger = await start({ ...settings, STRATUM_DATA_DIR: await newFolder() });

    expect(await read(again)).toMatchObject({ status: 200, body: { password: { value: 'hunter2' } } });
    expect(await read(stranger)).toMatchObject({ status: 500, body: { error: { code: 'INTERNAL_SERVER_ERROR' } } });
    await expect.poll(() => stranger.output()).toContain('STRATUM_ENCRYPTION_KEY_PREVIOUS'); // the log comes by another pipe than the answer
  });
});

describe('a start that can not succeed says why in a sentence, and exits with 1', () => {
  async function failed(settings: Readonly<Record<string, string>>): Promise<string> {
    const server = await start(settings);
    expect({ ...(await server.ended), output: server.output() }).toMatchObject({ code: 1, signal: null });
    expect(server.output()).not.toMatch(/^ +at /m);
    return server.output();
  }

  test('production without its settings, with every one of them named', async () => {
    const output = await failed({ NODE_ENV: 'production' });
    for (const name of ['DATABASE_URL', 'STRATUM_ENCRYPTION_KEY', 'STRATUM_API_KEY_HMAC_SECRET']) {
      expect(output).toContain(`${name} is required when NODE_ENV is production`);
    }
  });

  test('production with weak secrets, none of them shown', async () => {
    const output = await failed({
      NODE_ENV: 'production',
      DATABASE_URL: 'postgresql://db/stratum',
      STRATUM_ENCRYPTION_KEY: 'short-and-weak',
      STRATUM_API_KEY_HMAC_SECRET: 'x'.repeat(40),
      STRATUM_BOOTSTRAP_KEY: 'sk_test_bootstrap',
    });
    expect(output).toContain('STRATUM_ENCRYPTION_KEY must have 32 bytes or more');
    expect(output).toContain('STRATUM_API_KEY_HMAC_SECRET must be random');
    expect(output).toContain('STRATUM_BOOTSTRAP_KEY must not be the development key');
    expect(output).not.toMatch(/short-and-weak|xxxx/);
  });

  test.each(['on', 'off'])('a database that is not there, with STRATUM_MIGRATE=%s', async (migrate) => {
    const output = await failed({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none', STRATUM_MIGRATE: migrate });
    expect(output).toBe("stratum: the database can't be reached: connect ECONNREFUSED 127.0.0.1:1\n");
  });

  test.each([
    ['a database of one’s own', async () => ({ DATABASE_URL: await database() })],
    ['the embedded one, which is stopped again', async () => ({})],
  ])('a port that another program uses, with %s', async (_what, settings) => {
    const other = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const output = await failed({ ...(await settings()), PORT: String(port) }).finally(() => other.close());
    expect(output).toContain(`stratum: port ${port} of 127.0.0.1 can't be used: another program uses it`);
  });

  test('a data folder that another instance uses', async () => {
    const dataDir = await newFolder();
    const first = await start({ STRATUM_DATA_DIR: dataDir });
    cleanup.push(async () => rm(await rememberedPlace(dataDir), { recursive: true, force: true }));
    const output = await failed({ STRATUM_DATA_DIR: dataDir });
    expect(output).toContain(`another Stratum (pid ${first.pid}) is using ${dataDir}`);
    first.signal('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, signal: null });
  });
});

test('two processes at once on an empty database: both come up, and migrations ran once (O5)', async () => {
  const url = await database(emptyDatabase);
  const gate = new pg.Client({ connectionString: url });
  await gate.connect();
  await gate.query('select pg_advisory_lock($1)', [migrationLock]);
  const starting = Promise.all([start({ DATABASE_URL: url }), start({ DATABASE_URL: url })]);
  // Both have come as far as they can alone: now they go on at the same moment.
  for (let waiting = 0; waiting < 2; await sleep(20)) {
    const { rowCount } = await gate.query(
      `select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`,
    );
    waiting = rowCount ?? 0;
  }
  await gate.end();
  const [one, other] = await starting;

  const { body: tenant } = await call(one, 'POST', '/tenants', { name: 'Acme', slug: 'acme' });
  expect(await call(other, 'GET', `/tenants/${tenant.id}`)).toMatchObject({ status: 200, body: { slug: 'acme' } });
  const applied = [one, other].flatMap((server) => server.output().match(/applied migration \S+/g) ?? []);
  const names = (await readdir(migrationsFolder)).filter((name) => /^\d/.test(name));
  expect(applied.sort()).toEqual(names.map((name) => `applied migration ${name}`).sort());
});

/** `npm start` in a process group of its own, as a terminal gives it. */
function startNpm(settings: Readonly<Record<string, string>>) {
  const { PATH, HOME } = process.env;
  const npm = spawn('npm', ['start'], {
    cwd: join(import.meta.dirname, '../..'),
    env: { PATH, HOME, ...settings },
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const pid = npm.pid!;
  let said = '';
  let isGone = false;
  npm.stderr.setEncoding('utf8').on('data', (line: string) => {
    said += line;
  });
  // The end of the output is the end of the last process that could write to it.
  const gone = once(npm, 'close').then(() => {
    isGone = true;
  });
  cleanup.push(() => (isGone ? true : process.kill(-pid, 'SIGKILL')));
  const ready = async () => {
    while (!said.includes('is ready')) {
      await once(npm.stderr, 'data');
    }
  };
  return { pid, gone, ready, said: () => said };
}

function rawConnection({ url }: ServerProcess): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname);
}
