import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenApp, openApp } from '../support/rest-app.ts';
import { uniqueSlug } from '../support/rest-world.ts';

/** Fewer connections than any of these tests has requests under way. */
const connections = 2;
const clients = 60;

let opened: OpenApp;
beforeAll(async () => {
  opened = await openApp({ settings: { STRATUM_POOL_SIZE: String(connections), REQUEST_TIMEOUT_MS: '20000' } });
});
afterAll(() => opened.close());

async function rest(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const {
    statusCode,
    json,
    headers: answered,
    body: text,
  } = await opened.app.server.inject({
    method: method as 'GET',
    url: `/api/v1${path}`,
    headers: { 'x-api-key': 'sk_test_bootstrap', ...headers },
    ...(body && { payload: body }),
  });
  return { status: statusCode, body: text === '' ? null : json(), etag: String(answered['etag']) };
}

async function graphql(query: string, variables: object) {
  const { json, statusCode } = await opened.app.server.inject({
    method: 'POST',
    url: '/graphql',
    headers: { 'x-api-key': 'sk_test_bootstrap', 'content-type': 'application/json' },
    payload: { query, variables },
  });
  return { status: json().errors === undefined ? statusCode : json().errors };
}

const newTenant = (parentId?: string) => ({
  name: 'Tenant',
  slug: uniqueSlug(),
  ...(parentId && { parent_id: parentId }),
});

/** Many at once; gives what was not a success. */
async function failures(request: (index: number) => Promise<{ status: unknown }>): Promise<unknown[]> {
  const answers = await Promise.all(Array.from({ length: clients }, (_, index) => request(index)));
  return answers.filter(({ status }) => !(typeof status === 'number' && status < 300));
}

test('writes of one tree and of many, with everything a write can come with', async () => {
  const { body: root } = await rest('POST', '/tenants', newTenant());
  const idempotent = () => ({ 'idempotency-key': uniqueSlug() });

  expect(await failures(() => rest('POST', '/tenants', newTenant(), idempotent()))).toEqual([]);
  expect(await failures(() => rest('POST', '/tenants', newTenant(root.id), idempotent()))).toEqual([]);
  expect(
    await failures((index) =>
      rest('PUT', `/tenants/${root.id}/config/k${index % 5}`, { value: index, sensitive: true }),
    ),
  ).toEqual([]);
  expect(
    await failures((index) => rest('POST', `/tenants/${root.id}/permissions`, { key: `p${index}`, value: 1 })),
  ).toEqual([]);
});

test('conditional writes, which first ask which tree they are about', async () => {
  const own = await Promise.all(Array.from({ length: clients }, () => rest('POST', '/tenants', newTenant())));
  expect(
    await failures((index) => {
      const { id } = own[index]!.body;
      return rest('PATCH', `/tenants/${id}`, { name: 'Renamed' }, { 'if-match': '*' });
    }),
  ).toEqual([]);
});

test('readings that take several statements, beside moves and lifecycles', async () => {
  const { body: root } = await rest('POST', '/tenants', newTenant());
  const children = await Promise.all(
    Array.from({ length: clients }, () => rest('POST', '/tenants', newTenant(root.id))),
  );
  const everything = `query ($id: ID!) {
    tenant(id: $id) { ancestors { id } resolvedConfig { key source { name } } resolvedPermissions { key } }
  }`;

  expect(
    await failures((index) => {
      const { id } = children[index]!.body;
      return [
        () => rest('GET', `/tenants/${id}/context`),
        () => graphql(everything, { id }),
        () => rest('POST', `/tenants/${id}/move`, { new_parent_id: null }),
        () => rest('POST', `/tenants/${id}/suspend`),
        () => rest('GET', `/tenants/${root.id}/descendants`),
      ][index % 5]!();
    }),
  ).toEqual([]);
});

test('the database counts as there while every connection is busy', async () => {
  const { pool } = opened.database;
  const held = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
  try {
    const { statusCode } = await opened.app.server.inject({ url: '/api/v1/health/ready' });
    expect(statusCode).toBe(200);
    expect(opened.database.pool.idleCount).toBe(0);
  } finally {
    for (const client of held) {
      client.release();
    }
  }
});
