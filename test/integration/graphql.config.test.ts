import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GraphqlWorld, type Json, unknownId } from '../support/graphql-world.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const set = `mutation ($id: ID!, $input: SetConfigInput!) { setConfig(tenantId: $id, input: $input) {
  id tenantId key value locked sensitive masked inherited revision createdAt updatedAt tenant { id } } }`;
const setAll =
  'mutation ($id: ID!, $entries: [SetConfigInput!]!) { setConfigs(tenantId: $id, entries: $entries) { key value revision } }';
const remove =
  'mutation ($id: ID!, $key: String!) { deleteConfig(tenantId: $id, key: $key) { tenantId key revision } }';
const resolved = `query ($id: ID!, $keys: [String!], $prefix: String) { tenant(id: $id) {
  resolvedConfig(keys: $keys, prefix: $prefix) { key value inherited locked sensitive masked revision source { id name slug } }
  resolvedConfigMap(keys: $keys, prefix: $prefix) } }`;
const why = `query ($id: ID!, $key: String!) { tenant(id: $id) { resolvedValue(key: $key) { value inherited source { name }
  explanation { rule text candidates { value locked sensitive masked revision outcome tenant { name } } } } } }`;

describe('setConfig', () => {
  test('gives the entry as it is stored, and again by config and as a node', async () => {
    const [, tenant] = await world.line(['root', 'tenant']);
    const { id } = tenant!;
    const { setConfig } = await world.data(set, { id, input: { key: 'a.b', value: { x: [1, null] }, locked: true } });
    expect(setConfig).toEqual({
      id: expect.any(String),
      tenantId: id,
      key: 'a.b',
      value: { x: [1, null] },
      locked: true,
      sensitive: false,
      masked: false,
      inherited: false,
      revision: 3,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      tenant: { id },
    });
    const fields = 'id tenantId key value locked sensitive masked inherited revision createdAt updatedAt tenant { id }';
    const { tenant: read } = await world.data(`query ($id: ID!) { tenant(id: $id) { config { ${fields} } } }`, { id });
    expect(read.config).toEqual([setConfig]);
    const node = `query ($id: ID!) { node(id: $id) { __typename ... on ConfigEntry { ${fields} } } }`;
    expect((await world.data(node, { id: setConfig.id })).node).toEqual({ __typename: 'ConfigEntry', ...setConfig });
  });

  test('of what is so already is no change', async () => {
    const { id } = await world.tenant();
    const input = { key: 'k', value: { a: 1, b: 2 } };
    const first = await world.data(set, { id, input });
    expect(await world.data(set, { id, input: { value: { b: 2, a: 1 }, key: 'k' } })).toEqual(first);
    expect((await world.data(set, { id, input: { ...input, locked: true } })).setConfig.revision).toBe(3);
  });

  const values = [null, 0, '', false, [], {}, 'text', 1e308, -0.1, 2 ** 53 - 1, { deep: [[{ __typename: 1 }]] }];
  test.each(values)('keeps %j', async (value) => {
    const { id } = await world.tenant();
    expect((await world.data(set, { id, input: { key: 'k', value } })).setConfig.value).toEqual(value);
    expect((await world.data(resolved, { id })).tenant.resolvedConfigMap.k.value).toEqual(value);
  });

  test('refuses what it can not keep, and what it is not given', async () => {
    const { id } = await world.tenant();
    const wrong: [Record<string, unknown>, string][] = [
      [{ key: 'k' }, 'value'],
      [{ key: '', value: 1 }, 'key'],
      [{ key: 'x'.repeat(256), value: 1 }, 'key'],
      [{ key: 'a\0b', value: 1 }, 'key'],
      [{ key: 'k', value: 'a\0b' }, 'value'],
      [{ key: 'k', value: 'x'.repeat(65_536) }, 'value'],
      [{ key: 'k', value: { n: 2 ** 53 } }, 'value'],
    ];
    for (const [input, field] of wrong) {
      const { extensions } = await world.refused('VALIDATION_ERROR', set, { id, input });
      expect(extensions['issues']).toMatchObject([{ path: ['input', field] }]);
    }
    await world.refused('TENANT_NOT_FOUND', set, { id: unknownId, input: { key: 'k', value: 1 } });
  });

  test('needs an active tenant; deleteConfig does not', async () => {
    const tenant = await world.tenant();
    await world.config(tenant, { k: 1 });
    await world.transition('suspend', tenant);
    await world.refused('TENANT_SUSPENDED', set, { id: tenant.id, input: { key: 'k', value: 2 } });
    await world.transition('archive', tenant);
    await world.refused('TENANT_ARCHIVED', set, { id: tenant.id, input: { key: 'k', value: 2 } });
    expect(await world.data(remove, { id: tenant.id, key: 'k' })).toEqual({
      deleteConfig: { tenantId: tenant.id, key: 'k', revision: 5 },
    });
    const { extensions } = await world.refused('CONFIG_NOT_FOUND', remove, { id: tenant.id, key: 'k' });
    expect(extensions['details']).toEqual({ key: 'k' });
    await world.refused('VALIDATION_ERROR', remove, { id: tenant.id, key: '' });
  });

  test('below a lock is refused with who locks the key; the highest of them', async () => {
    const [root, middle, leaf] = await world.line(['root', 'middle', 'leaf']);
    await world.config(middle!, { k: 'middle' }, { locked: true });
    await world.config(root!, { k: 'root' }, { locked: true });
    const { extensions } = await world.refused('CONFIG_LOCKED', set, { id: leaf!.id, input: { key: 'k', value: 1 } });
    expect(extensions['details']).toEqual({ key: 'k', source_tenant_id: root!.id });
    await world.data(remove, { id: middle!.id, key: 'k' });
  });
});

describe('setConfigs', () => {
  test('sets all in their order, of equal keys the last', async () => {
    const { id } = await world.tenant();
    const { setConfigs } = await world.data(setAll, {
      id,
      entries: [
        { key: 'b', value: 1 },
        { key: 'a', value: 2 },
        { key: 'b', value: 3 },
      ],
    });
    expect(setConfigs).toEqual([
      { key: 'b', value: 3, revision: 2 },
      { key: 'a', value: 2, revision: 3 },
      { key: 'b', value: 3, revision: 2 },
    ]);
  });

  test('sets all or none, and says which is wrong', async () => {
    const [root, tenant] = await world.line(['root', 'tenant']);
    await world.config(root!, { locked: 1 }, { locked: true });
    const cases = [
      ['CONFIG_LOCKED', { key: 'locked', value: 1 }],
      ['VALIDATION_ERROR', { key: '', value: 1 }],
      ['VALIDATION_ERROR', { key: 'k' }],
    ] as const;
    for (const [code, bad] of cases) {
      const entries = [{ key: 'good', value: 1 }, bad];
      const { extensions } = await world.refused(code, setAll, { id: tenant!.id, entries });
      expect(extensions['details']).toMatchObject({ index: 1 });
    }
  });

  test('takes 1 to 200', async () => {
    const { id } = await world.tenant();
    const entries = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: index }));
    for (const count of [0, 201]) {
      const { extensions } = await world.refused('VALIDATION_ERROR', setAll, { id, entries: entries(count) });
      expect(extensions['issues']).toMatchObject([{ path: ['entries'] }]);
    }
    expect((await world.data(setAll, { id, entries: entries(200) })).setConfigs).toHaveLength(200);
  });
});

describe('what applies', () => {
  test('is the nearest, with where it is from, as a list and as a map, in order of keys', async () => {
    const [root, middle, leaf] = await world.line(['Root', 'Middle', 'Leaf']);
    await world.config(root!, { currency: 'USD', theme: 'dark', Zone: 1 });
    await world.config(middle!, { theme: 'light' });
    await world.config(leaf!, { own: true });
    const { tenant } = await world.data(resolved, { id: leaf!.id });
    const common = { locked: false, sensitive: false, masked: false };
    const from = (source: typeof root, name: string) => ({ source: { ...source, name } });
    expect(tenant.resolvedConfig).toEqual([
      { key: 'Zone', value: 1, inherited: true, revision: 6, ...from(root, 'Root'), ...common },
      { key: 'currency', value: 'USD', inherited: true, revision: 4, ...from(root, 'Root'), ...common },
      { key: 'own', value: true, inherited: false, revision: 8, ...from(leaf, 'Leaf'), ...common },
      { key: 'theme', value: 'light', inherited: true, revision: 7, ...from(middle, 'Middle'), ...common },
    ]);
    expect(tenant.resolvedConfigMap).toEqual(
      Object.fromEntries(
        tenant.resolvedConfig.map(({ key, value, inherited, locked, source }: Json) => [
          key,
          { key, value, inherited, locked, source_tenant_id: source.id },
        ]),
      ),
    );
  });

  test('is narrowed down by keys and prefix, together too', async () => {
    const tenant = await world.tenant();
    await world.config(tenant, { 'a.x': 1, 'a.y': 2, ab: 3, b: 4 });
    const keysOf = async (selection: Record<string, unknown>) => {
      const { resolvedConfig, resolvedConfigMap } = (await world.data(resolved, { id: tenant.id, ...selection }))
        .tenant;
      const keys = resolvedConfig.map(({ key }: Json) => key);
      expect(Object.keys(resolvedConfigMap)).toEqual(keys);
      return keys;
    };
    expect(await keysOf({ prefix: 'a.' })).toEqual(['a.x', 'a.y']);
    expect(await keysOf({ keys: ['b', 'a.x', 'none'] })).toEqual(['a.x', 'b']);
    expect(await keysOf({ keys: ['b', 'a.x'], prefix: 'a' })).toEqual(['a.x']);
    expect(await keysOf({ keys: [] })).toEqual([]);
    expect(await keysOf({ prefix: '' })).toHaveLength(4);
  });

  test.each(['__proto__', 'constructor', 'toString', 'a/b', '100%', '日本', 'x'.repeat(255)])(
    'has the key %j',
    async (key) => {
      const tenant = await world.tenant();
      await world.data(set, { id: tenant.id, input: { key, value: 'mine' } });
      const { resolvedConfig, resolvedConfigMap } = (await world.data(resolved, { id: tenant.id, keys: [key] })).tenant;
      expect(resolvedConfig).toMatchObject([{ key, value: 'mine' }]);
      expect(Object.entries(resolvedConfigMap)).toEqual([[key, expect.objectContaining({ value: 'mine' })]]);
      expect((await world.data(why, { id: tenant.id, key })).tenant.resolvedValue.value).toBe('mine');
      expect((await world.data(why, { id: tenant.id, key: 'hasOwnProperty' })).tenant.resolvedValue).toBeNull();
    },
  );

  test('explains itself: what decided, what was overridden, what a lock shadows', async () => {
    const [root, middle, leaf] = await world.line(['Root', 'Middle', 'Leaf']);
    for (const [tenant, value] of [
      [root, 1],
      [middle, 2],
      [leaf, 3],
    ] as const) {
      await world.config(tenant!, { k: value });
    }
    const candidate = (name: string, value: number, outcome: string, revision: number, locked = false) => ({
      value,
      locked,
      sensitive: false,
      masked: false,
      revision,
      outcome,
      tenant: { name },
    });
    expect((await world.data(why, { id: leaf!.id, key: 'k' })).tenant.resolvedValue).toEqual({
      value: 3,
      inherited: false,
      source: { name: 'Leaf' },
      explanation: {
        rule: 'NEAREST',
        text: 'Set by Leaf, the nearest; 2 others passed over.',
        candidates: [
          candidate('Root', 1, 'OVERRIDDEN', 4),
          candidate('Middle', 2, 'OVERRIDDEN', 5),
          candidate('Leaf', 3, 'DECIDED', 6),
        ],
      },
    });
    await world.config(middle!, { k: 2 }, { locked: true });
    expect((await world.data(why, { id: leaf!.id, key: 'k' })).tenant.resolvedValue).toEqual({
      value: 2,
      inherited: true,
      source: { name: 'Middle' },
      explanation: {
        rule: 'HIGHEST_LOCK',
        text: 'Locked by Middle; 2 others passed over.',
        candidates: [
          candidate('Root', 1, 'OVERRIDDEN', 4),
          candidate('Middle', 2, 'DECIDED', 7, true),
          candidate('Leaf', 3, 'SHADOWED_BY_LOCK', 6),
        ],
      },
    });
    await world.data(remove, { id: middle!.id, key: 'k' });
    expect((await world.data(why, { id: leaf!.id, key: 'k' })).tenant.resolvedValue).toMatchObject({ value: 3 });
  });
});
