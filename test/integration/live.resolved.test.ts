import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Created, GraphqlWorld, type Json } from '../support/graphql-world.ts';
import { type Following, overSockets, type Transport } from '../support/live.ts';

let world: GraphqlWorld;
let transport: Transport;
beforeAll(async () => {
  world = await GraphqlWorld.open();
  transport = overSockets(await world.app.server.listen({ host: '127.0.0.1', port: 0 }));
});
afterAll(async () => {
  await transport.close();
  await world[Symbol.asyncDispose]();
});

const config = `subscription ($id: ID!, $keys: [String!]) { resolvedConfigChanged(tenantId: $id, keys: $keys) {
  key before { value locked masked source { id } } after { value locked masked source { id } explanation { text } } event { type tenantId revision }
} }`;
const permissions = `subscription ($id: ID!) { resolvedPermissionsChanged(tenantId: $id) {
  key before { value mode } after { value mode } event { type tenantId }
} }`;

async function follow(document: string, variables: Record<string, unknown>): Promise<Following> {
  const following = transport.follow(document, variables);
  expect(await following.isQuiet(250)).toBe(true);
  return following;
}

async function next(following: Following): Promise<Json> {
  const { data, errors } = await following.next();
  expect(errors).toBeUndefined();
  return data.resolvedConfigChanged ?? data.resolvedPermissionsChanged;
}

/** Something that is told for sure, so that whatever was not told before it never will be. */
async function nothingBefore(following: Following, tenant: Created): Promise<void> {
  await world.config(tenant, { last: Math.random() });
  expect((await next(following)).key).toBe('last');
}

test('a value that is set above, overridden, taken back: told with what was, what is, and the event', async () => {
  const [root, child, leaf] = await world.line(['Root', 'Child', 'Leaf']);
  const following = await follow(config, { id: leaf!.id });
  await world.config(root!, { color: 'red' });
  expect(await next(following)).toEqual({
    key: 'color',
    before: null,
    after: {
      value: 'red',
      locked: false,
      masked: false,
      source: { id: root!.id },
      explanation: { text: 'Set by Root, the nearest; it is the only one set.' },
    },
    event: { type: 'config.updated', tenantId: root!.id, revision: 4 },
  });
  await world.config(child!, { color: 'blue' });
  expect(await next(following)).toMatchObject({
    before: { value: 'red' },
    after: { value: 'blue', source: { id: child!.id } },
    event: { tenantId: child!.id },
  });
  await unset(child!, 'color');
  expect(await next(following)).toMatchObject({
    before: { value: 'blue' },
    after: { value: 'red' },
    event: { type: 'config.deleted', tenantId: child!.id },
  });
  following.stop();
});

test('what changes nothing for the tenant is not told', async () => {
  const [root, child, leaf] = await world.line(['Root', 'Child', 'Leaf']);
  const [sibling] = await world.children(root!, ['Sibling']);
  await world.config(child!, { color: 'blue' });
  const following = await follow(config, { id: leaf!.id });
  await world.config(root!, { color: 'red' });
  await world.config(sibling!, { color: 'green' });
  await world.config(child!, { color: 'blue' });
  await world.data('mutation ($id: ID!) { updateTenant(id: $id, input: { name: "Other" }) { id } }', { id: leaf!.id });
  await nothingBefore(following, leaf!);
  following.stop();
});

test('a lock above takes an override away, and gives it back', async () => {
  const [root, leaf] = await world.line(['Root', 'Leaf']);
  await world.config(root!, { color: 'red' });
  await world.config(leaf!, { color: 'blue' });
  const following = await follow(config, { id: leaf!.id });
  await world.config(root!, { color: 'red' }, { locked: true });
  expect(await next(following)).toMatchObject({ before: { value: 'blue' }, after: { value: 'red', locked: true } });
  await world.config(root!, { color: 'red' }, { locked: false });
  expect(await next(following)).toMatchObject({ before: { value: 'red' }, after: { value: 'blue' } });
  following.stop();
});

test('a secret that changes is told of, and not shown', async () => {
  const [root, leaf] = await world.line(['Root', 'Leaf']);
  await world.config(root!, { token: 'marker-one' }, { sensitive: true });
  const following = await follow(config, { id: leaf!.id });
  await world.config(root!, { token: 'marker-one' }, { sensitive: true });
  await world.config(root!, { token: 'marker-two' }, { sensitive: true });
  const told = await next(following);
  expect(told).toMatchObject({
    key: 'token',
    before: { value: null, masked: true },
    after: { value: null, masked: true },
  });
  expect(JSON.stringify(told)).not.toContain('marker');
  await nothingBefore(following, leaf!);
  following.stop();
});

test('a move tells of everything it changes, also to another tree, and goes on there', async () => {
  const [root, other] = [await world.tenant({ name: 'Root' }), await world.tenant({ name: 'Other' })];
  const [branch] = await world.children(root, ['Branch']);
  const [leaf] = await world.children(branch!, ['Leaf']);
  await world.config(root, { color: 'red', same: 1 });
  await world.config(other, { shape: 'round', same: 1 });
  const following = await follow(config, { id: leaf!.id });
  await world.move(branch!, other);
  const told = [await next(following), await next(following), await next(following)];
  expect(told.map(({ key, before, after }) => [key, before?.value ?? null, after?.value ?? null])).toEqual([
    ['color', 'red', null],
    ['same', 1, 1],
    ['shape', null, 'round'],
  ]);
  expect(new Set(told.map(({ event }) => event.type))).toEqual(new Set(['tenant.moved']));
  await world.config(other, { shape: 'square' });
  expect(await next(following)).toMatchObject({ before: { value: 'round' }, after: { value: 'square' } });
  await world.config(root, { color: 'green' });
  await nothingBefore(following, leaf!);
  following.stop();
});

test('only the keys that are asked for', async () => {
  const tenant = await world.tenant();
  const following = await follow(config, { id: tenant.id, keys: ['last', 'wanted'] });
  await world.config(tenant, { other: 1 });
  await world.config(tenant, { wanted: 1 });
  expect((await next(following)).key).toBe('wanted');
  await nothingBefore(following, tenant);
  following.stop();
});

test('many changes at once, however they come, end with what applies', async () => {
  const [root, leaf] = await world.line(['Root', 'Leaf']);
  const following = await follow(config, { id: leaf!.id });
  await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      world.config(index % 2 === 0 ? root! : leaf!, { [`key_${index % 4}`]: index }),
    ),
  );
  await world.config(leaf!, { last: 1 });
  const seen = new Map<string, unknown>();
  for (let key = ''; key !== 'last'; ) {
    const told = await next(following);
    // What was told of a key before is what it is said to have been.
    expect(told.before?.value ?? null).toEqual(seen.get(told.key) ?? null);
    key = told.key;
    seen.set(key, told.after?.value);
  }
  const { tenant } = await world.data('query ($id: ID!) { tenant(id: $id) { resolvedConfig { key value } } }', {
    id: leaf!.id,
  });
  expect(Object.fromEntries(seen)).toEqual(
    Object.fromEntries(tenant.resolvedConfig.map(({ key, value }: Json) => [key, value])),
  );
  following.stop();
});

test('permissions likewise', async () => {
  const [root, leaf] = await world.line(['Root', 'Leaf']);
  const following = await follow(permissions, { id: leaf!.id });
  const { id } = await world.permission(root!, {
    key: 'export',
    value: true,
    mode: 'LOCKED',
    revocationMode: 'CASCADE',
  });
  expect(await next(following)).toEqual({
    key: 'export',
    before: null,
    after: { value: true, mode: 'LOCKED' },
    event: { type: 'permission.created', tenantId: root!.id },
  });
  await world.data('mutation ($id: ID!) { deletePermission(id: $id) { id } }', { id });
  expect(await next(following)).toMatchObject({ before: { value: true }, after: null });
  following.stop();
});

async function unset({ id }: Created, key: string): Promise<void> {
  await world.data('mutation ($id: ID!, $key: String!) { deleteConfig(tenantId: $id, key: $key) { key } }', {
    id,
    key,
  });
}
