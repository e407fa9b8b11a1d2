import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { developmentKey } from '../../src/config.ts';
import { type StratumSdk, stratum } from '../../src/sdk/index.ts';
import { GraphqlWorld, type Json, uniqueSlug, unknownId } from '../support/graphql-world.ts';
import { type AnyRules, frameworks, type SdkApp } from '../support/sdk-apps.ts';

const secret = 'a secret for the tokens of this test alone';
let world: GraphqlWorld;
let url: string;
let sdk: StratumSdk;
beforeAll(async () => {
  world = await GraphqlWorld.open();
  url = await world.app.server.listen({ host: '127.0.0.1', port: 0 });
  sdk = stratum({ controlPlaneUrl: url, apiKey: developmentKey });
});
afterAll(async () => {
  sdk.close();
  await world[Symbol.asyncDispose]();
});

function token(claims: Record<string, unknown>, options: { secret?: string; expires?: string } = {}): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(options.expires ?? '5m')
    .sign(new TextEncoder().encode(options.secret ?? secret));
}

async function bearer(claims: Record<string, unknown>, options?: { secret?: string; expires?: string }) {
  return { authorization: `Bearer ${await token(claims, options)}` };
}

describe.each(frameworks)('%s', (_name, start) => {
  const apps: SdkApp[] = [];
  afterAll(() => Promise.all(apps.map((app) => app.close())));

  async function open(
    rules: AnyRules,
    of = sdk,
  ): Promise<(headers: Record<string, string>, body?: object) => Promise<Json>> {
    const app = await start(of, rules);
    apps.push(app);
    return async (headers, body) => {
      const post = body && { method: 'POST', body: JSON.stringify(body) };
      const response = await fetch(app.url, { headers: { 'content-type': 'application/json', ...headers }, ...post });
      return { status: response.status, headers: response.headers, body: await response.json() };
    };
  }
  const refused = (status: number, code: string) => ({
    status,
    body: { error: { code, message: expect.any(String) } },
  });

  test('the tenant of a token is on the request, and in the context of the call', async () => {
    const { id } = await world.tenant();
    const ask = await open({ jwtSecret: secret });
    const answer = { tenant: id, inContext: id, impersonating: false, original: null };
    expect(await ask(await bearer({ tenant_id: id }))).toMatchObject({ status: 200, body: answer });
    expect(await ask(await bearer({ tenant_id: id }), { a: 1 })).toMatchObject({
      status: 200,
      body: { ...answer, body: { a: 1 } },
    });
  });

  test('the context of a call is there, however late the body comes', async () => {
    const { id } = await world.tenant();
    const app = await start(sdk, { trustHeader: true });
    apps.push(app);
    const body = new ReadableStream({
      async pull(controller) {
        await sleep(100);
        controller.enqueue(new TextEncoder().encode('{"late":true}'));
        controller.close();
      },
    });
    const headers = { 'content-type': 'application/json', 'x-tenant-id': id };
    const request = { method: 'POST', headers, body, duplex: 'half' } as RequestInit; // whose type does not know duplex
    const response = await fetch(app.url, request);
    expect(await response.json()).toMatchObject({ inContext: id, body: { late: true } });
  });

  test('two requests at once each have their own tenant', async () => {
    const [one, two] = [await world.tenant(), await world.tenant()];
    const ask = await open({ trustHeader: true });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? one : two)).map(async ({ id }) => ({
        id,
        answer: await ask({ 'x-tenant-id': id }, { n: 1 }),
      })),
    );
    for (const { id, answer } of answers) {
      expect(answer.body).toMatchObject({ tenant: id, inContext: id });
    }
  });

  test('a claim may stand anywhere', async () => {
    const { id } = await world.tenant();
    const ask = await open({ jwtSecret: secret, jwtClaimPath: 'app.tenants.current' });
    const headers = await bearer({ app: { tenants: { current: id.toUpperCase() } } });
    expect(await ask(headers)).toMatchObject({ status: 200, body: { tenant: id } });
    expect(await ask(await bearer({ app: 1 }))).toMatchObject(refused(400, 'MISSING_TENANT'));
    expect(await ask(await bearer({ app: { tenants: { current: 7 } } }))).toMatchObject(refused(401, 'UNAUTHORIZED'));
  });

  test.each([
    ['signed with another secret', () => bearer({ tenant_id: unknownId }, { secret: 'some other secret of somebody' })],
    ['that has expired', () => bearer({ tenant_id: unknownId }, { expires: '-1h' })],
    ['that is none', () => ({ authorization: 'Bearer nonsense' })],
    ['that is empty', () => ({ authorization: 'Bearer' })],
    ['without signature', () => ({ authorization: `bearer ${btoa('{"alg":"none"}')}.${btoa('{}')}.` })],
    ['whose tenant is none', () => bearer({ tenant_id: "'; drop table tenants" })],
  ])('a token %s is 401, and nothing else is looked at', async (_what, headers) => {
    const { id } = await world.tenant();
    const ask = await open({ jwtSecret: secret, trustHeader: true, resolvers: [{ resolve: () => id }] });
    const answer = await ask({ ...(await headers()), 'x-tenant-id': id });
    expect(answer).toMatchObject(refused(401, 'UNAUTHORIZED'));
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('a function may check tokens, and what it throws is 401', async () => {
    const { id } = await world.tenant();
    const ask = await open({
      jwtVerify: async (it: string) => {
        if (it !== 'good') {
          throw new Error('no');
        }
        return { tenant_id: id };
      },
    });
    expect(await ask({ authorization: 'Bearer good' })).toMatchObject({ status: 200, body: { tenant: id } });
    expect(await ask({ authorization: 'Bearer bad' })).toMatchObject(refused(401, 'UNAUTHORIZED'));
  });

  test('a header alone counts only when the program says so', async () => {
    const { id } = await world.tenant();
    expect(await (await open({}))({ 'x-tenant-id': id })).toMatchObject(refused(400, 'MISSING_TENANT'));
    expect(await (await open({ jwtSecret: secret }))({ 'x-tenant-id': id })).toMatchObject(
      refused(400, 'MISSING_TENANT'),
    );
    const trusting = await open({ trustHeader: true });
    expect(await trusting({ 'x-tenant-id': id })).toMatchObject({ status: 200, body: { tenant: id } });
    expect(await trusting({ 'x-tenant-id': '' })).toMatchObject(refused(400, 'MISSING_TENANT'));
    for (const wrong of [unknownId, 'nonsense', `${id}, ${id}`]) {
      expect(await trusting({ 'x-tenant-id': wrong })).toMatchObject(refused(404, 'TENANT_NOT_FOUND'));
    }
  });

  test.each([[false], [true]])(
    'beside a token a header names what is beneath its tenant, and nothing else (trusted: %s)',
    async (trustHeader) => {
      const [root, home, child] = await world.line(['root', 'home', 'child']);
      const [sibling, sleeping] = await world.children(root!, ['sibling', 'sleeping']);
      await world.transition('suspend', sleeping!);
      const ask = await open({ jwtSecret: secret, trustHeader });
      const headers = await bearer({ tenant_id: home!.id });
      expect(await ask({ ...headers, 'x-tenant-id': child!.id })).toMatchObject({ body: { tenant: child!.id } });
      expect(await ask({ ...headers, 'x-tenant-id': home!.id })).toMatchObject({ body: { tenant: home!.id } });
      const outside = await Promise.all(
        [root!.id, sibling!.id, sleeping!.id, unknownId].map((id) => ask({ ...headers, 'x-tenant-id': id })),
      );
      for (const answer of outside) {
        expect(answer).toMatchObject(refused(404, 'TENANT_NOT_FOUND'));
        expect(answer.body).toEqual(outside[0]!.body);
      }
    },
  );

  test('resolvers are asked in turn, and what they throw is the framework’s to answer', async () => {
    const { id } = await world.tenant();
    const errors: unknown[] = [];
    const ask = await open({
      resolvers: [{ resolve: () => null }, { resolve: async () => id }, { resolve: () => unknownId }],
    });
    expect(await ask({})).toMatchObject({ status: 200, body: { tenant: id } });
    const failing = await open({
      resolvers: [
        {
          resolve: () => {
            throw new Error('broken');
          },
        },
      ],
      onError: (error: unknown) => errors.push(error),
    });
    expect(await failing({})).toMatchObject({ status: 500 });
    expect(errors).toMatchObject([{ message: 'broken' }]);
  });

  test('a tenant that is suspended is 403, one that is archived 410, one that is gone 404', async () => {
    const ask = await open({ trustHeader: true });
    const { id } = await world.tenant({ slug: uniqueSlug() });
    await world.transition('suspend', { id });
    expect(await ask({ 'x-tenant-id': id })).toMatchObject(refused(403, 'TENANT_SUSPENDED'));
    await world.transition('archive', { id });
    expect(await ask({ 'x-tenant-id': id })).toMatchObject(refused(410, 'TENANT_ARCHIVED'));
    await world.transition('purge', { id });
    expect(await ask({ 'x-tenant-id': id })).toMatchObject(refused(404, 'TENANT_NOT_FOUND'));
  });

  test('who may act for another tenant does, and who may not learns nothing', async () => {
    const [support, customer] = [await world.tenant(), await world.tenant()];
    const seen: unknown[] = [];
    const rules: AnyRules = {
      trustHeader: true,
      impersonation: {
        authorize: (_request, caller) => caller.tenant_id === support.id,
        onImpersonate: (_request, caller, target) => void seen.push([caller.tenant_id, target.tenant_id]),
      },
    };
    const ask = await open(rules);
    const as = (id: string, target: string) => ask({ 'x-tenant-id': id, 'x-impersonate-tenant': target });
    expect(await as(support.id, customer.id)).toMatchObject({
      status: 200,
      body: { tenant: customer.id, inContext: customer.id, impersonating: true, original: support.id },
    });
    expect(await as(customer.id, support.id)).toMatchObject(refused(403, 'IMPERSONATION_DENIED'));
    expect(await as(customer.id, unknownId)).toMatchObject(refused(403, 'IMPERSONATION_DENIED'));
    expect(await as(support.id, unknownId)).toMatchObject(refused(404, 'TENANT_NOT_FOUND'));
    expect(await as(customer.id, customer.id)).toMatchObject({ body: { impersonating: false } });
    expect(seen).toEqual([[support.id, customer.id]]);
    const closed = await open({ trustHeader: true });
    expect(await closed({ 'x-tenant-id': customer.id, 'x-impersonate-tenant': support.id })).toMatchObject({
      body: { tenant: customer.id, impersonating: false },
    });
  });

  test('who may act for a tenant is asked about the id that is served, however it was written', async () => {
    const [support, secret] = [await world.tenant(), await world.tenant()];
    const ask = await open({
      trustHeader: true,
      impersonation: { authorize: (_request, _caller, target) => target !== secret.id },
    });
    for (const target of [secret.id, secret.id.toUpperCase()]) {
      expect(await ask({ 'x-tenant-id': support.id, 'x-impersonate-tenant': target })).toMatchObject(
        refused(403, 'IMPERSONATION_DENIED'),
      );
    }
  });

  test('trouble with the control plane is 503 without particulars, which the program is told', async () => {
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const { id } = await world.tenant();
    using unreachable = stratum({ controlPlaneUrl: 'http://127.0.0.1:9', apiKey: 'sk_test_x', retries: 0 });
    using refusedKey = stratum({ controlPlaneUrl: url, apiKey: 'sk_test_of_nobody' });
    for (const of of [unreachable, refusedKey]) {
      const answer = await (await open({ trustHeader: true, onError }, of))({ 'x-tenant-id': id });
      expect(answer).toMatchObject(refused(503, 'SERVICE_UNAVAILABLE'));
      expect(JSON.stringify(answer.body)).not.toMatch(/127\.0\.0\.1|sk_test|UNAUTHORIZED/);
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect(errors).toMatchObject([{ code: 'UNREACHABLE' }, { code: 'UNAUTHORIZED' }]);
  });
});

test('a refusal that comes after something else has answered is nobody’s trouble', async () => {
  const { promise: decided, resolve: decide } = Promise.withResolvers<null>();
  const middleware = sdk.middleware({ resolvers: [{ resolve: () => decided }] });
  const unheard: unknown[] = [];
  const listen = (error: unknown) => unheard.push(error);
  process.on('unhandledRejection', listen);
  const server = createServer((request, response) => {
    middleware(request, response, () => response.end('served'));
    response.writeHead(503).end('took too long');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect([answer.status, await answer.text()]).toEqual([503, 'took too long']);
  decide(null);
  await sleep(50);
  process.off('unhandledRejection', listen);
  expect(unheard).toEqual([]);
  await new Promise((resolve) => server.close(resolve));
});
