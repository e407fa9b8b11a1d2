import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../src/cli/doctor/diagnose.ts';
import { main } from '../../src/cli/main.ts';
import { readConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/db/database.ts';
import { createSecretBox } from '../../src/domain/secrets.ts';
import { captureStreams } from '../support/captured-streams.ts';
import { type Listening, listen } from '../support/listening.ts';
import { secrets } from '../support/rest-app.ts';
import { freePort } from '../support/server-process.ts';
import { emptyDatabase } from '../support/template-database.ts';

async function stratum(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const streams = captureStreams();
  const code = await main(argv, env, streams);
  return { code, out: streams.out(), err: streams.err() };
}

interface Diagnosis {
  readonly name: string;
  readonly status: string;
  readonly detail: string;
  readonly advice: string | null;
}

async function doctor(env: Readonly<Record<string, string>>) {
  const { code, out, err } = await stratum(['doctor', '--json'], env);
  const report: { healthy: boolean; checks: Diagnosis[] } = JSON.parse(out);
  const statuses = Object.fromEntries(report.checks.map(({ name, status }) => [name, status]));
  const found = report.checks.filter(({ status }) => status === 'warning' || status === 'failure');
  return { code, err, ...report, statuses, found };
}

/** A server with a little of everything, and the environment of whoever operates it. */
async function furnished() {
  const server = await listen();
  const env = {
    DATABASE_URL: server.databaseUrl,
    STRATUM_ENCRYPTION_KEY: secrets.encryptionKey,
    STRATUM_API_KEY_HMAC_SECRET: secrets.apiKeyHmacSecret,
  };
  const send = async (method: string, path: string, body: object) => {
    const headers = { 'X-API-Key': server.apiKey, 'Content-Type': 'application/json' };
    const answer = await fetch(`${server.url}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
    expect(answer.ok, `${path}: ${answer.status}`).toBe(true);
    return (await answer.json()) as { id: string };
  };
  const root = await send('POST', '/tenants', { name: 'Root', slug: 'root' });
  const child = await send('POST', '/tenants', { name: 'Child', slug: 'child', parent_id: root.id });
  await send('PUT', `/tenants/${child.id}/config/token`, { value: 'a secret', sensitive: true });
  await send('POST', '/api-keys', { name: 'Reader', tenant_id: root.id, scopes: ['read'] });
  await send('POST', '/webhooks', { tenant_id: root.id, url: 'https://example.com/hook', events: ['*'] });
  await send('PATCH', `/tenants/${child.id}`, { name: 'Changed' });
  return { server, env, root, child };
}

/** What only somebody with the database in their hands can do, without its own guards. */
function tamper(server: Listening, sql: string) {
  return server.query(`set session_replication_role = replica; ${sql}; set session_replication_role = origin`);
}

describe('stratum doctor', () => {
  test('a sound installation: every check is ok, exit code 0, and nothing is changed', async () => {
    const { server, env } = await furnished();
    const counts = `select sum(n_tup_ins + n_tup_upd + n_tup_del)::int as changed from pg_stat_user_tables`;
    await server.query('select pg_stat_force_next_flush()');
    const before = await server.query(counts);

    const { code, err, healthy, statuses } = await doctor(env);

    expect({ code, err, healthy }).toEqual({ code: 0, err: '', healthy: true });
    expect(new Set(Object.values(statuses))).toEqual(new Set(['ok']));
    expect(Object.keys(statuses)).toHaveLength(17);
    expect(await server.query(counts)).toEqual(before);
    await server.close();
  });

  test.each<[name: string, level: string, sql: string]>([
    ['paths', 'failure', `update tenants set path = 'x/' || path where slug = 'child'`],
    ['paths', 'failure', `update tenants set depth = 7 where slug = 'child'`],
    ['orphans', 'failure', `update tenants set parent_id = gen_random_uuid() where slug = 'child'`],
    ['orphans', 'failure', `update config_entries set tenant_key = 4711`],
    ['inactive-parents', 'failure', `update tenants set status = 'suspended' where slug = 'root'`],
    ['ledger-chain', 'failure', `update events set actor_id = 'nobody' where type = 'tenant.updated'`],
    ['ledger-chain', 'failure', `delete from events where type = 'tenant.updated'`],
    ['ledger-chain', 'failure', `update ledgers set head_hash = sha256('') where revision > 1`],
    ['migrations', 'failure', `delete from _prisma_migrations where migration_name like '%webhooks'`],
    ['migrations', 'failure', `update _prisma_migrations set checksum = 'other' where migration_name like '%webhooks'`],
    [
      'migrations',
      'failure',
      `update _prisma_migrations set migration_name = '29990101000000_later' where migration_name like '%webhooks'`,
    ],
    ['encryption', 'failure', `update config_entries set ciphertext = 'v2:00000000:AA:AA:AA'`],
    ['depth', 'warning', `update tenants set depth = 60, path = repeat('1/', 60) || path where slug = 'child'`],
    ['stale-keys', 'warning', `update api_keys set created_at = now() - interval '91 days'`],
    ['expired-keys', 'warning', `update api_keys set expires_at = now() - interval '1 second'`],
    ['disabled-webhooks', 'warning', `update webhooks set active = false, disabled_reason = 'nothing arrived'`],
    [
      'dead-deliveries',
      'warning',
      `update webhook_deliveries set status = 'failed', next_attempt_at = null, completed_at = now()`,
    ],
    ['late-deliveries', 'warning', `update webhook_deliveries set next_attempt_at = now() - interval '6 minutes'`],
    ['row-security', 'warning', `create table notes (id int, tenant_id uuid)`],
    [
      'row-security',
      'warning',
      `create table notes (id int, tenant_id uuid); alter table notes enable row level security`,
    ],
  ])('%s (%s) is found after: %s', async (name, level, sql) => {
    const { server, env } = await furnished();
    await tamper(server, sql);

    const { code, healthy, statuses, found } = await doctor(env);

    expect(statuses[name]).toBe(level);
    expect(found.find((one) => one.name === name)?.advice).toMatch(/\w/);
    // What was put on a wrong level for the test of the depth has a wrong path, too.
    const failed = level === 'failure' || name === 'depth';
    expect({ code, healthy }).toEqual({ code: failed ? 1 : 0, healthy: !failed });
    await server.close();
  });

  test('a table with enforced policies, and revoked keys, are nothing to speak of', async () => {
    const { server, env } = await furnished();
    await server.query(`create table notes (id int, tenant_id uuid); alter table notes enable row level security;
      alter table notes force row level security; create policy own on notes using (true);
      update api_keys set revoked_at = now(), expires_at = now(), created_at = now() - interval '100 days'`);

    const { found } = await doctor(env);

    expect(found).toEqual([]);
    await server.close();
  });

  test('another encryption key than the one that sealed the values is found; the previous one helps', async () => {
    const { server, env } = await furnished();
    const other = { ...env, STRATUM_ENCRYPTION_KEY: 'another encryption key, for this test' };

    const wrong = await doctor(other);
    const right = await doctor({ ...other, STRATUM_ENCRYPTION_KEY_PREVIOUS: secrets.encryptionKey });

    expect(wrong).toMatchObject({ code: 1, found: [{ name: 'encryption' }] });
    expect(JSON.stringify(wrong)).not.toContain('a secret');
    expect(right).toMatchObject({ code: 0, found: [] });
    await server.close();
  });

  test('production without its secrets: each is named, and the rest is examined all the same', async () => {
    const { server } = await furnished();

    const { code, found, statuses } = await doctor({ NODE_ENV: 'production', DATABASE_URL: server.databaseUrl });

    expect(code).toBe(1);
    const named = expect.stringMatching(/STRATUM_ENCRYPTION_KEY.*STRATUM_API_KEY_HMAC_SECRET/);
    expect(found[0]).toMatchObject({ name: 'configuration', detail: named });
    expect(statuses).toMatchObject({ connection: 'ok', 'ledger-chain': 'ok', depth: 'skipped' });
    await server.close();
  });

  test('a database that was never migrated is told apart from a broken one', async () => {
    const empty = await emptyDatabase();

    const { code, found, statuses } = await doctor({ DATABASE_URL: empty.url });

    expect(code).toBe(1);
    expect(found).toMatchObject([{ name: 'migrations', detail: expect.stringContaining('stratum migrate') }]);
    expect(statuses['paths']).toBe('skipped');
    await empty.drop();
  });

  test('a database that does not answer is one failure, without its password', async () => {
    const { code, found, statuses } = await doctor({ DATABASE_URL: 'postgresql://nobody:hushhush@127.0.0.1:1/none' });

    expect({ code, names: found.map(({ name }) => name) }).toEqual({ code: 1, names: ['connection'] });
    expect(found[0]?.detail).toContain('ECONNREFUSED');
    expect(JSON.stringify(found)).not.toContain('hushhush');
    expect(statuses['row-security']).toBe('skipped');
  });

  test('where there is no database, none is made', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stratum-doctor-'));

    const { code, found } = await doctor({ STRATUM_DATA_DIR: join(folder, 'data') });

    expect({ code, names: found.map(({ name }) => name) }).toEqual({ code: 1, names: ['connection'] });
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  test('people get a line for each check, what to do behind those that found something, and a sum', async () => {
    const { server, env } = await furnished();
    await tamper(server, `update api_keys set expires_at = now()`);

    const { code, out } = await stratum(['doctor'], env);

    expect(code).toBe(0);
    expect(out).toMatch(/^ok +connection +the database answers in \d+ ms$/m);
    expect(out).toMatch(/^warning +expired-keys +1 expired key not revoked: [0-9a-f-]{36}\n +-> /m);
    expect(out).toMatch(/\n17 checks, no failures, 1 warning\n$/);
    await server.close();
  });

  test('each check is one statement at most', async () => {
    const { server, env } = await furnished();
    const statements: string[] = [];
    const database = openDatabase({ url: server.databaseUrl, onStatement: (text) => statements.push(text) });
    const config = readConfig(env);
    const box = createSecretBox([secrets.encryptionKey]);

    const checks = await diagnose({ query: database.query, config, configProblems: [], secrets: box });

    const without = ['configuration', 'secrets'];
    expect(checks.map(({ status }) => status)).not.toContain('failure');
    expect(statements).toHaveLength(checks.length - without.length);
    await database.close();
    await server.close();
  });
});

describe('stratum health', () => {
  let server: Listening;
  beforeAll(async () => {
    server = await listen();
  });
  afterAll(() => server.close());

  test('a server that can serve: exit code 0, its version, its database', async () => {
    const { code, out, err } = await stratum(['health', '--url', server.url, '--json']);

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toEqual({
      url: server.url,
      healthy: true,
      database: 'connected',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      reason: null,
    });
  });

  test('the address is taken from STRATUM_URL as well', async () => {
    const { code, out } = await stratum(['health'], { STRATUM_URL: `${server.url}/` });

    expect(code).toBe(0);
    expect(out).toContain(`ok: Stratum`);
    expect(out).toContain(server.url);
  });

  test('the address is taken from the file of the other commands as well, unless told otherwise', async () => {
    const home = await mkdtemp(join(tmpdir(), 'stratum-home-'));
    await mkdir(join(home, 'stratum'));
    await writeFile(join(home, 'stratum/config.json'), JSON.stringify({ url: server.url }));
    const nobody = `http://127.0.0.1:${await freePort()}`;

    expect(await stratum(['health'], { XDG_CONFIG_HOME: home })).toMatchObject({ code: 0 });
    const told = await stratum(['health'], { XDG_CONFIG_HOME: home, STRATUM_URL: nobody });
    await rm(home, { recursive: true });

    expect(told).toMatchObject({ code: 1, out: expect.stringContaining(nobody) });
  });

  test('nobody listens: exit code 1 and why', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;

    const { code, out } = await stratum(['health', '--url', url]);

    expect({ code, out }).toEqual({ code: 1, out: `FAILURE: ${url}: no answer (ECONNREFUSED)\n` });
  });

  test.each([
    ['hangs', () => {}, /no answer within 0\.3 s/],
    ['lost its database', answerWith(503, '{"status":"error","db":"disconnected"}'), /does not reach its database/],
    ['is stopping', answerWith(503, '{"status":"error","db":"connected"}'), /is stopping/],
    ['is no Stratum', answerWith(200, '<html>\u001b[2J</html>'), /is no Stratum/],
  ])('a server that %s: exit code 1 and a reason', async (_, handler, reason) => {
    const other = createServer(handler).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;

    const { code, out } = await stratum(['health', '--url', `http://127.0.0.1:${port}`, '--timeout', '0.3']);

    expect(code).toBe(1);
    expect(out).toMatch(reason);
    expect(out).not.toContain('\u001b');
    other.closeAllConnections();
    other.close();
  });

  test.each([
    ['--url', 'localhost:3001'],
    ['--timeout', '0'],
    ['--timeout', 'soon'],
  ])('%s %s is misuse: exit code 2', async (...flags) => {
    expect(await stratum(['health', ...flags])).toMatchObject({ code: 2, out: '' });
  });
});

function answerWith(status: number, body: string) {
  return (_: unknown, response: ServerResponse) => void response.writeHead(status).end(body);
}
