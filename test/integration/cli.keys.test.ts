import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { createCall } from '../../src/domain/call.ts';
import { reseal } from '../../src/domain/config/reseal.ts';
import { setConfig } from '../../src/domain/config/set.ts';
import { createServices } from '../../src/domain/services.ts';
import { captureStreams } from '../support/captured-streams.ts';
import { DomainWorld } from '../support/domain-world.ts';
import { secrets } from '../support/rest-app.ts';
import { type Json, RestWorld, unknownId } from '../support/rest-world.ts';

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

async function keys(...argv: string[]) {
  const streams = captureStreams();
  const code = await main(['keys', ...argv], env, streams);
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

  test.each([
    [1, 'No such API key', ['revoke', unknownId]],
    [1, 'No such tenant', ['create', '--tenant', 'nobody_has_this']],
    [1, 'rateLimitWindow', ['create', '--rate-limit', '5', '--rate-window', 'soon']],
    [1, 'expiresAt', ['create', '--expires', '2001-01-01']],
    [2, 'Scopes are read, write and admin', ['create', '--scopes', 'root']],
    [2, 'named by its id', ['rotate', 'first']],
    [2, 'A date such as', ['create', '--expires', 'soon']],
  ])('ends with %i and says "%s" when called like %j, and leaves nothing behind', async (code, text, argv) => {
    const before = await world.counts();
    const refused = await keys(...argv);
    expect({ code: refused.code, out: refused.out }).toEqual({ code, out: '' });
    expect(refused.err).toContain(text);
    expect(await world.counts()).toEqual(before);
  });

  test('does not make keys in production that no server would know', async () => {
    const streams = captureStreams();
    const code = await main(['keys', 'list'], { NODE_ENV: 'production', DATABASE_URL: env['DATABASE_URL'] }, streams);
    expect(code).toBe(1);
    expect(streams.err()).toContain('STRATUM_API_KEY_HMAC_SECRET is required');
  });
});

const oldKey = 'the encryption key that is to be left behind';
const newKey = 'the encryption key that takes its place now';

describe('stratum keys rotate-encryption', () => {
  /** Somebody on the same database with these keys. */
  function withKeys(domain: DomainWorld, encryptionKeys: [string, ...string[]]) {
    const { database, limits } = domain.services;
    const apiKeys = { hmacSecret: secrets.apiKeyHmacSecret, prefix: 'sk_test_' } as const;
    return createCall(createServices({ database, limits, encryptionKeys, apiKeys }), domain.admin);
  }

  test('may be stopped anywhere: everything stays readable, a repetition finishes it, and a write in between stays', async () => {
    await using domain = await DomainWorld.open();
    const [before, during, after] = [[oldKey], [newKey, oldKey], [newKey]].map((list) =>
      withKeys(domain, list as [string, ...string[]]),
    );
    const tenant = await domain.root();
    const set = (call = before!, key = 'k0', value: unknown = 0) =>
      setConfig(call, { tenantId: tenant.id, input: { key, value, sensitive: true } });
    for (let n = 0; n < 250; n += 1) {
      await set(before!, `k${n}`, n);
    }
    const values = async (call = during!) =>
      Object.fromEntries((await domain.config(tenant, call))!.map(({ key, value }) => [key, value]));
    const expected = await values();

    const stopped = reseal(during!, () => {
      throw new Error('the machine went down');
    });
    await expect(stopped).rejects.toThrow('the machine went down');
    expect(await sealedWith(domain, oldKey)).toBe(150);
    expect(await values()).toEqual(expected);

    await set(during!, 'k249', 'changed meanwhile');
    expect(await reseal(during!)).toEqual({ resealed: 149, unreadable: 0 });
    expect(await reseal(during!)).toEqual({ resealed: 0, unreadable: 0 });
    expect(await values(after!)).toEqual({ ...expected, k249: 'changed meanwhile' });
    expect(await reseal(withKeys(domain, ['a third key that nobody has ever used']))).toEqual({
      resealed: 0,
      unreadable: 250,
    });
    const events = await domain.sql("select after from events where type = 'encryption.key_rotated'");
    expect(events).toEqual([{ after: { config_entries: 149 } }]);
    expect(await domain.invariants()).toEqual([]);
  });

  test('says how much it did', async () => {
    const tenant = await world.tenant();
    await world.put(`/tenants/${tenant.id}/config/token`, { value: 'planted-marker', sensitive: true });
    const streams = captureStreams();
    const rotated = { ...env, STRATUM_ENCRYPTION_KEY: newKey, STRATUM_ENCRYPTION_KEY_PREVIOUS: secrets.encryptionKey };
    const code = await main(['keys', 'rotate-encryption'], rotated, streams);
    expect({ code, out: streams.out() }).toEqual({
      code: 0,
      out: '1 sensitive values encrypted anew, 0 that no key opens\n',
    });
  });
});

/** How many values stand in envelopes of a key. */
async function sealedWith({ database }: DomainWorld, encryptionKey: string): Promise<number> {
  const apiKeys = { hmacSecret: secrets.apiKeyHmacSecret, prefix: 'sk_test_' } as const;
  const limits = { maxDepth: 64, transactionTimeoutMs: 1_000 };
  const { currentMark } = createServices({ database, limits, encryptionKeys: [encryptionKey], apiKeys }).secrets;
  const { rows } = await database.pool.query('select 1 from config_entries where starts_with(ciphertext, $1)', [
    currentMark,
  ]);
  return rows.length;
}
