import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal, Scope } from '../../src/domain/principal.ts';
import { type Created, GraphqlWorld, type Json } from '../support/graphql-world.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const read = `query ($id: ID!, $reveal: Boolean! = false) { tenant(id: $id) {
  list: resolvedConfig(revealSensitive: $reveal) { key value sensitive masked source { id name }
    explanation { text candidates { value sensitive masked outcome tenant { id name } } } }
  one: resolvedValue(key: "k", revealSensitive: $reveal) { value sensitive masked }
  map: resolvedConfigMap(revealSensitive: $reveal)
  own: config { value sensitive masked } } }`;

type Home = 'installation' | 'root' | 'middle' | 'leaf';

async function principal(scope: Scope, home: Home, tenants: Readonly<Record<string, Created>>): Promise<Principal> {
  return home === 'installation'
    ? { type: 'api_key', id: 'installation', scopes: [scope], home: null }
    : world.at(tenants[home]!, scope);
}

/** Three tenants, of which the middle one has a secret and the others have nothing. */
async function family(): Promise<{ root: Created; middle: Created; leaf: Created }> {
  const [root, middle, leaf] = await world.line(['Root', 'Middle', 'Leaf']);
  await world.config(middle!, { k: 'plain text' }, { sensitive: true });
  return { root: root!, middle: middle!, leaf: leaf! };
}

describe('a secret that a tenant inherits', () => {
  const rules: readonly [scope: Scope, home: Home, reveal: boolean, shown: boolean][] = [
    ['admin', 'installation', false, false],
    ['admin', 'installation', true, true],
    ['write', 'installation', true, false],
    ['read', 'installation', true, false],
    ['read', 'leaf', false, false],
    ['read', 'leaf', true, true],
    ['admin', 'leaf', true, true],
    ['read', 'middle', false, true],
    ['read', 'root', true, false],
    ['write', 'root', true, false],
    ['admin', 'root', false, false],
    ['admin', 'root', true, true],
  ];

  test.each(rules)('with scope %s at home in %s, reveal %s: shown %s', async (scope, home, reveal, shown) => {
    const tenants = await family();
    const as = await principal(scope, home, tenants);
    const { tenant } = await world.data(read, { id: tenants.leaf.id, reveal }, { as });
    const value = { value: shown ? 'plain text' : null, sensitive: true, masked: !shown };
    expect(tenant.list).toMatchObject([
      { key: 'k', ...value, explanation: { candidates: [{ ...value, outcome: 'DECIDED' }] } },
    ]);
    expect(tenant.one).toEqual(value);
    expect(tenant.map.k).toMatchObject(value);
    expect(tenant.own).toEqual([]);
    expect(JSON.stringify(tenant).includes('plain text')).toBe(shown);
  });
});

describe('a secret of its own', () => {
  test.each([
    ['read', 'middle', true],
    ['read', 'root', false],
    ['admin', 'root', false],
    ['admin', 'installation', false],
  ] as const)('with scope %s at home in %s: shown by config %s', async (scope, home, shown) => {
    const tenants = await family();
    const as = await principal(scope, home, tenants);
    const { tenant } = await world.data(read, { id: tenants.middle.id }, { as });
    expect(tenant.own).toEqual([{ value: shown ? 'plain text' : null, sensitive: true, masked: !shown }]);
  });

  test('is no longer there for those who are at home below', async () => {
    const { middle, leaf } = await family();
    const as = await world.at(leaf, 'admin');
    await world.refused('TENANT_NOT_FOUND', read, { id: middle.id, reveal: true }, { as });
  });
});

describe('a secret that does not apply', () => {
  /** Each has a secret of its own; that of the leaf applies to the leaf, and all of them are candidates. */
  async function candidatesFor(scope: Scope, home: Home): Promise<(string | null)[]> {
    const [root, middle, leaf] = await world.line(['Root', 'Middle', 'Leaf']);
    for (const [tenant, value] of [
      [root, 'of root'],
      [middle, 'of middle'],
      [leaf, 'of leaf'],
    ] as const) {
      await world.config(tenant!, { k: value }, { sensitive: true });
    }
    const as = await principal(scope, home, { root: root!, middle: middle!, leaf: leaf! });
    const { tenant } = await world.data(read, { id: leaf!.id, reveal: true }, { as });
    return tenant.list[0].explanation.candidates.map(({ value, masked }: Json) => {
      expect(masked).toBe(value === null);
      return value;
    });
  }

  test.each([
    ['admin', 'installation', ['of root', 'of middle', 'of leaf']],
    ['read', 'installation', [null, null, null]],
    ['admin', 'root', ['of root', 'of middle', 'of leaf']],
    ['admin', 'middle', [null, 'of middle', 'of leaf']],
    ['read', 'middle', [null, 'of middle', null]],
    ['admin', 'leaf', [null, null, 'of leaf']],
    ['read', 'leaf', [null, null, 'of leaf']],
  ] as const)('is shown to administrators of who set it alone: %s at home in %s', async (scope, home, values) => {
    expect(await candidatesFor(scope, home)).toEqual(values);
  });
});

describe('what is sensitive', () => {
  const set = `mutation ($id: ID!, $input: SetConfigInput!) { setConfig(tenantId: $id, input: $input) { value sensitive masked } }`;
  const hidden = { setConfig: { value: null, sensitive: true, masked: true } };

  test('stays so when it is set again without a word, and is no longer when it is said', async () => {
    const tenant = await world.tenant();
    const entry = (more: Record<string, unknown>) => ({ id: tenant.id, input: { key: 'k', value: 'v', ...more } });
    expect(await world.data(set, entry({ sensitive: true }))).toEqual(hidden);
    expect(await world.data(set, entry({ value: 'other' }))).toEqual(hidden);
    expect(await world.data(set, entry({ sensitive: null }))).toEqual(hidden);
    expect(await world.data(set, entry({ sensitive: false }))).toEqual({
      setConfig: { value: 'v', sensitive: false, masked: false },
    });
  });

  test('is so for all below, whatever they say, and whether they came before or after', async () => {
    const [root, before, after] = await world.line(['root', 'before', 'after']);
    await world.config(before!, { k: 'set before' });
    await world.config(root!, { k: 'root' }, { sensitive: true });
    expect(await world.data(set, { id: after!.id, input: { key: 'k', value: 'x', sensitive: false } })).toEqual(hidden);
    for (const tenant of [before!, after!]) {
      const { tenant: seen } = await world.data(read, { id: tenant.id });
      expect(seen.list).toMatchObject([{ value: null, sensitive: true, masked: true }]);
      expect(JSON.stringify(seen)).not.toMatch(/set before|"x"/);
    }
  });
});

test('names above the home of a caller are not told, ids are', async () => {
  const { middle, leaf } = await family();
  const as = await world.at(leaf);
  const { tenant } = await world.data(read, { id: leaf.id }, { as });
  expect(tenant.list).toMatchObject([
    {
      source: { id: middle.id, name: null },
      explanation: {
        candidates: [{ tenant: { id: middle.id, name: null } }],
        text: expect.stringContaining(middle.id),
      },
    },
  ]);
  expect(JSON.stringify(tenant)).not.toContain('Middle');
});
