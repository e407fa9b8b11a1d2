import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createTokenReader, type TokenOptions } from '../../src/auth/tokens.ts';

const secret = 'k7Qz-2mfPx_9LwRt4Vb8Yc1Nd6Hs0Jg3';
const tenantId = '0193a5b0-0000-7000-8000-00000000000a';
const now = () => Math.floor(Date.now() / 1_000);

/** A reader of tokens that are signed with the secret, but for what is said. */
const reader = (options: Partial<TokenOptions> = {}) =>
  createTokenReader({
    secret,
    jwksUrl: null,
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    issuer: null,
    audience: null,
    clockToleranceSeconds: 5,
    tenantClaim: 'tenant_id',
    scopesClaim: 'scopes',
    ...options,
  });

interface Signing {
  readonly alg?: string;
  readonly key?: string | CryptoKey;
  readonly kid?: string | undefined;
}

/** A token that is right, but for what is said. */
function signed(claims: Record<string, unknown> = {}, { alg = 'HS256', key = secret, kid }: Signing = {}) {
  const bytes = typeof key === 'string' ? new TextEncoder().encode(key) : key;
  const header = { alg, ...(kid !== undefined && { kid }) };
  return new SignJWT({ tenant_id: tenantId, sub: 'alice', ...claims }).setProtectedHeader(header).sign(bytes);
}

const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
const refused = { code: 'UNAUTHORIZED' };

describe('what a token says', () => {
  test('is who sent it, where they are at home, what they may do and when it ends', async () => {
    const exp = now() + 600;
    const claims = { tenant_id: tenantId.toUpperCase(), name: 'Alice', scopes: ['admin', 'read'], exp };
    expect(await reader()(await signed(claims))).toEqual({
      subject: 'alice',
      name: 'Alice',
      tenantId,
      scopes: ['read', 'admin'],
      expiresAt: new Date(exp * 1_000),
    });
  });

  test('may leave out who it is and when it ends', async () => {
    const token = await signed({ sub: undefined });
    expect(await reader()(token)).toMatchObject({ subject: '', name: null, scopes: ['read'], expiresAt: null });
  });

  test.each([
    [null, ['read']],
    ['admin', ['read']],
    [{ 0: 'admin', length: 1 }, ['read']],
    [[], []],
    [['root', 'ADMIN', 'toString', null, 7, ['admin']], []],
    [['root', 'write', 'write'], ['write']],
  ])('with scopes %j allows %j', async (scopes, allowed) => {
    expect((await reader()(await signed({ scopes }))).scopes).toEqual(allowed);
  });

  test.each([
    ['a.b', { a: { b: tenantId } }],
    ['https://example.com/tenant', { 'https://example.com/tenant': tenantId }],
    ['a.b', { 'a.b': tenantId, a: { b: 'another' } }],
    ['list.0', { list: [tenantId] }],
  ])('may stand at %s of %j', async (tenantClaim, claims) => {
    const read = reader({ tenantClaim });
    expect((await read(await signed({ tenant_id: undefined, ...claims }))).tenantId).toBe(tenantId);
  });

  test.each(['__proto__', 'constructor.name', 'tenant_id.length', 'a.__proto__.b', 'a..b', '.', 'hasOwnProperty'])(
    'is not what objects of JavaScript are born with (%s)',
    async (claim) => {
      const token = await signed({ a: { c: 1 } });
      await expect(reader({ tenantClaim: claim })(token)).rejects.toMatchObject(refused);
      expect((await reader({ scopesClaim: claim })(token)).scopes).toEqual(['read']);
    },
  );

  test.each([
    ['tenant_id', 'none'],
    ['tenant_id', ''],
    ['tenant_id', null],
    ['tenant_id', `${tenantId}\n`],
    ['tenant_id', tenantId.replaceAll('-', '')],
    ['sub', 'a\0b'],
    ['sub', '\ud800'],
    ['sub', 'a'.repeat(256)],
    ['name', { first: 'Alice' }],
    ['exp', 1e20],
  ])('is refused when its claim %s is %j', async (claim, value) => {
    await expect(reader()(await signed({ [claim]: value }))).rejects.toMatchObject(refused);
  });
});

describe('the time of a token', () => {
  test.each([
    [{ exp: -4 }, true],
    [{ exp: -6 }, false],
    [{ nbf: 4 }, true],
    [{ nbf: 7 }, false],
  ])('may be off by five seconds and no more (%j)', async (offsets: Record<string, number>, isAccepted) => {
    const claims = Object.fromEntries(Object.entries(offsets).map(([name, offset]) => [name, now() + offset]));
    const reading = reader()(await signed(claims));
    await (isAccepted ? expect(reading).resolves.toBeDefined() : expect(reading).rejects.toMatchObject(refused));
  });

  test('is not taken from a claim that is no number', async () => {
    const payload = encoded({ tenant_id: tenantId, exp: 'never' });
    const token = await signed({}).then((good) => good.replace(/\.[^.]+\./, `.${payload}.`));
    await expect(reader()(token)).rejects.toMatchObject(refused);
  });
});

describe('the form of a token', () => {
  const body = encoded({ tenant_id: tenantId, sub: 'alice', scopes: ['admin'] });
  test.each([
    ['no algorithm', `${encoded({})}.${body}.`],
    ['the algorithm none', `${encoded({ alg: 'none' })}.${body}.`],
    ['the algorithm NONE', `${encoded({ alg: 'NONE' })}.${body}.c2ln`],
    ['an object as algorithm', `${encoded({ alg: { HS256: 1 } })}.${body}.c2ln`],
    ['unknown demands', `${encoded({ alg: 'HS256', crit: ['x'], x: 1 })}.${body}.c2ln`],
    ['a body that is not encoded', `${encoded({ alg: 'HS256', crit: ['b64'], b64: false })}.${body}.c2ln`],
    ['nothing but dots', '..'],
    ['no parts', 'eyJ'],
    ['parts of another alphabet', 'eyJ~.!.?'],
    ['five parts', `${encoded({ alg: 'dir', enc: 'A256GCM' })}....`],
  ])('is refused with %s', async (_what, token) => {
    await expect(reader()(token)).rejects.toMatchObject(refused);
    await expect(reader({ jwksUrl: 'http://127.0.0.1:9/' })(token)).rejects.toMatchObject(refused);
  });

  test.each(['HS384', 'HS512'])('is refused when it is signed with the secret by %s', async (alg) => {
    await expect(reader()(await signed({}, { alg }))).rejects.toMatchObject(refused);
  });

  test('is refused when it is signed by HS256 and no secret is known', async () => {
    await expect(reader({ secret: null })(await signed())).rejects.toMatchObject(refused);
  });
});

describe('keys that an issuer publishes', () => {
  /** What the issuer answers at the moment. */
  let answer: { status: number; body: unknown };
  let fetches = 0;
  let issuer: Server;
  let jwksUrl = '';
  beforeAll(async () => {
    issuer = createServer((_request, response) => {
      fetches += 1;
      response.writeHead(answer.status).end(JSON.stringify(answer.body));
    }).listen(0, '127.0.0.1');
    await once(issuer, 'listening');
    jwksUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/`;
  });
  afterAll(() => {
    issuer.closeAllConnections();
    issuer.close();
  });
  beforeEach(() => {
    fetches = 0;
  });
  afterEach(() => void vi.useRealTimers());

  const publish = (...keys: JWK[]) => {
    answer = { status: 200, body: { keys } };
  };

  async function newKey(kid: string, alg = 'ES256') {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    return { jwk: { ...(await exportJWK(publicKey)), kid, alg }, signing: { alg, kid, key: privateKey }, publicKey };
  }

  test.each(['RS256', 'ES256', 'EdDSA'])('are accepted with %s', async (alg) => {
    const { jwk, signing } = await newKey('one', alg);
    publish(jwk);
    expect(await reader({ jwksUrl })(await signed({}, signing))).toMatchObject({ subject: 'alice' });
  });

  test('are fetched once, and once more for a key that is new', async () => {
    const [one, two] = [await newKey('one'), await newKey('two')];
    publish(one.jwk);
    const read = reader({ jwksUrl });
    const token = await signed({}, one.signing);
    await Promise.all(Array.from({ length: 20 }, () => read(token)));
    expect(fetches).toBe(1);

    publish(one.jwk, two.jwk);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
    expect(await read(await signed({}, two.signing))).toMatchObject({ subject: 'alice' });
    expect(await read(token)).toMatchObject({ subject: 'alice' });
    expect(fetches).toBe(2);
  });

  test('are not fetched for each token that names a key of its own making', async () => {
    const [one, other] = [await newKey('one'), await newKey('other')];
    publish(one.jwk);
    const read = reader({ jwksUrl });
    for (const kid of ['a', 'b', 'c', undefined]) {
      await expect(read(await signed({}, { ...other.signing, kid }))).rejects.toMatchObject(refused);
    }
    expect(fetches).toBe(1);
  });

  test('that have been withdrawn end with what is kept', async () => {
    const [one, two] = [await newKey('one'), await newKey('two')];
    publish(one.jwk);
    const read = reader({ jwksUrl });
    const token = await signed({}, one.signing);
    await read(token);
    publish(two.jwk);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 });
    await expect(read(token)).rejects.toMatchObject(refused);
  });

  test('are all tried for a token that names none', async () => {
    const [one, two, other] = [await newKey('one'), await newKey('two'), await newKey('other')];
    publish(one.jwk, two.jwk);
    const read = reader({ jwksUrl });
    for (const { signing } of [one, two]) {
      expect(await read(await signed({}, { ...signing, kid: undefined }))).toMatchObject({ subject: 'alice' });
    }
    await expect(read(await signed({}, { ...other.signing, kid: undefined }))).rejects.toMatchObject(refused);
  });

  test('sign with the algorithm they are for, and with none that is not accepted', async () => {
    const rsa = await newKey('one', 'RS256');
    publish(rsa.jwk);
    const pss = { alg: 'PS256', kid: 'one', key: (await generateKeyPair('PS256')).privateKey };
    const ec = { alg: 'ES256', kid: 'one', key: (await generateKeyPair('ES256')).privateKey };
    for (const signing of [pss, ec]) {
      await expect(reader({ jwksUrl })(await signed({}, signing))).rejects.toMatchObject(refused);
    }
    const token = await signed({}, rsa.signing);
    await expect(reader({ jwksUrl, algorithms: ['ES256'] })(token)).rejects.toMatchObject(refused);
  });

  test('are no secrets: what is signed with a public one is refused', async () => {
    const { jwk, publicKey } = await newKey('one', 'RS256');
    publish(jwk);
    for (const key of [JSON.stringify(jwk), await exportSPKI(publicKey)]) {
      const token = await signed({}, { key, kid: 'one' });
      await expect(reader({ jwksUrl })(token)).rejects.toMatchObject(refused);
      await expect(reader({ jwksUrl, secret: null })(token)).rejects.toMatchObject(refused);
    }
  });

  test.each([
    ['an error', { status: 500, body: {} }],
    ['nothing', { status: 404, body: null }],
    ['something else', { status: 200, body: { keys: 'none' } }],
    ['no object', { status: 200, body: null }],
  ])('say nothing about a token while the issuer answers with %s', async (_what, given) => {
    const { jwk, signing } = await newKey('one');
    answer = given;
    const read = reader({ jwksUrl });
    const token = await signed({}, signing);
    await expect(read(token)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(await read(await signed())).toMatchObject({ subject: 'alice' });
    publish(jwk);
    expect(await read(token)).toMatchObject({ subject: 'alice' });
  });

  test('say nothing about a token while nobody is there to ask', async () => {
    const { signing } = await newKey('one');
    const reading = reader({ jwksUrl: 'http://127.0.0.1:9/' })(await signed({}, signing));
    await expect(reading).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });
});

describe('issuer and audience', () => {
  const read = reader({ issuer: 'https://login.example.com/', audience: 'stratum' });
  test.each([
    [{ iss: 'https://login.example.com/', aud: 'stratum' }, true],
    [{ iss: 'https://login.example.com/', aud: ['others', 'stratum'] }, true],
    [{ iss: 'https://login.example.com', aud: 'stratum' }, false],
    [{ iss: 'https://login.example.com/', aud: ['others'] }, false],
    [{ iss: 'https://login.example.com/' }, false],
    [{ aud: 'stratum' }, false],
  ])('are asked of tokens that are signed with the secret too (%j)', async (claims, isAccepted) => {
    const reading = read(await signed(claims));
    await (isAccepted ? expect(reading).resolves.toBeDefined() : expect(reading).rejects.toMatchObject(refused));
  });
});
