import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { developmentKey } from '../../src/config.ts';
import { type StratumSdk, stratum } from '../../src/sdk/index.ts';
import { GraphqlWorld } from '../support/graphql-world.ts';

const issuer = 'https://issuer.example';
let world: GraphqlWorld;
let sdk: StratumSdk;
let keys: { publicKey: CryptoKey; privateKey: CryptoKey };
let publisher: Server;
let jwksUrl: string;
beforeAll(async () => {
  world = await GraphqlWorld.open();
  const url = await world.app.server.listen({ host: '127.0.0.1', port: 0 });
  sdk = stratum({ controlPlaneUrl: url, apiKey: developmentKey });
  keys = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256' };
  publisher = createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] }))).listen(
    0,
    '127.0.0.1',
  );
  await once(publisher, 'listening');
  jwksUrl = `http://127.0.0.1:${(publisher.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  sdk.close();
  publisher.close();
  await world[Symbol.asyncDispose]();
});

/** A request of one with this token, and what it is answered. */
async function ask(token: string, from = jwksUrl): Promise<{ status: number; body: unknown }> {
  const withTenant = sdk.next({ jwksUrl: from, jwtIssuer: issuer, jwtAudience: 'shop' });
  const handler = withTenant((_request: Request, { tenant }) => Response.json(tenant.tenant_id));
  const response = await handler(
    new Request('http://shop.example/', { headers: { authorization: `Bearer ${token}` } }),
  );
  return { status: response.status, body: await response.json() };
}

function tokenOf(tenant_id: string, { iss = issuer, aud = 'shop', alg = 'ES256' } = {}): SignJWT {
  const token = new SignJWT({ tenant_id }).setIssuer(iss).setAudience(aud).setExpirationTime('5m');
  return token.setProtectedHeader({ alg, kid: 'one' });
}

const refused = { status: 401, body: { error: { code: 'UNAUTHORIZED' } } };

test('a token that the issuer has signed for this service is accepted', async () => {
  const { id } = await world.tenant();
  expect(await ask(await tokenOf(id).sign(keys.privateKey))).toEqual({ status: 200, body: id });
});

test('a token for another service, of another issuer or with another key is not', async () => {
  const { id } = await world.tenant();
  const others = await generateKeyPair('ES256');
  expect(await ask(await tokenOf(id, { aud: 'bank' }).sign(keys.privateKey))).toMatchObject(refused);
  expect(await ask(await tokenOf(id, { iss: 'https://other.example' }).sign(keys.privateKey))).toMatchObject(refused);
  expect(await ask(await tokenOf(id).sign(others.privateKey))).toMatchObject(refused);
});

test('the public key is no secret to sign with', async () => {
  const { id } = await world.tenant();
  const pem = new TextEncoder().encode(await exportSPKI(keys.publicKey));
  const forged = await tokenOf(id, { alg: 'HS256' }).sign(pem);
  expect(await ask(forged)).toMatchObject(refused);
});

test('where the keys can not be read, it is not the token that is wrong', async () => {
  const { id } = await world.tenant();
  const token = await tokenOf(id).sign(keys.privateKey);
  expect(await ask(token, 'http://127.0.0.1:9/')).toMatchObject({
    status: 503,
    body: { error: { code: 'SERVICE_UNAVAILABLE' } },
  });
});
