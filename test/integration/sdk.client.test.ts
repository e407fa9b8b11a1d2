import { afterAll, beforeAll, expect, test } from 'vitest';
import { developmentKey } from '../../src/config.ts';
import {
  ApiError,
  type StratumClient,
  type StratumSdk,
  stratum,
  TenantNotFoundError,
  UnauthorizedError,
} from '../../src/sdk/index.ts';
import { type Json, RestWorld, uniqueSlug, unknownId } from '../support/rest-world.ts';

let world: RestWorld;
let url: string;
let sdk: StratumSdk;
let client: StratumClient;
beforeAll(async () => {
  world = await RestWorld.open();
  url = await world.app.server.listen({ host: '127.0.0.1', port: 0 });
  sdk = stratum({ controlPlaneUrl: url, apiKey: developmentKey });
  client = sdk.client;
});
afterAll(async () => {
  sdk.close();
  await world[Symbol.asyncDispose]();
});

/** What REST answers at an address. */
async function rest(path: string): Promise<Json> {
  const { status, body } = await world.get(path);
  expect(status).toBe(200);
  return body;
}

test('a tenant is created, read, changed, moved and archived as over REST', async () => {
  const slug = uniqueSlug();
  const root = await client.createTenant({
    name: 'Acme',
    slug,
    config: { a_b: { c_d: 1 } },
    metadata: { tier: 'gold' },
  });
  expect(root).toEqual(await rest(`/tenants/${root.id}`));
  expect(root).toMatchObject({ slug, config: { a_b: { c_d: 1 } }, metadata: { tier: 'gold' }, parent_id: null });
  const child = await client.createTenant({ name: 'Child', slug: uniqueSlug(), parent_id: root.id });
  expect(child).toMatchObject({ parent_id: root.id, ancestry_path: `/${root.id}` });
  expect(await client.getTenant(child.id)).toEqual(await rest(`/tenants/${child.id}`));
  expect(await client.updateTenant(child.id, { name: 'Other', config: { x: 1 } })).toMatchObject({
    name: 'Other',
    config: { x: 1 },
  });
  expect(await client.moveTenant(child.id, { new_parent_id: null })).toMatchObject({ parent_id: null, depth: 0 });
  expect(await client.archiveTenant(child.id)).toMatchObject({ status: 'archived' });
  await client.deleteTenant(root.id);
  expect((await world.get(`/tenants/${root.id}`)).status).toBe(410);
});

test('the context of a tenant is that of REST', async () => {
  const root = await world.tenant();
  const leaf = await world.tenant({ parent_id: root.id });
  await world.config(root.id, { theme: 'dark' }, { locked: true });
  await world.config(root.id, { password: 'secret' }, { sensitive: true });
  await world.permission(root.id, { key: 'export', value: true });
  const { tenant: _, ancestors: __, ...context } = await rest(`/tenants/${leaf.id}/context`);
  expect(await client.resolveTenant(leaf.id)).toEqual(context);
  expect(context.resolved_config.password).toMatchObject({ value: null, masked: true });
  using revealing = stratum({ controlPlaneUrl: url, apiKey: developmentKey, revealSensitive: true });
  expect((await revealing.client.resolveTenant(leaf.id)).resolved_config['password']).toMatchObject({
    value: 'secret',
  });
});

test('a tree is all that is beneath a tenant, however many pages that takes', async () => {
  const root = await world.tenant();
  const ids: string[] = [];
  for (let n = 0; n < 105; n += 1) {
    ids.push((await world.tenant({ parent_id: root.id })).id);
  }
  const beneath = await client.getTenantTree(root.id);
  expect(beneath.map(({ id }) => id).sort()).toEqual(ids.sort());
  const all = (await client.getTenantTree()).map(({ id }) => id);
  expect(all).toEqual(expect.arrayContaining([root.id, ...ids]));
  expect(new Set(all).size).toBe(all.length);
});

test('webhooks and keys are as over REST', async () => {
  const { id } = await world.tenant();
  const made = await client.createWebhook({
    tenant_id: id,
    url: 'https://example.com/hook',
    events: ['config.updated'],
  });
  expect(made.secret).toMatch(/^whsec_/);
  expect(await client.getWebhook(made.id)).toEqual(await rest(`/webhooks/${made.id}`));
  expect(await client.updateWebhook(made.id, { active: false })).toMatchObject({ active: false });
  expect(await client.listWebhooks(id)).toEqual(await rest(`/webhooks?tenant_id=${id}`));
  await client.deleteWebhook(made.id);
  expect(await client.listWebhooks(id)).toEqual([]);
  const { body } = await world.post('/api-keys', { tenant_id: id, name: 'one' });
  expect(await client.listApiKeys(id)).toEqual(await rest(`/api-keys?tenant_id=${id}`));
  const rotated = await client.rotateApiKey(body.id, 'two');
  expect(rotated).toMatchObject({ name: 'two', tenant_id: id, plaintext_key: expect.stringMatching(/^sk_test_/) });
  expect(await client.listDormantKeys(1)).toEqual(await rest('/api-keys/dormant?days=1'));
});

test('what is refused has the class and the code that programs look for', async () => {
  await expect(client.resolveTenant(unknownId)).rejects.toBeInstanceOf(TenantNotFoundError);
  await expect(client.getTenant(unknownId)).rejects.toMatchObject({ code: 'TENANT_NOT_FOUND' });
  const taken = await world.tenant();
  const refusal = client.createTenant({ name: 'Again', slug: taken.slug });
  await expect(refusal).rejects.toBeInstanceOf(ApiError);
  await expect(refusal).rejects.toMatchObject({ code: 'TENANT_ALREADY_EXISTS' });
  await expect(client.createTenant({ name: '', slug: 'Not A Slug' })).rejects.toMatchObject({
    code: 'VALIDATION_ERROR',
  });
  using nobody = stratum({ controlPlaneUrl: url, apiKey: 'sk_test_of_nobody' });
  await expect(nobody.client.getTenant(taken.id)).rejects.toBeInstanceOf(UnauthorizedError);
});

test('a change whose answer was lost is tried again, and made once', async () => {
  let lost = 0;
  const losing: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    lost += 1;
    if (lost === 1) {
      throw new TypeError('the connection was lost');
    }
    return answer;
  };
  using unlucky = stratum({ controlPlaneUrl: url, apiKey: developmentKey, fetch: losing });
  const slug = uniqueSlug();
  expect(await unlucky.client.createTenant({ name: 'Once', slug })).toMatchObject({ slug });
  expect(lost).toBe(2);
  expect(await world.sql('select 1 from tenants where slug = $1', [slug])).toHaveLength(1);
});

test('without a cache every read is a request', async () => {
  const { id } = await world.tenant();
  using plain = stratum({ controlPlaneUrl: url, apiKey: developmentKey, cache: { enabled: false } });
  await plain.client.resolveTenant(id);
  await world.config(id, { a: 1 });
  expect((await plain.client.resolveTenant(id)).resolved_config).toHaveProperty('a');
  expect(plain.client.cacheStatus).toEqual({ contexts: 0, trees: 0, live: 0 });
});
