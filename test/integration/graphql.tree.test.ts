import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Created, GraphqlWorld, uniqueSlug, unknownId } from '../support/graphql-world.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const move = `mutation ($id: ID!, $to: ID) { moveTenant(id: $id, newParentId: $to) {
  slugPath depth sortOrder parentId rootId revision treeRevision parent { name } ancestors { name } } }`;
const reorder = `mutation ($id: ID!, $position: Int!) { reorderTenant(id: $id, position: $position) { sortOrder revision } }`;
const place = `query ($id: ID!) { tenant(id: $id) { slugPath depth rootId ancestors { name } } }`;

async function namesBelow({ id }: Created): Promise<string[]> {
  const { tenant } = await world.data('query ($id: ID!) { tenant(id: $id) { children { nodes { name } } } }', { id });
  return tenant.children.nodes.map(({ name }: { name: string }) => name);
}

describe('moveTenant', () => {
  test('takes everything below along, behind the siblings there', async () => {
    const [root, left, leaf] = await world.line(['root', 'left', 'leaf']);
    const right = await world.tenant({ name: 'right', parentId: root!.id });
    await world.children(right, ['sibling']);
    const { moveTenant } = await world.data(move, { id: left!.id, to: right.id });
    expect(moveTenant).toEqual({
      slugPath: `${root!.slug}.${right.slug}.${left!.slug}`,
      depth: 2,
      sortOrder: 1,
      parentId: right.id,
      rootId: root!.id,
      revision: 6,
      treeRevision: 6,
      parent: { name: 'right' },
      ancestors: [{ name: 'root' }, { name: 'right' }],
    });
    expect((await world.data(place, { id: leaf!.id })).tenant).toMatchObject({
      depth: 3,
      ancestors: [{ name: 'root' }, { name: 'right' }, { name: 'left' }],
    });
  });

  test('goes to another tree, and with null becomes a tree', async () => {
    const [root, branch, leaf] = await world.line(['root', 'branch', 'leaf']);
    const other = await world.tenant({ name: 'other' });
    expect((await world.data(move, { id: branch!.id, to: other.id })).moveTenant).toMatchObject({
      rootId: other.id,
      revision: 2,
      treeRevision: 2,
    });
    expect((await world.data(place, { id: leaf!.id })).tenant).toMatchObject({
      rootId: other.id,
      slugPath: `${other.slug}.${branch!.slug}.${leaf!.slug}`,
    });
    expect((await world.data(move, { id: branch!.id, to: null })).moveTenant).toMatchObject({
      rootId: branch!.id,
      parentId: null,
      depth: 0,
      slugPath: branch!.slug,
    });
    expect((await world.data(place, { id: leaf!.id })).tenant).toMatchObject({ rootId: branch!.id, depth: 1 });
    expect((await world.data(move, { id: branch!.id, to: root!.id })).moveTenant).toMatchObject({ rootId: root!.id });
  });

  test('to where it is already is no change', async () => {
    const [root, child] = await world.line(['root', 'child']);
    expect((await world.data(move, { id: child!.id, to: root!.id })).moveTenant).toMatchObject({
      revision: 2,
      treeRevision: 2,
    });
  });

  test('is refused beneath itself, beneath what is not active or not there, and without a word where to', async () => {
    const [root, child, leaf] = await world.line(['root', 'child', 'leaf']);
    for (const to of [child, leaf]) {
      const { extensions } = await world.refused('TENANT_CYCLE_DETECTED', move, { id: child!.id, to: to!.id });
      expect(extensions['details']).toEqual({ tenant_id: child!.id, new_parent_id: to!.id });
    }
    await world.refused('TENANT_NOT_FOUND', move, { id: child!.id, to: unknownId });
    await world.refused('TENANT_NOT_FOUND', move, { id: unknownId, to: root!.id });
    const other = await world.tenant();
    await world.transition('suspend', other);
    await world.refused('TENANT_SUSPENDED', move, { id: child!.id, to: other.id });
    await world.transition('archive', other);
    await world.refused('TENANT_ARCHIVED', move, { id: child!.id, to: other.id });
    const { extensions } = await world.refused(
      'VALIDATION_ERROR',
      'mutation ($id: ID!) { moveTenant(id: $id) { id } }',
      child as never,
    );
    expect(extensions['issues']).toMatchObject([{ path: ['newParentId'] }]);
  });

  test('is refused where the deepest below it would be too deep', async () => {
    let above = await world.tenant();
    for (let depth = 1; depth <= 63; depth += 1) {
      above = await world.tenant({ parentId: above.id });
    }
    const [top] = await world.line(['top', 'below']);
    const { extensions } = await world.refused('TENANT_DEPTH_EXCEEDED', move, { id: top!.id, to: above.id });
    expect(extensions['details']).toEqual({ depth: 65, max_depth: 64 });
    const single = await world.tenant();
    expect((await world.data(move, { id: single.id, to: above.id })).moveTenant).toMatchObject({ depth: 64 });
    await world.refused(
      'TENANT_DEPTH_EXCEEDED',
      'mutation ($input: CreateTenantInput!) { createTenant(input: $input) { id } }',
      { input: { name: 'x', slug: uniqueSlug(), parentId: single.id } },
    );
  });
});

describe('reorderTenant', () => {
  test('puts a tenant at its position, and beyond the last one at the end', async () => {
    const root = await world.tenant();
    const [a, , c] = await world.children(root, ['a', 'b', 'c']);
    expect((await world.data(reorder, { id: c!.id, position: 0 })).reorderTenant).toEqual({
      sortOrder: 0,
      revision: 5,
    });
    expect(await namesBelow(root)).toEqual(['c', 'a', 'b']);
    await world.data(reorder, { id: c!.id, position: 1000 });
    expect(await namesBelow(root)).toEqual(['a', 'b', 'c']);
    await world.data(reorder, { id: a!.id, position: 1 });
    expect(await namesBelow(root)).toEqual(['b', 'a', 'c']);
  });

  test('is refused for what is not there and for what is no position', async () => {
    const { id } = await world.tenant();
    await world.refused('TENANT_NOT_FOUND', reorder, { id: unknownId, position: 0 });
    for (const position of [1.5, 2 ** 31, '1', null]) {
      await world.refused('VALIDATION_ERROR', reorder, { id, position });
    }
  });
});

describe('the life of a tenant', () => {
  const change = (verb: string) => `mutation ($id: ID!) { ${verb}Tenant(id: $id) { status archivedAt revision } }`;

  test('goes from active over suspended and archived back to active', async () => {
    const { id } = await world.tenant();
    const step = async (verb: string) => (await world.data(change(verb), { id }))[`${verb}Tenant`];
    expect(await step('suspend')).toEqual({ status: 'suspended', archivedAt: null, revision: 2 });
    expect(await step('resume')).toEqual({ status: 'active', archivedAt: null, revision: 3 });
    expect(await step('archive')).toEqual({ status: 'archived', archivedAt: expect.any(String), revision: 4 });
    expect(await step('resume')).toEqual({ status: 'active', archivedAt: null, revision: 5 });
    await step('suspend');
    expect(await step('archive')).toMatchObject({ status: 'archived', revision: 7 });
  });

  const wrong: [status: string, verbs: string[], steps: ('suspend' | 'archive')[]][] = [
    ['active', ['resume'], []],
    ['suspended', ['suspend'], ['suspend']],
    ['archived', ['suspend', 'archive'], ['archive']],
  ];
  test.each(wrong)('TENANT_INVALID_STATE says what a tenant that is %s may not', async (status, verbs, steps) => {
    const tenant = await world.tenant();
    for (const step of steps) {
      await world.transition(step, tenant);
    }
    for (const operation of verbs) {
      const { extensions } = await world.refused('TENANT_INVALID_STATE', change(operation), { id: tenant.id });
      expect(extensions['details']).toMatchObject({ tenant_id: tenant.id, from: status, operation });
    }
  });

  test('of a parent and its children is kept together', async () => {
    const [root, child] = await world.line(['root', 'child']);
    for (const verb of ['suspend', 'archive']) {
      const { extensions } = await world.refused('TENANT_HAS_CHILDREN', change(verb), { id: root!.id });
      expect(extensions['details']).toEqual({ tenant_id: root!.id, child_count: 1 });
    }
    await world.transition('suspend', child!);
    await world.transition('suspend', root!);
    await world.refused('TENANT_SUSPENDED', change('resume'), { id: child!.id });
    await world.transition('archive', root!);
    await world.refused('TENANT_ARCHIVED', change('resume'), { id: child!.id });
  });

  test('ends with purgeTenant, which leaves nothing but events', async () => {
    const [root, child] = await world.line(['root', 'child']);
    await world.config(child!, { a: 1 });
    await world.permission(child!, { key: 'p', revocationMode: 'PERMANENT' });
    const purge = 'mutation ($id: ID!) { purgeTenant(id: $id) { id revision } }';
    await world.transition('archive', child!);
    const { extensions } = await world.refused('TENANT_HAS_CHILDREN', purge, { id: root!.id });
    expect(extensions['details']).toEqual({ tenant_id: root!.id, child_count: 1 });
    expect((await world.data(purge, { id: child!.id })).purgeTenant).toEqual({ id: child!.id, revision: 6 });
    await world.refused('TENANT_NOT_FOUND', purge, { id: child!.id });
    expect(await world.data('query ($id: ID!) { node(id: $id) { id } }', { id: child!.id })).toEqual({ node: null });
    const { events } = await world.data(
      'query ($id: ID!) { events(tenantId: $id, subtree: true, types: ["tenant.purged"]) { nodes { tenantId tenant { id } after } } }',
      { id: root!.id },
    );
    expect(events.nodes).toEqual([{ tenantId: child!.id, tenant: null, after: null }]);
  });
});

describe('several changes in one document', () => {
  test('are carried out in their order, and each answer is as of then', async () => {
    const [home, other] = [await world.tenant({ name: 'home' }), await world.tenant({ name: 'other' })];
    const tenant = await world.tenant({ name: 'old', parentId: home.id });
    const answer = await world.data(
      `mutation ($id: ID!, $home: ID!, $other: ID!, $slug: String!) {
        create: createTenant(input: { name: "new", slug: $slug, parentId: $home }) { parent { childCount name } slugPath }
        rename: updateTenant(id: $home, input: { name: "house" }) { name childCount treeRevision }
        move: moveTenant(id: $id, newParentId: $other) { slugPath parent { name childCount } root { name treeRevision } }
        set: setConfig(tenantId: $other, input: { key: "k", value: 1 }) { tenant { treeRevision resolvedConfigMap } }
        again: updateTenant(id: $id, input: { name: "young" }) { name parent { name } resolvedConfigMap(keys: ["k"]) }
        back: moveTenant(id: $id, newParentId: $home) { parent { name childCount } resolvedConfigMap }
      }`,
      { id: tenant.id, home: home.id, other: other.id, slug: uniqueSlug() },
    );
    expect(answer).toMatchObject({
      create: { parent: { childCount: 2, name: 'home' } },
      rename: { name: 'house', childCount: 2, treeRevision: 4 },
      move: {
        slugPath: `${other.slug}.${tenant.slug}`,
        parent: { name: 'other', childCount: 1 },
        root: { name: 'other', treeRevision: 2 },
      },
      set: { tenant: { treeRevision: 3, resolvedConfigMap: { k: { value: 1 } } } },
      again: { name: 'young', parent: { name: 'other' }, resolvedConfigMap: { k: { value: 1 } } },
      back: { parent: { name: 'house', childCount: 2 }, resolvedConfigMap: {} },
    });
  });

  test('stand each for itself: one that is refused is null, the others are done and answered', async () => {
    const tenant = await world.tenant();
    const { data, errors } = await world.ask(
      `mutation ($id: ID!) {
        a: setConfig(tenantId: $id, input: { key: "a", value: 1 }) { key }
        b: resumeTenant(id: $id) { id }
        c: setConfig(tenantId: $id, input: { key: "c", value: 1 }) { key }
      }`,
      { id: tenant.id },
    );
    expect(data).toEqual({ a: { key: 'a' }, b: null, c: { key: 'c' } });
    expect(errors).toMatchObject([{ path: ['b'], extensions: { code: 'TENANT_INVALID_STATE' } }]);
    const { tenant: after } = await world.data('query ($id: ID!) { tenant(id: $id) { config { key } } }', {
      id: tenant.id,
    });
    expect(after.config).toEqual([{ key: 'a' }, { key: 'c' }]);
  });
});
