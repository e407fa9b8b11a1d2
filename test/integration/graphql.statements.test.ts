import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Created, GraphqlWorld, type Json, uniqueSlug } from '../support/graphql-world.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const resolved = `resolvedConfig { key value inherited locked sensitive masked revision source { id name slug }
    explanation { rule text candidates { value outcome tenant { name } } } }
  resolvedConfigMap(revealSensitive: true) config { key value }
  resolvedPermissions { key value mode revocationMode source { id name } explanation { rule text candidates { policyId outcome tenant { name } } } }
  resolvedPermissionsMap permissions { key value }`;

/** A tree of at least this many tenants, a few levels deep, with something set on every level. */
async function grow(count: number): Promise<Created[]> {
  const root = await world.tenant({ name: 'root' });
  const tenants = [root];
  while (tenants.length < count) {
    const parents = tenants.slice(-7);
    const items = Array.from({ length: Math.min(100, count - tenants.length) }, (_, index) => ({
      name: `n${index}`,
      slug: uniqueSlug(),
      parentId: parents[index % parents.length]!.id,
    }));
    const { createTenants } = await world.data(
      'mutation ($items: [CreateTenantsItem!]!) { createTenants(tenants: $items) { id slug depth } }',
      { items },
    );
    tenants.push(...createTenants);
  }
  const holders = new Set([root, ...tenants.slice(1, 6), tenants.at(-1)!]);
  const changes = [...holders].map(
    ({ id, slug }, index) => `c${index}: setConfigs(tenantId: "${id}", entries: [
        { key: "theme", value: "${slug}" }, { key: "limit", value: 1 }, { key: "password", value: "${slug}", sensitive: true }]) { id }
      p${index}: createPermission(tenantId: "${id}", input: { key: "p", mode: DELEGATED }) { id }`,
  );
  await world.data(`mutation { ${changes.join(' ')} }`);
  return tenants;
}

describe('what applies to any number of tenants', () => {
  test.each([1, 10, 500])(
    'costs 3 statements for %d tenants by id, and 1 when nothing has changed since',
    async (count) => {
      const tenants = await grow(count);
      const query = `{ ${tenants.map(({ id }, index) => `t${index}: tenant(id: "${id}") { ${resolved} }`).join(' ')} }`;
      expect(await world.cost(query)).toBe(3);
      expect(await world.cost(query)).toBe(1);
      await world.config(tenants[0]!, { theme: 'new' });
      expect(await world.cost(query)).toBe(2);
    },
  );

  test.each([1, 10, 500])('costs 4 statements for %d tenants by slug or as nodes', async (count) => {
    const tenants = await grow(count);
    const bySlug = tenants.map(({ slug }, index) => `t${index}: tenantBySlug(slug: "${slug}") { ${resolved} }`);
    expect(await world.cost(`{ ${bySlug.join(' ')} }`)).toBe(4);
    await world.config(tenants[0]!, { theme: 'new' });
    await world.permission(tenants[0]!, { key: 'new' });
    const slices = Array.from({ length: Math.ceil(count / 100) }, (_, index) =>
      tenants.slice(index * 100, index * 100 + 100),
    );
    const nodes = slices.map(
      (slice, index) =>
        `n${index}: nodes(ids: ${JSON.stringify(slice.map(({ id }) => id))}) { ... on Tenant { ${resolved} } }`,
    );
    expect(await world.cost(`{ ${nodes.join(' ')} }`)).toBe(4);
    expect(await world.cost(`{ ${nodes.join(' ')} }`)).toBe(2);
  });

  test('is true at the moment of every one of them, cold or warm', async () => {
    const [root, child] = await world.line(['root', 'child']);
    const value = async () =>
      (await world.data('query ($id: ID!) { tenant(id: $id) { resolvedConfigMap } }', { id: child!.id })).tenant
        .resolvedConfigMap.k?.value;
    expect(await value()).toBeUndefined();
    for (const next of [1, 2]) {
      await world.config(root!, { k: next });
      expect([await value(), await value()]).toEqual([next, next]);
    }
    await world.data('mutation ($id: ID!) { deleteConfig(tenantId: $id, key: "k") { key } }', { id: root!.id });
    expect(await value()).toBeUndefined();
  });
});

describe('a page', () => {
  const everything = `id name slugPath ancestryPath treeRevision parentId document metadata childCount descendantCount
    parent { name document } ancestors { name metadata } root { name } ${resolved} resolvedValue(key: "theme") { value } resolvedPermission(key: "p") { value }`;
  const page = (field: string) =>
    `query ($id: ID!, $first: Int) { tenant(id: $id) { ${field}(first: $first) { totalCount nodes { ${everything} } pageInfo { hasNextPage } } } }`;

  test.each(['children', 'descendants'])(
    'of %s costs the same for 5 as for 50 tenants, whatever is asked of each',
    async (field) => {
      const { id } = (await grow(120))[0]!;
      const costs: number[] = [];
      for (const first of [5, 50, 50]) {
        costs.push(await world.cost(page(field), { id, first }));
      }
      // lineage, page, count; objects of the page and of what is above it; lineages; counts below; entries; policies.
      expect(costs[0]).toBe(costs[1]);
      expect(costs[0]).toBeLessThanOrEqual(11);
      expect(costs[2]).toBe(costs[1]! - 2);
    },
  );

  test('of the children of each child costs one statement more for them all', async () => {
    const { id } = (await grow(120))[0]!;
    const nested = (inner: string) =>
      `query ($id: ID!) { tenant(id: $id) { children(first: 50) { nodes { id ${inner} } } } }`;
    const flat = await world.cost(nested(''), { id });
    expect(await world.cost(nested('children(first: 3) { nodes { id } }'), { id })).toBe(flat + 1);
    expect(await world.cost(nested('descendants(first: 3) { nodes { id } }'), { id })).toBe(flat + 1);
    expect(await world.cost(nested('children(first: 3) { totalCount nodes { id } } childCount'), { id })).toBe(
      flat + 2,
    );
    const twice = 'a: children(first: 3) { nodes { id } } b: children(first: 2, orderBy: NAME) { nodes { id } }';
    expect(await world.cost(nested(twice), { id })).toBe(flat + 2);
  });

  test('of all tenants costs one statement, and two with their number', async () => {
    await world.tenant();
    expect(await world.cost('{ tenants(first: 100) { nodes { id name status depth rootId revision } } }')).toBe(1);
    expect(await world.cost('{ tenants(first: 100) { totalCount nodes { id } } }')).toBe(2);
  });

  test('of events costs two statements, and one more for their tenants', async () => {
    const { id } = (await grow(20))[0]!;
    const events = (inner: string) =>
      `query ($id: ID!) { events(tenantId: $id, subtree: true, first: 50) { nodes { revision type before after hash ${inner} } } }`;
    expect(await world.cost(events(''), { id })).toBe(2);
    expect(await world.cost(events('tenant { name slugPath parent { name } }'), { id })).toBe(3);
  });
});

describe('things by their ids', () => {
  test('cost one statement for what they are and one for each kind of thing, up to 100', async () => {
    const tenants = await grow(90);
    const { tenant } = await world.data(
      'query ($id: ID!) { tenant(id: $id) { config { id } permissions { id } descendants(first: 90) { nodes { id config { id } permissions { id } } } } }',
      { id: tenants[0]!.id },
    );
    const all = [tenant, ...tenant.descendants.nodes].flatMap(({ config, permissions }: Json) => [
      ...config,
      ...permissions,
    ]);
    const ids = [...all, ...tenants].map(({ id }) => id).slice(0, 100);
    expect(ids).toHaveLength(100);
    const nodes = `query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on Tenant { name }
      ... on ConfigEntry { key tenant { name } } ... on PermissionPolicy { key tenant { name } } } }`;
    expect(await world.cost(nodes, { ids })).toBe(2);
    await world.config(tenants[0]!, { more: 1 });
    await world.permission(tenants[0]!, { key: 'more' });
    expect(await world.cost(nodes, { ids })).toBe(4);
    expect(await world.cost('query ($id: ID!) { node(id: $id) { id } }', { id: ids[0] })).toBe(2);
  });
});

test('comparing 100 children with their parent costs as much as comparing one', async () => {
  const root = await world.tenant();
  await world.config(root, { a: 1 });
  const children = await world.children(root, Array(100).fill('child'));
  const drift = `query ($parent: ID!, $children: [ID!]!) {
    configDrift(parent: $parent, children: $children) { parent { name } results { tenant { name } status details { key } } summary { ok } } }`;
  const cost = (count: number) =>
    world.cost(drift, { parent: root.id, children: children.slice(0, count).map(({ id }) => id) });
  const one = await cost(1);
  expect(one).toBeLessThanOrEqual(4);
  expect(await cost(100)).toBeLessThanOrEqual(one + 1);
});

test('a change costs no reading again of what it has just written', async () => {
  const { id } = await world.tenant();
  const rename = (fields: string) =>
    `mutation ($id: ID!, $name: String) { updateTenant(id: $id, input: { name: $name }) { ${fields} } }`;
  const bare = await world.cost(rename('id'), { id, name: 'a' });
  expect(
    await world.cost(rename('id name document metadata revision parentId slugPath root { id }'), { id, name: 'b' }),
  ).toBe(bare);
  expect(await world.cost(rename('id treeRevision'), { id, name: 'c' })).toBe(bare + 1);
});
