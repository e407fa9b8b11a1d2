import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { type OpenApp, openApp } from '../support/rest-app.ts';
import { type Json, uniqueSlug, unknownId } from '../support/rest-world.ts';

const secret = 'k7Qz-2mfPx_9LwRt4Vb8Yc1Nd6Hs0Jg3';
const [issuer, audience] = ['https://login.example.com/', 'stratum'];

/** The keys that an issuer publishes, as they are at the moment; null for an issuer that fails. */
let published: JWK[] | null = [];
let fetches = 0;
let issuerServer: Server;
let bySecret: OpenApp;
let byKeys: OpenApp;
let tenant: { id: string; root: string };

beforeAll(async () => {
  issuerServer = createServer((_request, response) => {
    fetches += 1;
    response.statusCode = published === null ? 500 : 200;
    response.end(JSON.stringify({ keys: published ?? [] }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => issuerServer.once('listening', resolve));
  bySecret = await openApp({ settings: { JWT_SECRET: secret } });
  byKeys = await withIssuer();
  tenant = await newTenants();
});
afterAll(async () => {
  await byKeys.close();
  await bySecret.close();
  issuerServer.close();
});
beforeEach(() => {
  fetches = 0;
});

function withIssuer(): Promise<OpenApp> {
  const settings = {
    STRATUM_JWKS_URL: `http://127.0.0.1:${(issuerServer.address() as AddressInfo).port}/keys`,
    STRATUM_JWT_ISSUER: issuer,
    STRATUM_JWT_AUDIENCE: audience,
    STRATUM_JWT_TENANT_CLAIM: 'https://example.com/claims.tenant',
    STRATUM_JWT_SCOPES_CLAIM: 'realm.access.scopes',
  };
  return openApp({ settings: { ...settings }, databaseUrl: bySecret.database.pool.options.connectionString ?? '' });
}

/** A root with a child. */
async function newTenants(): Promise<{ id: string; root: string }> {
  const root = await newTenant(null);
  return { root, id: await newTenant(root) };
}

async function newTenant(parent_id: string | null): Promise<string> {
  const { id } = await send(
    bySecret,
    'POST',
    '/tenants',
    { 'x-api-key': 'sk_test_bootstrap' },
    { name: 'T', slug: uniqueSlug(), parent_id },
  );
  return id;
}

async function send(
  app: OpenApp,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: object,
): Promise<Json> {
  const answer = await app.app.server.inject({
    method: method as 'GET',
    url: `/api/v1${path}`,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { payload: JSON.stringify(body) }),
  });
  return { ...(answer.body === '' ? {} : answer.json()), status: answer.statusCode };
}

const get = (app: OpenApp, token: string, path = '/tenants') =>
  send(app, 'GET', path, { authorization: `Bearer ${token}` });

/** A token that is right, but for what is said. */
function signed(
  claims: Record<string, unknown> = {},
  { alg = 'HS256', key = secret as string | CryptoKey, kid = 'one' } = {},
): Promise<string> {
  const payload = { tenant_id: tenant.id, sub: 'alice', scopes: ['read', 'write'], exp: now() + 600, ...claims };
  const sane = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
  const bytes = typeof key === 'string' ? new TextEncoder().encode(key) : key;
  return new SignJWT(sane).setProtectedHeader({ alg, kid }).sign(bytes);
}

const now = () => Math.floor(Date.now() / 1_000);

describe('a token signed with the secret', () => {
  test('lets its subject in, at home in its tenant and nowhere else', async () => {
    const token = await signed();
    expect((await get(bySecret, token)).data.map(({ id }: Json) => id)).toEqual([tenant.id]);
    expect(await get(bySecret, token, `/tenants/${tenant.root}`)).toMatchObject({ status: 404 });
    const authorization = `bearer ${token}`;
    const renamed = await send(bySecret, 'PATCH', `/tenants/${tenant.id}`, { authorization }, { name: 'N' });
    expect(renamed.status).toBe(200);
    const [event] = (
      await bySecret.database.pool.query(
        'select actor_type, actor_id from events where tenant_id = $1 order by revision desc',
        [tenant.id],
      )
    ).rows;
    expect(event).toEqual({ actor_type: 'jwt', actor_id: 'alice' });
  });

  const wrong: readonly [string, () => Promise<string>][] = [
    ['with another secret', () => signed({}, { key: `${secret}!` })],
    ['with another algorithm', () => signed({}, { alg: 'HS384' })],
    ['that has expired', () => signed({ exp: now() - 60 })],
    ['that is not valid yet', () => signed({ nbf: now() + 60 })],
    ['for a tenant that there is not', () => signed({ tenant_id: unknownId })],
    ['for a tenant that is no id', () => signed({ tenant_id: '1; drop table tenants' })],
    ['for a tenant that is no text', () => signed({ tenant_id: [tenant.id] })],
    ['for no tenant', () => signed({ tenant_id: undefined })],
    ['with a subject that no ledger can hold', () => signed({ sub: 'a\0b' })],
    ['with a subject without end', () => signed({ sub: 'a'.repeat(300) })],
    ['without a signature', async () => `${(await signed()).split('.').slice(0, 2).join('.')}.`],
    [
      'with the algorithm none',
      async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await signed()).split('.')[1]}.`,
    ],
    ['with a header that is no JSON', async () => `eyJ.${(await signed()).split('.').slice(1).join('.')}`],
    [
      'that was changed',
      async () =>
        (await signed()).replace(
          /\.[^.]+\./,
          `.${Buffer.from(JSON.stringify({ tenant_id: tenant.root, scopes: ['admin'] })).toString('base64url')}.`,
        ),
    ],
    ['that is nonsense', async () => 'eyJhbGciOiJIUzI1NiJ9.a.b'],
    ['that never ends, beyond all time', () => signed({ exp: 1e20 })],
  ];
  test.each(wrong)('%s is 401', async (_what, token) => {
    expect(await get(bySecret, await token())).toMatchObject({ status: 401, error: { code: 'UNAUTHORIZED' } });
  });

  test('may be off by as much as clocks may', async () => {
    expect((await get(bySecret, await signed({ exp: now() - 3 }))).status).toBe(200);
    expect((await get(bySecret, await signed({ nbf: now() + 3 }))).status).toBe(200);
  });

  test.each([
    ['no scopes', undefined, [200, 403]],
    ['scopes that are no list', 'admin', [200, 403]],
    ['scopes that are an object', { admin: true }, [200, 403]],
    ['unknown scopes beside a known one', ['root', 'write', '__proto__'], [200, 200]],
    ['only unknown scopes', ['root'], [403, 403]],
    ['an empty list', [], [403, 403]],
  ])('with %s may what is sure, and no more', async (_what, scopes, [read, write]) => {
    const headers = { authorization: `Bearer ${await signed({ scopes })}` };
    expect((await send(bySecret, 'GET', '/tenants', headers)).status).toBe(read);
    expect((await send(bySecret, 'PATCH', `/tenants/${tenant.id}`, headers, { name: 'N' })).status).toBe(write);
  });

  test.each(['suspend', 'archive'])('is 401 once its tenant was told to %s', async (verb) => {
    const id = await newTenant(null);
    const token = await signed({ tenant_id: id });
    expect((await get(bySecret, token)).status).toBe(200);
    await send(bySecret, 'POST', `/tenants/${id}/${verb}`, { 'x-api-key': 'sk_test_bootstrap' });
    expect((await get(bySecret, token)).status).toBe(401);
  });

  test('counts for nothing beside a key, nor in the place of one', async () => {
    const authorization = `Bearer ${await signed()}`;
    const statusWith = async (headers: Record<string, string>) =>
      (await send(bySecret, 'GET', '/tenants', headers)).status;
    expect(await statusWith({ 'x-api-key': 'sk_test_nobody', authorization })).toBe(401);
    expect(await statusWith({ 'x-api-key': await signed() })).toBe(401);
    expect(await statusWith({ 'x-api-key': 'sk_test_bootstrap', authorization: 'Bearer eyJ.a.b' })).toBe(200);
  });

  test.each([
    [
      { scopes: [], exp: 32_503_680_000 },
      { id: 'alice', type: 'jwt', scopes: [], expiresAt: '3000-01-01T00:00:00.000Z' },
    ],
    [
      { scopes: ['read'], exp: undefined, name: 'A' },
      { name: 'A', scopes: ['read'], expiresAt: null },
    ],
  ])('with %j may ask who it is', async (claims, viewer) => {
    const ask = async (query: string) =>
      bySecret.app.server.inject({
        method: 'POST',
        url: '/graphql',
        headers: { authorization: `Bearer ${await signed(claims)}`, 'content-type': 'application/json' },
        payload: JSON.stringify({ query }),
      });
    const answer = (await ask('{ viewer { id type name scopes expiresAt home { id } } }')).json();
    expect(answer).toMatchObject({ data: { viewer: { ...viewer, home: { id: tenant.id } } } });
    const { errors } = (await ask('{ tenants { nodes { id } } }')).json();
    expect(errors?.map(({ extensions }: Json) => extensions.code)).toEqual(
      claims.scopes.length === 0 ? ['FORBIDDEN'] : undefined,
    );
  });

  test('of two tenants with the same subject are two callers: neither gets the other’s kept answer', async () => {
    const other = await newTenant(null);
    const key = uniqueSlug();
    const create = async (id: string) =>
      send(
        bySecret,
        'POST',
        '/tenants',
        { authorization: `Bearer ${await signed({ tenant_id: id })}`, 'idempotency-key': key },
        { name: 'T', slug: `s_${key.slice(2)}`, parent_id: tenant.id },
      );
    expect((await create(tenant.id)).status).toBe(201);
    expect(await create(other)).toMatchObject({ status: 404, error: { code: 'TENANT_NOT_FOUND' } });
  });
});

describe('a token signed with a key that its issuer publishes', () => {
  const claims = (): Record<string, unknown> => ({
    iss: issuer,
    aud: [audience, 'others'],
    tenant_id: undefined,
    'https://example.com/claims.tenant': tenant.id,
    realm: { access: { scopes: ['read'] } },
  });

  async function publish(kid: string, alg = 'ES256'): Promise<CryptoKey> {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    published = [...(published ?? []), { ...(await exportJWK(publicKey)), kid, alg }];
    return privateKey;
  }

  test('lets its subject in; keys are read once and kept', async () => {
    const app = await withIssuer();
    published = [];
    const one = await publish('one');
    for (let n = 0; n < 5; n += 1) {
      expect((await get(app, await signed(claims(), { alg: 'ES256', key: one }))).status).toBe(200);
    }
    expect(fetches).toBe(1);
    await app.close();
  });

  test.each([
    ['another issuer', { iss: 'https://evil.example.com/' }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'others' }],
    ['no audience', { aud: undefined }],
  ])('with %s is 401', async (_what, other) => {
    published = [];
    const key = await publish('one');
    const app = await withIssuer();
    const token = await signed({ ...claims(), ...other }, { alg: 'ES256', key });
    expect((await get(app, token)).status).toBe(401);
    await app.close();
  });

  test('with a key that nobody published, or with the public key as a secret, is 401', async () => {
    published = [];
    await publish('one');
    const { privateKey } = await generateKeyPair('ES256');
    const app = await withIssuer();
    expect((await get(app, await signed(claims(), { alg: 'ES256', key: privateKey }))).status).toBe(401);
    expect((await get(app, await signed(claims(), { alg: 'ES256', key: privateKey, kid: 'two' }))).status).toBe(401);
    expect((await get(app, await signed(claims(), { key: JSON.stringify(published[0]) }))).status).toBe(401);
    await app.close();
  });

  test('is 503, not 401, while the keys can not be read', async () => {
    published = [];
    const key = await publish('one');
    published = null;
    const app = await withIssuer();
    expect(await get(app, await signed(claims(), { alg: 'ES256', key }))).toMatchObject({
      status: 503,
      error: { code: 'SERVICE_UNAVAILABLE' },
    });
    await app.close();
  });
});

test.each([
  [{ STRATUM_JWT_ISSUER: issuer }, 'STRATUM_JWT_AUDIENCE is required with STRATUM_JWT_ISSUER'],
  [{ STRATUM_JWKS_URL: 'https://login.example.com/keys' }, 'STRATUM_JWT_ISSUER is required with STRATUM_JWKS_URL'],
  [{ STRATUM_JWKS_URL: 'http://login.example.com/keys' }, 'STRATUM_JWKS_URL must be a URL that begins with https://'],
  [{ STRATUM_JWT_ALGORITHMS: 'RS256,HS256' }, 'STRATUM_JWT_ALGORITHMS must be some of'],
  [{ JWT_SECRET: 'short' }, 'JWT_SECRET must have 32 bytes or more'],
])('the server does not start with %j', (env, sentence) => {
  expect(() => readConfig(env)).toThrow(sentence);
});
