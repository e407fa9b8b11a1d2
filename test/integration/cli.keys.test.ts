import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { captureStreams } from '../support/captured-streams.ts';
import { openApp, secrets } from '../support/rest-app.ts';
import { type Json, RestWorld, uniqueSlug, unknownId } from '../support/rest-world.ts';

let world: RestWorld;
let env: Record<string, string>;
beforeAll(async () => {
  world = await RestWorld.open();
  env = {
    DATABASE_URL: world.database.pool.options.connectionString ?? '',
    STRATUM_ENCRYPTION_KEY: secrets.encryptionKey,
    STRATUM_API_KEY_HMAC_SECRET: secrets.apiKeyHmacSecret,
  };
});
afterAll(() => world[Symbol.asyncDispose]());

const keys = (...argv: string[]) => keysIn(env, ...argv);

async function keysIn(environment: Record<string, string | undefined>, ...argv: string[]) {
  const streams = captureStreams();
  const code = await main(['keys', ...argv], environment, streams);
  return { code, out: streams.out().trim(), err: streams.err() };
}

const get = (url: string, key: string) => world.get(url, { 'x-api-key': key });

describe('stratum keys', () => {
  test('gives a new installation its first administrator, and prints the key alone', async () => {
    const { code, out, err } = await keys('create', '--name', 'Operations', '--scopes', 'admin');
    expect(code).toBe(0);
    expect(out).toMatch(/^sk_test_[A-Za-z0-9_-]{43}$/);
    expect(err).toContain('it is shown this once');
    expect((await get('/api-keys', out)).status).toBe(200);
  });

  test('makes keys that a server on the same database lets in', async () => {
    const { app, close } = await openApp({ databaseUrl: env['DATABASE_URL'] ?? '' });
    const address = await app.server.listen({ host: '127.0.0.1', port: 0 });
    const ask = async (key: string) =>
      (await fetch(`${address}/api/v1/tenants`, { headers: { 'x-api-key': key } })).status;
    try {
      const key = (await keys('create', '--name', 'Reader', '--scopes', 'read')).out;
      expect([await ask(key), await ask(`${key}x`)]).toEqual([200, 401]);
    } finally {
      await close();
    }
  });

  test('has the secrets of the data folder when it is told none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stratum-keys-'));
    await writeFile(join(folder, 'encryption.key'), secrets.encryptionKey);
    await writeFile(join(folder, 'api-keys.secret'), secrets.apiKeyHmacSecret);
    const told = { DATABASE_URL: env['DATABASE_URL'], STRATUM_DATA_DIR: folder };
    const { out } = await keysIn(told, 'create', '--name', 'Local');
    await rm(folder, { recursive: true });
    expect((await get('/tenants', out)).status).toBe(200);
  });

  test('records what it does in its own name', async () => {
    const { id } = JSON.parse((await keys('create', '--name', 'Recorded', '--json')).out);
    const events = await world.sql("select type, actor_type, actor_id from events where after->>'id' = $1", [id]);
    expect(events).toEqual([{ type: 'api_key.created', actor_type: 'system', actor_id: 'stratum keys' }]);
  });

  test('takes a tenant by its id or its slug, and shows what there is', async () => {
    const tenant = await world.tenant();
    const bySlug = await keys('create', '--tenant', tenant.slug, '--expires', '90d', '--rate-limit', '5', '--json');
    const issued = JSON.parse(bySlug.out);
    expect(issued).toMatchObject({ tenant_id: tenant.id, scopes: ['read', 'write'], rate_limit_max: 5 });
    expect(new Date(issued.expires_at).getTime()).toBeGreaterThan(Date.now() + 89 * 86_400_000);
    const byId = await keys('create', '--tenant', tenant.id, '--scopes', 'read', '--name', 'Second');
    expect((await get(`/tenants/${tenant.id}`, byId.out)).status).toBe(200);

    const listed = JSON.parse((await keys('list', '--tenant', tenant.slug, '--json')).out).keys;
    expect(listed.map(({ name }: Json) => name)).toEqual(['Second', null]);
    const table = (await keys('list', '--tenant', tenant.id)).out.split('\n');
    expect(table[0]).toMatch(/^ID +STATE +SCOPES +HOME +LAST USED +NAME$/);
    expect(table[1]).toContain('Second');
    expect(JSON.stringify(listed)).not.toContain(byId.out);
  });

  test('rotates with an overlap, and revokes', async () => {
    const first = JSON.parse((await keys('create', '--json')).out);
    const second = await keys('rotate', first.id, '--overlap', '600', '--name', 'Next');
    expect((await get('/tenants', first.plaintext_key)).status).toBe(200);
    expect((await get('/tenants', second.out)).status).toBe(200);

    expect(await keys('revoke', first.id)).toMatchObject({ code: 0, out: `revoked ${first.id}` });
    expect((await get('/tenants', first.plaintext_key)).status).toBe(401);
  });

  test('rotates at once unless told, under a name that says so', async () => {
    const first = JSON.parse((await keys('create', '--name', 'Billing', '--scopes', 'read', '--json')).out);
    const second = JSON.parse((await keys('rotate', first.id, '--json')).out);
    expect(second).toMatchObject({ name: 'Billing (rotated)', scopes: ['read'] });
    expect((await get('/tenants', first.plaintext_key)).status).toBe(401);
    expect((await get('/tenants', second.plaintext_key)).status).toBe(200);
    expect(await keys('rotate', first.id)).toMatchObject({ code: 1, out: '' });
  });

  test('says of each key whether it works, and where it is at home', async () => {
    const { id: home, slug } = await world.tenant();
    expect((await keys('list', '--tenant', slug)).out).toBe('no keys');
    const issue = async (name: string) =>
      JSON.parse((await keys('create', '--tenant', slug, '--name', name, '--expires', '2999-12-31', '--json')).out).id;
    const [active, expired, revoked] = [await issue('One'), await issue('Two'), await issue('Three')];
    await world.sql("update api_keys set expires_at = now() - interval '1 second' where id = $1", [expired]);
    await keys('revoke', revoked);

    const rows = (await keys('list', '--tenant', slug)).out.split('\n').slice(1);
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
      [revoked, 'revoked', 'read,write', home, 'never', 'Three'],
      [expired, 'expired', 'read,write', home, 'never', 'Two'],
      [active, 'active', 'read,write', home, 'never', 'One'],
    ]);
  });

  test('lists all pages', async () => {
    const tenant = await world.tenant();
    for (let n = 0; n < 101; n += 1) {
      await world.post('/api-keys', { tenant_id: tenant.id, name: `Key ${n}`, scopes: ['read'] });
    }
    const listed = JSON.parse((await keys('list', '--tenant', tenant.id, '--json')).out).keys;
    expect(new Set(listed.map(({ id }: Json) => id)).size).toBe(101);
  });

  test.each([
    [1, 'No such API key', ['revoke', unknownId]],
    [1, 'No such tenant', ['create', '--tenant', 'nobody_has_this']],
    [1, 'rateLimitWindow', ['create', '--rate-limit', '5', '--rate-window', 'soon']],
    [1, 'expiresAt', ['create', '--expires', '2001-01-01']],
    [2, 'Scopes are read, write and admin', ['create', '--scopes', 'root']],
    [2, 'named by its id', ['rotate', 'first']],
    [1, 'No such API key', ['rotate', unknownId]],
    [1, 'No such tenant', ['create', '--tenant', unknownId]],
    [1, 'rateLimitMax', ['create', '--rate-window', '1 minute']],
    [2, 'named by its id', ['revoke', 'first']],
    [2, 'A whole number', ['rotate', unknownId, '--overlap', '1h']],
    [2, 'A whole number', ['create', '--rate-limit', 'many']],
    [2, 'unknown option', ['create', '--forever']],
    [2, 'A date such as', ['create', '--expires', 'soon']],
    [2, 'A date such as', ['create', '--expires', '2999']],
    [2, 'A date such as', ['create', '--expires', '12/31/2999']],
    [2, 'A date such as', ['create', '--expires', '2999-02-30']],
    [2, 'A date such as', ['create', '--expires', '2999-01-31T12:00']],
  ])('ends with %i and says "%s" when called like %j, and leaves nothing behind', async (code, text, argv) => {
    const before = await world.counts();
    const refused = await keys(...argv);
    expect({ code: refused.code, out: refused.out }).toEqual({ code, out: '' });
    expect(refused.err).toContain(text);
    expect(await world.counts()).toEqual(before);
  });

  test.each(['STRATUM_ENCRYPTION_KEY', 'STRATUM_API_KEY_HMAC_SECRET'])(
    'does not make keys in production that no server would know: without %s',
    async (name) => {
      const before = await world.counts();
      const refused = await keysIn({ ...env, NODE_ENV: 'production', [name]: undefined }, 'create', '--name', 'Lost');
      expect(refused).toMatchObject({ code: 1, out: '' });
      expect(refused.err).toContain(`${name} is required when NODE_ENV is production`);
      expect(await world.counts()).toEqual(before);
    },
  );

  test('makes live keys in production', async () => {
    const { out } = await keysIn({ ...env, NODE_ENV: 'production' }, 'create', '--name', 'Live');
    expect(out).toMatch(/^sk_live_/);
    expect((await get('/tenants', out)).status).toBe(200);
  });
});

const newKey = 'the encryption key that takes its place now';

describe('stratum keys rotate-encryption', () => {
  async function rotateEncryption(settings: Record<string, string>, ...argv: string[]) {
    const streams = captureStreams();
    const code = await main(['keys', 'rotate-encryption', ...argv], { ...env, ...settings }, streams);
    return { code, out: streams.out(), err: streams.err() };
  }

  test('ends with 1 and says how many when a key is missing, and is repeated with it', async () => {
    const tenant = await world.tenant();
    await world.put(`/tenants/${tenant.id}/config/token`, { value: 'planted-marker', sensitive: true });
    await world.post('/tenants', { name: 'Once', slug: uniqueSlug() }, { 'idempotency-key': 'once' });

    const missing = await rotateEncryption({ STRATUM_ENCRYPTION_KEY: newKey });
    expect(missing).toMatchObject({
      code: 1,
      out: 'encrypted anew: 0 in config_entries, 0 in idempotency_keys, 0 in webhook_secrets\n',
      err: expect.stringContaining('no key opens 2 more, which stay as they are: set STRATUM_ENCRYPTION_KEY_PREVIOUS'),
    });
    const rotated = { STRATUM_ENCRYPTION_KEY: newKey, STRATUM_ENCRYPTION_KEY_PREVIOUS: secrets.encryptionKey };
    expect(await rotateEncryption(rotated, '--json')).toEqual({
      code: 0,
      out: '{"config_entries":1,"idempotency_keys":1,"webhook_secrets":0,"unreadable":0}\n',
      err: '',
    });
    expect(await rotateEncryption({ STRATUM_ENCRYPTION_KEY: newKey }, '--json')).toMatchObject({ code: 0 });
    const events = await world.sql("select actor_id, after from events where type = 'encryption.key_rotated'");
    expect(events).toEqual([{ actor_id: 'stratum keys', after: { config_entries: 1, webhook_secrets: 0 } }]);
  });
});
