import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GraphqlWorld, uniqueSlug, unknownId } from '../support/graphql-world.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const everything = `id slug name status depth sortOrder document metadata isolationStrategy connectionConfig regionId parentId rootId
  revision treeRevision createdAt updatedAt archivedAt ancestryPath slugPath childCount descendantCount
  parent { id } root { id } ancestors { id slug }`;

const create = `mutation ($input: CreateTenantInput!) { createTenant(input: $input) { ${everything} } }`;
const update = `mutation ($id: ID!, $input: UpdateTenantInput!) { updateTenant(id: $id, input: $input) { ${everything} } }`;
const read = `query ($id: ID!) { tenant(id: $id) { ${everything} } }`;

const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const id = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);

describe('createTenant', () => {
  test('makes a root of nothing but a name and a slug', async () => {
    const slug = uniqueSlug();
    const { createTenant } = await world.data(create, { input: { name: 'Acme', slug } });
    expect(createTenant).toEqual({
      id,
      slug,
      name: 'Acme',
      status: 'active',
      depth: 0,
      sortOrder: expect.any(Number),
      document: {},
      metadata: {},
      isolationStrategy: 'SHARED_RLS',
      connectionConfig: null,
      regionId: null,
      parentId: null,
      rootId: createTenant.id,
      revision: 1,
      treeRevision: 1,
      createdAt: moment,
      updatedAt: moment,
      archivedAt: null,
      ancestryPath: '/',
      slugPath: slug,
      childCount: 0,
      descendantCount: 0,
      parent: null,
      root: { id: createTenant.id },
      ancestors: [],
    });
    expect((await world.data(read, { id: createTenant.id })).tenant).toEqual(createTenant);
  });

  test('places a child behind its siblings and keeps all it is given', async () => {
    const [root, parent] = await world.line(['Root', 'Parent']);
    await world.children(parent!, ['first']);
    const slug = uniqueSlug();
    const given = {
      name: 'Zoë’s 日本',
      slug,
      document: { theme: { dark: true } },
      metadata: { tags: ['a', 1, null] },
      isolationStrategy: 'SCHEMA_PER_TENANT',
    };
    const { createTenant } = await world.data(create, { input: { ...given, parentId: parent!.id } });
    expect(createTenant).toMatchObject({
      ...given,
      depth: 2,
      sortOrder: 1,
      revision: 4,
      treeRevision: 4,
      parentId: parent!.id,
      rootId: root!.id,
      parent: { id: parent!.id },
      root: { id: root!.id },
      ancestors: [root, parent],
      ancestryPath: `/${root!.id}/${parent!.id}`,
      slugPath: `${root!.slug}.${parent!.slug}.${slug}`,
    });
    expect((await world.data(read, { id: createTenant.id })).tenant).toEqual(createTenant);
  });

  test('is refused beneath what is not there or not active, and for a slug that is taken', async () => {
    const { id: parentId, slug } = await world.tenant();
    const suspended = await world.tenant();
    await world.transition('suspend', suspended);
    const archived = await world.tenant();
    await world.transition('archive', archived);
    const input = { name: 'New', slug: uniqueSlug() };
    await world.refused('TENANT_NOT_FOUND', create, { input: { ...input, parentId: unknownId } });
    await world.refused('TENANT_SUSPENDED', create, { input: { ...input, parentId: suspended.id } });
    await world.refused('TENANT_ARCHIVED', create, { input: { ...input, parentId: archived.id } });
    const taken = await world.refused('TENANT_ALREADY_EXISTS', create, { input: { ...input, slug, parentId } });
    expect(taken.extensions['details']).toEqual({ slug });
    expect(taken.path).toEqual(['createTenant']);
  });

  test.each([
    [{ slug: 'A' }, ['input', 'slug']],
    [{ slug: 'x'.repeat(64) }, ['input', 'slug']],
    [{ name: '' }, ['input', 'name']],
    [{ name: 'x'.repeat(256) }, ['input', 'name']],
    [{ name: 'a\0b' }, ['input', 'name']],
    [{ document: [] }, ['input', 'document']],
    [{ metadata: 'text' }, ['input', 'metadata']],
    [{ metadata: { long: 'x'.repeat(65_537) } }, ['input', 'metadata']],
    [{ parentId: 'x' }, ['input', 'parentId']],
    [{ regionId: unknownId }, ['input', 'regionId']],
  ])('VALIDATION_ERROR names what is wrong: %#', async (wrong, path) => {
    const input = { name: 'New', slug: uniqueSlug(), ...wrong };
    const { extensions } = await world.refused('VALIDATION_ERROR', create, { input });
    expect(extensions['issues']).toMatchObject([{ path, message: expect.any(String), code: expect.any(String) }]);
  });
});

describe('createTenants', () => {
  const batch = `mutation ($tenants: [CreateTenantsItem!]!) { createTenants(tenants: $tenants) { ${everything} } }`;

  test('makes whole trees, an item the child of an earlier one by its slug', async () => {
    const existing = await world.tenant();
    const [a, b, c, d] = [uniqueSlug(), uniqueSlug(), uniqueSlug(), uniqueSlug()];
    const { createTenants } = await world.data(batch, {
      tenants: [
        { name: 'a', slug: a },
        { name: 'b', slug: b, parentSlug: a },
        { name: 'c', slug: c, parentSlug: existing.slug },
        { name: 'd', slug: d, parentSlug: b },
      ],
    });
    expect(createTenants.map((tenant: { slugPath: string }) => tenant.slugPath)).toEqual([
      a,
      `${a}.${b}`,
      `${existing.slug}.${c}`,
      `${a}.${b}.${d}`,
    ]);
    expect(createTenants).toMatchObject([
      { depth: 0, revision: 1, treeRevision: 3, descendantCount: 2 },
      { depth: 1, revision: 2, childCount: 1 },
      { depth: 1, revision: 2, rootId: existing.id },
      { depth: 2, revision: 3 },
    ]);
  });

  test('a parent comes before its children', async () => {
    const [parent, child] = [uniqueSlug(), uniqueSlug()];
    const { extensions } = await world.refused('TENANT_NOT_FOUND', batch, {
      tenants: [
        { name: 'child', slug: child, parentSlug: parent },
        { name: 'parent', slug: parent },
      ],
    });
    expect(extensions['details']).toEqual({ index: 0 });
  });

  test('makes all or none, and says which item is wrong', async () => {
    const { id: parentId, slug: taken } = await world.tenant();
    const good = () => ({ name: 'good', slug: uniqueSlug(), parentId });
    const twin = good();
    const cases = [
      ['TENANT_ALREADY_EXISTS', { ...good(), slug: taken }],
      ['TENANT_ALREADY_EXISTS', twin],
      ['TENANT_NOT_FOUND', { ...good(), parentId: unknownId }],
      ['VALIDATION_ERROR', { ...good(), slug: 'NO' }],
      ['VALIDATION_ERROR', { ...good(), parentSlug: taken }],
    ] as const;
    for (const [code, bad] of cases) {
      const { extensions } = await world.refused(code, batch, { tenants: [twin, good(), bad, good()] });
      expect(extensions['details']).toMatchObject({ index: 2 });
    }
    const { extensions } = await world.refused('VALIDATION_ERROR', batch, {
      tenants: [good(), { ...good(), regionId: unknownId }],
    });
    expect(extensions['issues']).toMatchObject([{ path: ['tenants', 1, 'regionId'] }]);
  });

  test('takes 1 to 100 at once', async () => {
    const { id: parentId } = await world.tenant();
    const items = (count: number) =>
      Array.from({ length: count }, () => ({ name: 'one', slug: uniqueSlug(), parentId }));
    for (const count of [0, 101]) {
      const { extensions } = await world.refused('VALIDATION_ERROR', batch, { tenants: items(count) });
      expect(extensions['issues']).toMatchObject([{ path: ['tenants'] }]);
    }
    const { createTenants } = await world.data(batch, { tenants: items(100) });
    expect(createTenants.map(({ sortOrder }: { sortOrder: number }) => sortOrder)).toEqual([...Array(100).keys()]);
  });
});

describe('updateTenant', () => {
  test('changes what it is given and leaves the rest', async () => {
    const { id: tenant } = await world.tenant({ name: 'Old', document: { a: 1 }, metadata: { b: 2 } });
    const slug = uniqueSlug();
    const before = (await world.data(read, { id: tenant })).tenant;
    const { updateTenant } = await world.data(update, { id: tenant, input: { slug, document: { c: 3 } } });
    expect(updateTenant).toEqual({
      ...before,
      slug,
      slugPath: slug,
      document: { c: 3 },
      revision: 2,
      treeRevision: 2,
      updatedAt: moment,
    });
    expect((await world.data(read, { id: tenant })).tenant).toEqual(updateTenant);
  });

  test('of what is so already is no change', async () => {
    const { id: tenant, slug } = await world.tenant({ name: 'Same', document: { a: { b: 1, c: 2 } } });
    const input = { name: 'Same', slug, document: { a: { c: 2, b: 1 } }, metadata: {} };
    for (const nothing of [input, {}]) {
      const { updateTenant } = await world.data(update, { id: tenant, input: nothing });
      expect(updateTenant).toMatchObject({ revision: 1, treeRevision: 1 });
    }
  });

  test('is refused where there is nothing to change, and for a slug that is taken', async () => {
    const [one, other] = [await world.tenant(), await world.tenant()];
    const { slug } = other;
    await world.refused('TENANT_ALREADY_EXISTS', update, { id: one.id, input: { slug } });
    await world.refused('TENANT_NOT_FOUND', update, { id: unknownId, input: { name: 'x' } });
    await world.refused('VALIDATION_ERROR', update, { id: one.id, input: { name: null } });
    await world.transition('suspend', one);
    await world.refused('TENANT_SUSPENDED', update, { id: one.id, input: { name: 'x' } });
    await world.transition('archive', one);
    await world.refused('TENANT_ARCHIVED', update, { id: one.id, input: { name: 'x' } });
  });
});

describe('reading one tenant', () => {
  const bySlug = `query ($slug: String!) { tenantBySlug(slug: $slug) { ${everything} } }`;

  test('by id, by slug and as a node gives the same', async () => {
    const [, , leaf] = await world.line(['Root', 'Middle', 'Leaf']);
    const { tenant } = await world.data(read, { id: leaf!.id });
    expect(tenant).toMatchObject({ ...leaf, depth: 2 });
    expect((await world.data(read, { id: leaf!.id.toUpperCase() })).tenant).toEqual(tenant);
    expect((await world.data(bySlug, { slug: leaf!.slug })).tenantBySlug).toEqual(tenant);
    const node = `query ($id: ID!) { node(id: $id) { id __typename ... on Tenant { ${everything} } } }`;
    expect((await world.data(node, { id: leaf!.id })).node).toEqual({ __typename: 'Tenant', ...tenant });
  });

  test('of a status that is not accepted is refused with the code for what it is', async () => {
    const asked = `query ($id: ID!, $slug: String!, $statuses: [TenantStatus!]) {
      a: tenant(id: $id, statuses: $statuses) { id } b: tenantBySlug(slug: $slug, statuses: $statuses) { id } }`;
    const tenant = await world.tenant();
    const codes = async (statuses: string[] | null) => {
      const { errors } = await world.ask(asked, { ...tenant, statuses });
      return errors && Object.fromEntries(errors.map(({ extensions, path }) => [path, extensions.code]));
    };
    expect(await codes(['active'])).toBeUndefined();
    await world.transition('suspend', tenant);
    expect(await codes(['active'])).toEqual({ a: 'TENANT_SUSPENDED', b: 'TENANT_SUSPENDED' });
    await world.transition('archive', tenant);
    expect(await codes(['active', 'suspended'])).toEqual({ a: 'TENANT_ARCHIVED', b: 'TENANT_ARCHIVED' });
    expect(await codes(['archived'])).toBeUndefined();
    expect(await codes(null)).toBeUndefined();
  });

  test('that is not there leaves the other answers of the document alone', async () => {
    const { id: known, slug } = await world.tenant();
    const { data, errors } = await world.ask(
      `{ known: tenant(id: "${known}") { slug } a: tenant(id: "${unknownId}") { id } b: tenantBySlug(slug: "no_such") { id }
        node(id: "${unknownId}") { id } nodes(ids: ["${unknownId}", "${known}"]) { id } }`,
    );
    expect(data).toEqual({ known: { slug }, a: null, b: null, node: null, nodes: [null, { id: known }] });
    expect(errors!.map(({ path, extensions }) => `${path} ${extensions.code}`).toSorted()).toEqual([
      'a TENANT_NOT_FOUND',
      'b TENANT_NOT_FOUND',
    ]);
  });

  test('nodes takes up to 100 ids, in their order, any of them several times', async () => {
    const { id: one } = await world.tenant();
    const { id: other } = await world.tenant();
    const nodes = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
    expect((await world.data(nodes, { ids: [one, other, one] })).nodes).toEqual([
      { id: one },
      { id: other },
      { id: one },
    ]);
    expect((await world.data(nodes, { ids: [] })).nodes).toEqual([]);
    await world.refused('VALIDATION_ERROR', nodes, { ids: Array(101).fill(one) });
  });
});
