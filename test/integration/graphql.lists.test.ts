import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Created, GraphqlWorld, type Json, uniqueSlug } from '../support/graphql-world.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const page =
  'edges { cursor node { id name } } nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

const children = `query ($id: ID!, $first: Int, $after: String, $orderBy: ChildOrder = POSITION, $statuses: [TenantStatus!] = [active]) {
  tenant(id: $id) { list: children(first: $first, after: $after, orderBy: $orderBy, statuses: $statuses) { ${page} } } }`;
const descendants = `query ($id: ID!, $first: Int, $after: String, $depth: Int, $statuses: [TenantStatus!] = [active]) {
  tenant(id: $id) { list: descendants(first: $first, after: $after, depth: $depth, statuses: $statuses) { ${page} } } }`;
const tenants = `query ($first: Int, $after: String, $search: String, $roots: Boolean = false, $statuses: [TenantStatus!] = [active]) {
  list: tenants(first: $first, after: $after, search: $search, roots: $roots, statuses: $statuses) { ${page} } }`;

type Variables = Record<string, unknown>;

const names = (list: Json): string[] => list.nodes.map(({ name }: Json) => name);
const listOf = (data: Json): Json => data.list ?? data.tenant.list;

/** A whole list page by page, each held against what Relay promises of it. */
async function pages(query: string, variables: Variables): Promise<string[][]> {
  const read: string[][] = [];
  for (let after: string | null = null; ; ) {
    const list = listOf(await world.data(query, { ...variables, after }));
    const { edges, pageInfo } = list;
    expect(names(list)).toEqual(edges.map(({ node }: Json) => node.name));
    expect(pageInfo).toMatchObject({
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    });
    read.push(names(list));
    if (!pageInfo.hasNextPage) {
      return read;
    }
    after = pageInfo.endCursor;
  }
}

/** root ── a ── a1 ── a11, root ── b ── b1 */
async function smallTree(): Promise<Record<string, Created>> {
  const root = await world.tenant({ name: 'root' });
  const [a, b] = await world.children(root, ['a', 'b']);
  const [a1] = await world.children(a!, ['a1']);
  const [a11] = await world.children(a1!, ['a11']);
  const [b1] = await world.children(b!, ['b1']);
  return { root, a: a!, b: b!, a1: a1!, a11: a11!, b1: b1! };
}

describe('children', () => {
  test('come in all four orders, page by page', async () => {
    const root = await world.tenant();
    const [, second] = await world.children(root, ['delta', 'alpha', 'same', 'same', 'beta']);
    await world.data('mutation ($id: ID!) { reorderTenant(id: $id, position: 4) { id } }', { id: second!.id });
    const inOrder = (orderBy: string) => pages(children, { id: root.id, first: 2, orderBy });
    expect(await inOrder('POSITION')).toEqual([['delta', 'same'], ['same', 'beta'], ['alpha']]);
    expect(await inOrder('NAME')).toEqual([['alpha', 'beta'], ['delta', 'same'], ['same']]);
    expect(await inOrder('OLDEST_FIRST')).toEqual([['delta', 'alpha'], ['same', 'same'], ['beta']]);
    expect(await inOrder('NEWEST_FIRST')).toEqual([['beta', 'same'], ['same', 'alpha'], ['delta']]);
  });

  test('of one name have an order too, so that none is lost between pages', async () => {
    const root = await world.tenant();
    const made = await world.children(root, Array(7).fill('twin'));
    const seen: string[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const { edges, pageInfo } = listOf(await world.data(children, { id: root.id, first: 3, orderBy: 'NAME', after }));
      seen.push(...edges.map(({ node }: Json) => node.id));
      [after, more] = [pageInfo.endCursor, pageInfo.hasNextPage];
    }
    expect(seen.toSorted()).toEqual(made.map(({ id }) => id).toSorted());
  });

  test('of many parents are one page each', async () => {
    const { root, a, b } = await smallTree();
    const { tenant } = await world.data(
      `query ($id: ID!) { tenant(id: $id) { children { nodes { id children(first: 1) { nodes { name parent { id } }
        pageInfo { hasNextPage } totalCount } } } } }`,
      { id: root!.id },
    );
    expect(tenant.children.nodes).toEqual([
      {
        id: a!.id,
        children: { nodes: [{ name: 'a1', parent: { id: a!.id } }], pageInfo: { hasNextPage: false }, totalCount: 1 },
      },
      {
        id: b!.id,
        children: { nodes: [{ name: 'b1', parent: { id: b!.id } }], pageInfo: { hasNextPage: false }, totalCount: 1 },
      },
    ]);
  });

  test('are of the statuses asked for; the archived only then', async () => {
    const root = await world.tenant();
    const [, suspended, archived] = await world.children(root, ['active', 'suspended', 'archived']);
    await world.transition('suspend', suspended!);
    await world.transition('archive', archived!);
    const { tenant } = await world.data(
      `query ($id: ID!) { tenant(id: $id) { childCount all: childCount(statuses: [active, suspended, archived])
        none: childCount(statuses: []) children { nodes { name } totalCount }
        archived: children(statuses: [archived]) { nodes { name } totalCount } } }`,
      { id: root.id },
    );
    expect(tenant).toEqual({
      childCount: 2,
      all: 3,
      none: 0,
      children: { nodes: [{ name: 'active' }, { name: 'suspended' }], totalCount: 2 },
      archived: { nodes: [{ name: 'archived' }], totalCount: 1 },
    });
  });
});

describe('descendants', () => {
  test('come depth-first, page by page, each parent before its children', async () => {
    const { root, a } = await smallTree();
    expect(await pages(descendants, { id: root!.id, first: 2 })).toEqual([['a', 'a1'], ['a11', 'b'], ['b1']]);
    expect(await pages(descendants, { id: a!.id, first: 1 })).toEqual([['a1'], ['a11']]);
    expect(await pages(descendants, { id: root!.id, first: 2, depth: 1 })).toEqual([['a', 'b']]);
    expect(await pages(descendants, { id: root!.id, depth: 2 })).toEqual([['a', 'a1', 'b', 'b1']]);
    expect(await pages(descendants, { id: a!.id, depth: 1 })).toEqual([['a1']]);
  });

  test('are of the statuses asked for, and counted in the same way', async () => {
    const { root, a11, b1 } = await smallTree();
    await world.transition('suspend', a11!);
    await world.transition('archive', b1!);
    expect(await pages(descendants, { id: root!.id, statuses: ['archived', 'suspended'] })).toEqual([['a11', 'b1']]);
    const { tenant } = await world.data(
      `query ($id: ID!) { tenant(id: $id) { descendantCount archived: descendantCount(statuses: [archived])
        descendants(depth: 2) { totalCount } all: descendants(statuses: [active, suspended, archived]) { totalCount } } }`,
      { id: root!.id },
    );
    expect(tenant).toEqual({
      descendantCount: 4,
      archived: 1,
      descendants: { totalCount: 3 },
      all: { totalCount: 5 },
    });
  });

  test.each([0, -1, 257])('%d levels are refused', async (depth) => {
    const { id } = await world.tenant();
    const { extensions } = await world.refused('VALIDATION_ERROR', descendants, { id, depth });
    expect(extensions['issues']).toMatchObject([{ path: ['depth'] }]);
  });
});

describe('tenants', () => {
  test('are found by a part of name or slug, whatever its case, oldest first', async () => {
    const word = uniqueSlug();
    const root = await world.tenant({ name: `1 ${word.toUpperCase()}` });
    await world.tenant({ name: '2', slug: `a_${word}`, parentId: root.id });
    await world.tenant({ name: `3 ${word}` });
    const other = await world.tenant({ name: `4 ${word}` });
    await world.transition('archive', other);
    const found = async (variables: Variables) => (await pages(tenants, { search: word, ...variables })).flat();
    expect((await found({ first: 1 })).map((name) => name[0])).toEqual(['1', '2', '3']);
    expect((await found({ roots: true })).map((name) => name[0])).toEqual(['1', '3']);
    expect((await found({ statuses: ['archived'] })).map((name) => name[0])).toEqual(['4']);
  });

  test.each(['100%', 'a_b', 'back\\slash', "quote'"])(
    'are found by %j as it stands, not as a pattern',
    async (word) => {
      const root = await world.tenant();
      await world.children(root, [`${root.slug} ${word} here`, `${root.slug} 100x axb backslash quote`]);
      const found = await pages(tenants, { search: `${root.slug} ${word}` });
      expect(found).toEqual([[`${root.slug} ${word} here`]]);
    },
  );

  test.each(['x'.repeat(256), 'a\0b', '\ud800'])('are not found by what no name can be: %#', async (search) => {
    const { extensions } = await world.refused('VALIDATION_ERROR', tenants, { search });
    expect(extensions['issues']).toMatchObject([{ path: ['search'] }]);
  });
});

describe('every list', () => {
  const events = `query ($id: ID!, $first: Int, $after: String) {
    list: events(tenantId: $id, first: $first, after: $after) { edges { cursor } nodes { type } pageInfo { endCursor } } }`;
  const lists = { children, descendants, tenants, events } as const;
  const each = Object.entries(lists);

  test.each(each)('%s: 1 to 100 items, 50 unless told', async (name, query) => {
    const root = await world.tenant();
    await world.children(
      root,
      Array.from({ length: 100 }, (_, index) => `child ${index}`),
    );
    if (name === 'events') {
      await world.data(
        `mutation ($id: ID!) { ${Array.from({ length: 100 }, (_, n) => `m${n}: updateTenant(id: $id, input: { name: "${n}" }) { id }`).join(' ')} }`,
        { id: root.id },
      );
    }
    const length = async (first?: number | null) =>
      listOf(await world.data(query, { id: root.id, ...(first !== undefined && { first }) })).nodes.length;
    expect([await length(1), await length(100), await length(), await length(null)]).toEqual([1, 100, 50, 50]);
    for (const first of [0, -1, 101, 2 ** 31 - 1]) {
      const { extensions, path } = await world.refused('VALIDATION_ERROR', query, { id: root.id, first });
      expect(extensions['issues']).toMatchObject([{ path: ['first'] }]);
      expect(path?.at(-1)).toBe('list');
    }
  });

  const foreign = ['', 'x', '!', 'bnVsbA', Buffer.from('[]').toString('base64url'), '\0'];
  test.each(each)('%s: a cursor that it never gave is refused', async (name, query) => {
    const root = await world.tenant();
    const [child] = await world.children(root, ['a', 'b']);
    await world.children(child!, ['aa']);
    const cursors = Object.entries(lists).map(async ([other, given]) => ({
      other,
      cursor: listOf(await world.data(given, { id: root.id, first: 1 })).pageInfo.endCursor as string,
    }));
    const others = (await Promise.all(cursors)).filter(({ other }) => other !== name);
    const inOtherOrder = await world.data(children, { id: root.id, first: 1, orderBy: 'NAME' });
    const [elsewhere] = await world.line(['elsewhere']);
    const inOtherTree = await world.data(events, { id: elsewhere!.id });
    for (const after of [
      ...foreign,
      ...others.map(({ cursor }) => cursor),
      listOf(inOtherOrder).pageInfo.endCursor,
      listOf(inOtherTree).pageInfo.endCursor,
    ]) {
      const { extensions } = await world.refused('VALIDATION_ERROR', query, { id: root.id, after });
      expect(extensions['issues']).toMatchObject([{ path: ['after'] }]);
    }
  });

  test.each(each)('%s: is counted when it is asked for, and only then', async (name, query) => {
    const { root } = await smallTree();
    const counting = query.replace('pageInfo {', 'totalCount pageInfo {');
    const before = world.statements.length;
    const list = listOf(await world.data(counting, { id: root!.id, first: 1 }));
    const counts = () => world.statements.filter((text, index) => index >= before && text.includes('count(*)')).length;
    expect(list.totalCount).toBeGreaterThan(0);
    expect(counts()).toBe(1);
    await world.data(query, { id: root!.id, first: 1 });
    expect(counts(), name).toBe(1);
  });

  test.each(each)('%s: of nothing is an empty page', async (name, query) => {
    const { id } = await world.tenant();
    const variables = name === 'tenants' ? { search: uniqueSlug() } : name === 'events' ? { id, after: null } : { id };
    const list = listOf(
      await world.data(
        name === 'events' ? query.replace('first: $first', 'first: $first, types: ["tenant.moved"]') : query,
        variables,
      ),
    );
    expect(list).toMatchObject({ edges: [], nodes: [], pageInfo: { endCursor: null } });
  });
});
