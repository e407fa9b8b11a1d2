import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { developmentKey } from '../../src/config.ts';
import { statusByCode } from '../../src/domain/errors.ts';
import { GraphqlWorld, type Json, unknownId } from '../support/graphql-world.ts';

const lines: string[] = [];
let world: GraphqlWorld;
let closed: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open({ settings: { STRATUM_LOG_LEVEL: 'error' }, onLog: (line) => lines.push(line) });
  closed = await GraphqlWorld.open({ settings: { STRATUM_INTROSPECTION: 'off' } });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await closed[Symbol.asyncDispose]();
});

interface Sent {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Behind `/graphql`. */
  readonly search?: string;
  readonly headers?: Record<string, string>;
  readonly payload?: string;
}

const key = { 'x-api-key': developmentKey };
const json = { 'content-type': 'application/json' };

async function send({ method = 'POST', search = '', headers = { ...key, ...json }, payload }: Sent, to = world) {
  const url = `/graphql${search}`;
  const response = await to.app.server.inject({ method, url, headers, ...(payload && { payload }) });
  const isJson = String(response.headers['content-type']).includes('json');
  const body: Json = isJson ? response.json() : response.body;
  return { status: response.statusCode, headers: response.headers, body };
}

const post = (query: string, variables?: unknown, headers: Record<string, string> = {}) =>
  send({ headers: { ...key, ...json, ...headers }, payload: JSON.stringify({ query, variables }) });

const get = (parameters: Record<string, string>, headers: Record<string, string> = {}) =>
  send({ method: 'GET', search: `?${new URLSearchParams(parameters)}`, headers: { ...key, ...headers } });

/** Every error says what it is in a word of ours, and nothing of how we are made. */
function expectRefused(body: Json, code: string): void {
  expect(body.errors.length).toBeGreaterThan(0);
  for (const { message, extensions } of body.errors) {
    expect(extensions.code).toBe(code);
    expect(Object.keys(statusByCode)).toContain(extensions.code);
    expect(Object.keys(extensions).filter((name) => !['code', 'details', 'issues'].includes(name))).toEqual([]);
    expect(message).not.toMatch(/\n|\bat .*:\d+:\d+|select |prisma/i);
  }
}

const modern = { accept: 'application/graphql-response+json' };

describe('GET', () => {
  test('answers queries, with variables and the name of an operation', async () => {
    const { id } = await world.tenant({ name: 'here' });
    const query = 'query A { __typename } query B ($id: ID!) { tenant(id: $id) { name } }';
    const { status, body } = await get({ query, operationName: 'B', variables: JSON.stringify({ id }) });
    expect({ status, body }).toMatchObject({ status: 200, body: { data: { tenant: { name: 'here' } } } });
  });

  test('changes nothing', async () => {
    const before = await world.counts();
    const answer = await get({ query: 'mutation { createTenant(input: { name: "a", slug: "by_get" }) { id } }' });
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expectRefused(answer.body, 'METHOD_NOT_ALLOWED');
    expect(await world.counts()).toEqual(before);
  });

  test.each([
    {},
    { query: '' },
    { query: '{ __typename }', variables: '{' },
    { query: '{ __typename }', variables: '1' },
  ])('of %j is refused', async (parameters) => {
    const { status, body } = await get(parameters as Record<string, string>, modern);
    expect(status).toBe(400);
    expectRefused(body, 'VALIDATION_ERROR');
  });
});

describe('what is refused before it is carried out', () => {
  const documents: readonly [what: string, query: string, variables?: unknown][] = [
    ['a syntax error', '{ tenants { '],
    ['nothing', ' '],
    ['an unknown field', '{ tenants { nodes { nothing } } }'],
    ['an unknown argument', '{ tenants(nothing: 1) { totalCount } }'],
    ['a missing argument', '{ tenant { id } }'],
    ['a missing variable', 'query ($id: ID!) { tenant(id: $id) { id } }', {}],
    ['a variable of the wrong type', 'query ($first: Int) { tenants(first: $first) { totalCount } }', { first: 'x' }],
    ['an integer beyond 32 bits', '{ tenants(first: 2147483648) { totalCount } }'],
    [
      'an unknown value of an enum',
      'query ($s: [TenantStatus!]!) { tenants(statuses: $s) { totalCount } }',
      { s: ['gone'] },
    ],
    ['several operations without a name', 'query A { __typename } query B { __typename }'],
    ['a fragment in a circle', '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }'],
    ['a subscription', 'subscription { events { id } }'],
    ['fields nested without end', `${'{ a '.repeat(100_000)}${'}'.repeat(100_000)}`],
    ['lists nested without end', `{ tenants(first: ${'['.repeat(100_000)}${']'.repeat(100_000)}) { totalCount } }`],
    ['one field without end', `{ ${'__typename '.repeat(90_000)} }`],
    ['one directive without end', `{ __typename ${'@skip(if: false) '.repeat(50_000)} }`],
  ];

  test.each(documents)(
    '%s: VALIDATION_ERROR, 400 for those who ask for it, at once',
    async (_what, query, variables) => {
      const started = performance.now();
      const [modernly, plainly] = [await post(query, variables, modern), await post(query, variables)];
      expect(modernly.status).toBe(400);
      for (const { body } of [modernly, plainly]) {
        expect(body).not.toHaveProperty('data');
        expectRefused(body, 'VALIDATION_ERROR');
      }
      expect(performance.now() - started).toBeLessThan(5_000);
    },
  );

  test('is no fault of ours: the log has nothing of it', () => {
    expect(lines.filter((line) => !line.includes('expected by a test'))).toEqual([]);
  });
});

describe('ids', () => {
  test.each(['x', '', '1', unknownId.slice(1), `{${unknownId}}`, `${unknownId}\n`])('%j is none', async (id) => {
    const { body } = await post('query ($id: ID!) { tenant(id: $id) { id } }', { id });
    expectRefused(body, 'VALIDATION_ERROR');
    expect(body.errors).toMatchObject([
      { path: ['tenant'], extensions: { issues: [{ path: ['id'], code: 'invalid_id' }] } },
    ]);
  });

  test('all that are none are named, however deep they lie', async () => {
    const item = { name: 'a', slug: 'a' };
    const { body } = await post('mutation ($t: [CreateTenantsItem!]!) { createTenants(tenants: $t) { id } }', {
      t: [item, { ...item, parentId: 'x', regionId: 'y' }],
    });
    expect(body.errors[0].extensions.issues.map(({ path }: Json) => path.join('.'))).toEqual([
      'tenants.1.parentId',
      'tenants.1.regionId',
    ]);
  });
});

describe('JSON', () => {
  const set = (value: string, declared = '') =>
    `mutation ($id: ID!${declared}) { setConfig(tenantId: $id, input: { key: "k", value: ${value} }) { value } }`;
  const big = '9007199254740993';

  test.each([set(big), set(`{ a: [-${big}] }`)])('refuses integers beyond 2^53 in literals: %#', async (query) => {
    const { body } = await post(query, { id: unknownId });
    expectRefused(body, 'VALIDATION_ERROR');
    expect(body.errors[0].message).toContain('2^53');
  });

  test.each([big, `{"a":[${big}]}`, '1e400'])(
    'refuses %s in variables, which would be another number',
    async (value) => {
      const { id } = await world.tenant();
      const payload = `{"query":${JSON.stringify(set('$v', ', $v: JSON'))},"variables":{"id":"${id}","v":${value}}}`;
      const { body } = await send({ payload });
      expectRefused(body, 'VALIDATION_ERROR');
      expect(body.errors[0].extensions.issues).toMatchObject([{ path: ['input', 'value'], code: 'invalid_json' }]);
    },
  );

  test('is the same as a literal and as a variable', async () => {
    const { id } = await world.tenant();
    const literal = '{ a: 1, b: [1.5e3, "x", true, null, { __proto__: 2 }], c: $given, d: $missing, e: [$missing] }';
    const { body } = await post(set(literal, ', $given: JSON, $missing: JSON'), { id, given: { deep: [] } });
    const value = JSON.parse('{"a":1,"b":[1500,"x",true,null,{"__proto__":2}],"c":{"deep":[]},"e":[null]}');
    expect(body.data).toEqual({ setConfig: { value } });
  });

  test('has no words without quotes', async () => {
    const { body } = await post(set('{ a: TRUE }'), { id: unknownId });
    expectRefused(body, 'VALIDATION_ERROR');
  });
});

describe('without a key, or with a wrong one', () => {
  const strangers: Record<string, string>[] = [{}, { 'x-api-key': 'sk_test_wrong' }, { authorization: 'Bearer x' }];
  const query = '{ tenants { nodes { id } } }';
  const requests: Record<string, Sent> = {
    'a POST': { payload: JSON.stringify({ query }) },
    'a GET': { method: 'GET', search: `?query=${encodeURIComponent(query)}` },
    'a question about the schema': { payload: JSON.stringify({ query: '{ __schema { types { name } } }' }) },
    'a syntax error': { payload: JSON.stringify({ query: '{' }) },
    'an unknown field': { payload: JSON.stringify({ query: '{ tenantz }' }) },
    'a mutation by GET': { method: 'GET', search: '?query=mutation{a}' },
    'no query': { payload: '{}' },
  };

  test.each(Object.entries(requests))('%s is UNAUTHORIZED, 401, and learns nothing', async (_what, request) => {
    for (const headers of strangers) {
      for (const accept of ['application/json', modern.accept]) {
        const answer = await send({ ...request, headers: { ...json, ...headers, accept } });
        expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
        expect(answer.body).toEqual({
          errors: [{ message: expect.stringMatching(/key/), extensions: { code: 'UNAUTHORIZED' } }],
        });
      }
    }
  });
});

describe('introspection', () => {
  const questions = [
    '{ __schema { types { name } } }',
    '{ a: __type(name: "Tenant") { name } }',
    '{ ...f } fragment f on Query { __schema { queryType { name } } }',
    '{ ...__schema } fragment __schema on Query { s: __schema { queryType { name } } }',
  ];

  test.each(questions)('is answered in development and refused when it is off: %s', async (query) => {
    expect(await world.ask(query)).not.toHaveProperty('errors');
    const answer = await closed.ask(query);
    expect(answer).not.toHaveProperty('data');
    expectRefused(answer, 'VALIDATION_ERROR');
  });

  test('when it is off, errors give no hints either, and everything else is answered', async () => {
    const wrong = '{ tenantz { id } tenants(frist: 1) { nodez { id } pageInfo } }';
    expect(JSON.stringify(await world.ask(wrong))).toContain('Did you mean');
    const answer = await closed.ask(wrong);
    expectRefused(answer, 'VALIDATION_ERROR');
    expect(JSON.stringify(answer)).not.toMatch(/Did you mean|first|nodes/);
    expect(await closed.ask('{ __typename tenants { __typename } }')).toMatchObject({
      data: { __typename: 'Query', tenants: { __typename: 'TenantConnection' } },
    });
  });
});

test('a fault of ours is told as such and no more; the log has the rest, with the id of the request', async () => {
  const { id } = await world.tenant();
  const query = 'query ($id: ID!) { tenant(id: $id) { name resolvedPermissionsMap } }';
  await world.sql('alter table permission_policies rename to elsewhere');
  const { status, body } = await post(query, { id }, { 'x-request-id': 'expected by a test'.replaceAll(' ', '_') });
  await world.sql('alter table elsewhere rename to permission_policies');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    data: { tenant: null },
    errors: [
      {
        message: 'An unexpected error occurred',
        path: ['tenant', 'resolvedPermissionsMap'],
        locations: [{ line: 1, column: 43 }],
        extensions: { code: 'INTERNAL_SERVER_ERROR' },
      },
    ],
  });
  const logged = lines.map((line) => JSON.parse(line)).filter(({ requestId }) => requestId === 'expected_by_a_test');
  expect(logged).toMatchObject([{ level: 50, err: { message: expect.stringContaining('permission_policies') } }]);
});

test('a browser is shown a playground in development, without a key, and nothing in production', async () => {
  const page = { method: 'GET', headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } } as const;
  const shown = await send(page);
  expect(shown).toMatchObject({ status: 200, headers: { 'content-type': expect.stringMatching(/^text\/html/) } });
  expect(shown.body).toContain('Stratum');
  const secret = 'an encryption key, random as they come: 0123456789';
  const production = await GraphqlWorld.open({
    settings: {
      NODE_ENV: 'production',
      DATABASE_URL: 'postgresql://nobody@localhost/nothing',
      STRATUM_ENCRYPTION_KEY: secret,
      STRATUM_API_KEY_HMAC_SECRET: secret,
    },
  });
  const answer = await send(page, production);
  expect(answer.status).toBe(401);
  expect(String(answer.body)).not.toContain('<html');
  await production[Symbol.asyncDispose]();
});
