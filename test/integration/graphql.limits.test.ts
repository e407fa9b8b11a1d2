import { setTimeout as sleep } from 'node:timers/promises';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GraphqlWorld } from '../support/graphql-world.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const pages = (count: number, leaf = 'id') =>
  Array.from({ length: count }).reduce<string>((inner) => `children(first: 100) { nodes { ${inner} } }`, leaf);
const aliases = (count: number, field: string) =>
  Array.from({ length: count }, (_, index) => `a${index}: ${field}`).join(' ');
const id = '0193a5b0-0000-7000-8000-000000000000';

describe('a document that asks for too much is refused before anything is read', () => {
  test.each([
    ['pages within pages', `{ tenant(id: "${id}") { ${pages(3)} } }`],
    [
      'up and down the tree',
      `{ tenant(id: "${id}") { ${pages(1, `parent { ${pages(1, `parent { ${pages(1)} }`)} }`)} } }`,
    ],
    ['pages of the default size', '{ tenants { nodes { descendants { nodes { descendants { nodes { id } } } } } } }'],
    ['many lists side by side', `{ ${aliases(1_000, 'tenants { nodes { id } }')} }`],
    [
      'many nodes of many things',
      `{ ${aliases(20, `nodes(ids: [${`"${id}" `.repeat(100)}]) { ... on Tenant { ${pages(1)} } }`)} }`,
    ],
    ['levels without end', `{ tenant(id: "${id}") { ${'parent { '.repeat(40)} id ${'}'.repeat(40)} } }`],
    [
      'fragments that double each other',
      `{ tenant(id: "${id}") { ...f0 } } ${Array.from({ length: 60 }, (_, index) => `fragment f${index} on Tenant { a: parent { ...f${index + 1} } b: parent { ...f${index + 1} } }`).join(' ')} fragment f60 on Tenant { id }`,
    ],
  ])('%s', async (_, query) => {
    world.statements.length = 0;
    const { data, errors } = await world.ask(query);
    expect(errors).toMatchObject([{ extensions: { code: 'VALIDATION_ERROR', details: { max_cost: 100_000 } } }]);
    expect(data).toBeUndefined();
    expect(world.statements).toEqual([]);
  });

  test('pages in variables, and changes by the hundred, which leave nothing behind', async () => {
    const tenant = await world.tenant();
    const before = await world.counts();
    const nested = `query ($n: Int) { tenant(id: "${id}") { ${pages(3).replaceAll('first: 100', 'first: $n')} } }`;
    expect((await world.ask(nested, { n: 100 })).errors).toHaveLength(1);
    expect((await world.ask(nested, { n: 5 })).errors).toMatchObject([{ extensions: { code: 'TENANT_NOT_FOUND' } }]);
    const change = `setConfig(tenantId: "${tenant.id}", input: { key: "k", value: 1 }) { key }`;
    expect((await world.ask(`mutation { ${aliases(501, change)} }`)).errors).toHaveLength(1);
    expect(await world.counts()).toEqual(before);
  });
});

describe('a document that nobody would write is refused before it is checked', () => {
  test.each([
    ['aliases', `{ ${aliases(1_001, `tenant(id: "${id}") { id }`)} }`, '1000'],
    ['directives', `{ viewer { id ${'@include(if: true) '.repeat(101)} } }`, '100'],
    ['words', `{ ${'viewer { id } '.repeat(20_000)} }`, '60000'],
    ['levels', `{ viewer ${'{ viewer '.repeat(5_000)} ${'}'.repeat(5_000)} }`, ''],
    ['fragments in a circle', '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }', ''],
    ['introspection in disguise', '{ ...__schema } fragment __schema on Query { __schema { nothing } }', ''],
  ])('too many %s', async (_what, query, limit) => {
    world.statements.length = 0;
    const { data, errors = [] } = await world.ask(query);
    expect(errors[0]).toMatchObject({
      message: expect.stringContaining(limit),
      extensions: { code: 'VALIDATION_ERROR' },
    });
    expect(data).toBeUndefined();
    expect(world.statements).toEqual([]);
  });

  test('and lists that are too long, through every door', async () => {
    const tenant = await world.tenant();
    const keys = Array.from({ length: 1_001 }, (_, index) => `k${index}`);
    const query = 'query ($id: ID!, $keys: [String!]) { tenant(id: $id) { resolvedConfigMap(keys: $keys) } }';
    const { errors } = await world.ask(query, { id: tenant.id, keys });
    expect(errors).toMatchObject([{ extensions: { issues: [{ path: ['keys'], code: 'too_big' }] } }]);
    expect((await world.ask(query, { id: tenant.id, keys: keys.slice(1) })).errors).toBeUndefined();
    const rest = await world.app.server.inject({
      url: `/api/v1/tenants/${tenant.id}/permissions?keys=${keys.join(',')}`,
      headers: { 'x-api-key': 'sk_test_bootstrap' },
    });
    expect(rest.json()).toMatchObject({ error: { code: 'VALIDATION_ERROR', issues: [{ path: ['keys'] }] } });
  });

  test.each([
    ['a batch', 'application/json', JSON.stringify([{ query: '{ viewer { id } }' }])],
    ['a form, as a page of another site could send it', 'application/x-www-form-urlencoded', 'query={viewer{id}}'],
    ['plain text, the same', 'text/plain', JSON.stringify({ query: '{ viewer { id } }' })],
    ['a form with files', 'multipart/form-data; boundary=x', '--x--'],
    [
      'more than a mebibyte',
      'application/json',
      JSON.stringify({ query: `{ viewer { id } } #${'x'.repeat(1_048_576)}` }),
    ],
  ])('%s', async (_what, type, payload) => {
    const { statusCode } = await world.app.server.inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'x-api-key': 'sk_test_bootstrap', 'content-type': type },
      payload,
    });
    expect([400, 413, 415]).toContain(statusCode);
  });
});

describe('a hostile document is answered at once and leaves nothing behind', () => {
  const doubling = (field: string) =>
    Array.from(
      { length: 30 },
      (_, index) => `fragment f${index} on Tenant { ${field.replaceAll('NEXT', `...f${index + 1}`)} }`,
    ).join(' ');
  const ids = Array.from({ length: 20_000 }, () => id);

  test.each<[what: string, query: string, variables?: Record<string, unknown>]>([
    [
      'fragments spread twice',
      `{ tenant(id: "${id}") { ...f0 } } ${doubling('NEXT NEXT')} fragment f30 on Tenant { id }`,
    ],
    [
      'fragments that double and nest',
      `{ tenant(id: "${id}") { ...f0 } } ${doubling('a: parent { NEXT } b: parent { NEXT }')} fragment f30 on Tenant { id }`,
    ],
    ['fragments in a circle', `{ tenant(id: "${id}") { ...a } } fragment a on Tenant { parent { ...a } }`],
    [
      'pages in a fragment with a name of the schema',
      `{ tenant(id: "${id}") { ...__schema } } fragment __schema on Tenant { ${pages(3)} }`,
    ],
    [
      'pages in a fragment with a name that objects have',
      `{ tenant(id: "${id}") { ...__proto__ } } fragment __proto__ on Tenant { ${pages(3)} }`,
    ],
    [
      'a page of any size by variable',
      `query ($n: Int) { tenant(id: "${id}") { ${pages(3).replaceAll('first: 100', 'first: $n')} } }`,
      { n: 2_147_483_647 },
    ],
    ['many ids by variable', 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids }],
    [
      'an argument that fails, to hide what stands beside it',
      `query ($s: [TenantStatus!] = null) { tenants(statuses: $s) { totalCount } b: tenant(id: "${id}") { ${pages(3)} } }`,
    ],
    ['levels beyond any stack', `{ tenant(id: "${id}") { ${'parent { '.repeat(19_000)} id ${'}'.repeat(19_000)} } }`],
    [
      'fragments that lead on and on',
      `{ tenant(id: "${id}") { ...f0 } } ${Array.from({ length: 4_000 }, (_, index) => `fragment f${index} on Tenant { parent { ...f${index + 1} } }`).join(' ')} fragment f4000 on Tenant { id }`,
    ],
  ])('%s', async (_what, query, variables) => {
    const before = await world.counts();
    const started = performance.now();
    const { errors } = await world.ask(query, variables);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(['VALIDATION_ERROR', 'TENANT_NOT_FOUND']).toContain(errors?.[0]?.extensions.code);
    expect(await world.counts()).toEqual(before);
  });

  test('a change by GET, whose name is empty or not', async () => {
    const before = await world.counts();
    for (const operationName of ['', '&operationName=', '&operationName=m']) {
      const query = encodeURIComponent('mutation m { createTenant(input: { name: "a", slug: "by_get" }) { id } }');
      const { statusCode } = await world.app.server.inject({
        url: `/graphql?query=${query}${operationName}`,
        headers: { 'x-api-key': 'sk_test_bootstrap' },
      });
      expect(statusCode).toBe(405);
    }
    expect(await world.counts()).toEqual(before);
  });
});

describe('every answer says what it cost, and what it may:', () => {
  const tenants = (first: number, field: string) => `{ tenants(first: ${first}) { nodes { ${field} } } }`;

  test.each([
    ['a field at the top', '{ viewer { id } }', 20 + 1],
    ['a page', tenants(10, 'id'), 20 + 10 * (1 + 1)],
    ['a page of the usual size', '{ tenants { nodes { id } } }', 20 + 50 * (1 + 1)],
    ['a page within a page', tenants(10, 'children(first: 3) { edges { node { id } } }'), 20 + 10 * (1 + 1 + 3 * 3)],
    ['one too many', tenants(100, pages(2)), 20 + 100 * (1 + 1 + 100 * (1 + 1 + 100 * (1 + 1)))],
    ['things by their ids', `{ nodes(ids: ["${id}", "${id}"]) { id } }`, 20 + 2],
    ['a change', `mutation { purgeTenant(id: "${id}") { id } }`, 200 + 1],
  ])('%s', async (_what, query, requested) => {
    expect(await world.ask(query)).toMatchObject({ extensions: { cost: { requested, max: 100_000 } } });
  });
});

test('what programs and consoles ask for is not too much', async () => {
  const { id: tenant } = await world.tenant();
  const everything = `name slugPath document metadata parent { name } ancestors { name }
    resolvedConfig { key value source { name } explanation { candidates { tenant { name } value } rule } } resolvedPermissions { key value }`;
  for (const query of [
    `{ ${aliases(500, `tenant(id: "${tenant}") { ${everything} }`)} }`,
    `{ tenant(id: "${tenant}") { ${pages(2, 'id name')} } }`,
    `{ tenants(first: 100) { nodes { ${everything} children(first: 10) { totalCount nodes { ${everything} } } } } }`,
    getIntrospectionQuery(),
  ]) {
    expect((await world.ask(query)).errors).toBeUndefined();
  }
});

test('when the time of a request is over, no further change of its document begins', async () => {
  await using slow = await GraphqlWorld.open({ settings: { REQUEST_TIMEOUT_MS: '300' } });
  const tenant = await slow.tenant();
  const change = (index: number) =>
    `a${index}: setConfig(tenantId: "${tenant.id}", input: { key: "k${index}", value: 1 }) { key }`;
  const { errors } = await slow.ask(
    `mutation { ${Array.from({ length: 480 }, (_, index) => change(index)).join(' ')} }`,
  );

  // One for the request, or one for each change that was still to come: whoever is faster.
  expect(new Set(errors?.map(({ extensions }) => extensions?.['code']))).toEqual(new Set(['SERVICE_UNAVAILABLE']));
  await sleep(200); // what had begun ends
  const then = await slow.counts();
  await sleep(500);
  expect(await slow.counts()).toEqual(then);
  expect(then['entries']).toBeLessThan(480);
});
