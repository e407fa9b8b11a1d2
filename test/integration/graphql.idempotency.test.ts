import { afterAll, beforeAll, expect, test } from 'vitest';
import { developmentKey } from '../../src/config.ts';
import { type GraphqlAnswer, GraphqlWorld, uniqueSlug } from '../support/graphql-world.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const create = 'mutation ($input: CreateTenantInput!) { createTenant(input: $input) { id slug createdAt revision } }';

async function send(key: string, query: string, variables: object = {}) {
  const response = await world.app.server.inject({
    method: 'POST',
    url: '/graphql',
    headers: { 'x-api-key': developmentKey, 'content-type': 'application/json', 'idempotency-key': key },
    payload: JSON.stringify({ query, variables }),
  });
  return {
    status: response.statusCode,
    replayed: response.headers['idempotency-replayed'],
    answer: response.json<GraphqlAnswer>(),
  };
}

const newTenant = (slug = uniqueSlug()) => ({ input: { name: 'Tenant', slug } });

test('a mutation with an Idempotency-Key is carried out once, and answered the same again', async () => {
  const [key, variables] = [uniqueSlug(), newTenant()];

  const first = await send(key, create, variables);
  const before = await world.counts();
  const second = await send(key, create, variables);

  expect(first).toMatchObject({ status: 200, replayed: undefined });
  expect(second).toMatchObject({ status: 200, replayed: 'true', answer: { data: first.answer.data } });
  expect(await world.counts()).toEqual(before);
});

test('of repetitions at the same moment one is carried out', async () => {
  const [key, variables] = [uniqueSlug(), newTenant()];

  const answers = await Promise.all(Array.from({ length: 6 }, () => send(key, create, variables)));

  const codes = answers.flatMap(({ answer }) => answer.errors?.map(({ extensions }) => extensions.code) ?? []);
  expect(new Set(codes)).toEqual(new Set(codes.length > 0 ? ['IDEMPOTENCY_KEY_IN_USE'] : []));
  expect(answers.length - codes.length).toBeGreaterThanOrEqual(1);
  expect(await world.sql('select 1 from tenants where slug = $1', [variables.input.slug])).toHaveLength(1);
});

test('the key of another change is refused, and nothing is changed', async () => {
  const key = uniqueSlug();
  await send(key, create, newTenant());
  const before = await world.counts();

  const { status, answer } = await send(key, create, newTenant());

  expect(status).toBe(422);
  expect(answer.errors).toMatchObject([{ extensions: { code: 'IDEMPOTENCY_KEY_REUSED' } }]);
  expect(await world.counts()).toEqual(before);
});

test('a change that was refused leaves its key free', async () => {
  const key = uniqueSlug();
  const { input } = newTenant();

  const refused = await send(key, create, { input: { ...input, slug: 'NOT A SLUG' } });
  const accepted = await send(key, create, { input });

  expect(refused.answer.errors).toMatchObject([{ extensions: { code: 'VALIDATION_ERROR' } }]);
  expect(accepted.answer.errors).toBeUndefined();
});

test('a key stands for one change: two in one document are refused with it', async () => {
  const two = `mutation ($a: CreateTenantInput!, $b: CreateTenantInput!) {
    a: createTenant(input: $a) { id } b: createTenant(input: $b) { id }
  }`;
  const before = await world.counts();

  const { answer } = await send(uniqueSlug(), two, { a: newTenant().input, b: newTenant().input });

  expect(answer.errors).toMatchObject([
    { extensions: { code: 'VALIDATION_ERROR', issues: [{ path: ['Idempotency-Key'] }] } },
  ]);
  expect(await world.counts()).toEqual(before);
});

test('a question is asked anew, whatever key it carries', async () => {
  const key = uniqueSlug();

  for (const _turn of [1, 2]) {
    const { answer, replayed } = await send(key, '{ viewer { __typename } }');
    expect(answer.errors).toBeUndefined();
    expect(replayed).toBeUndefined();
  }
});

test('a key that is no key is refused', async () => {
  const { answer } = await send('x'.repeat(256), create, newTenant());

  expect(answer.errors).toMatchObject([{ extensions: { code: 'VALIDATION_ERROR' } }]);
});
