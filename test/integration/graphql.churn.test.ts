import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Created, GraphqlWorld, type Json, uniqueSlug } from '../support/graphql-world.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

type Step = () => Promise<void>;

const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)]!;

/** What all pages hold together, with some of the changes carried out between any two pages, and others while one is read. */
async function read(query: string, variables: Record<string, unknown>, change: Step): Promise<Json[]> {
  const seen: Json[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const [data]: Json[] = await Promise.all([world.data(query, { ...variables, after }), change()]);
    const { nodes, pageInfo }: Json = data.list ?? data.tenant.list;
    seen.push(...nodes);
    [after, more] = [pageInfo.endCursor, pageInfo.hasNextPage];
    await change();
  }
  return seen;
}

const ids = (things: readonly { id: string }[]): string[] => things.map(({ id }) => id);

/** Of those that stayed where they were each was seen, and once. Others may be met in two places, having moved from one to the other. */
function expectWhole(seen: readonly Created[], keepers: readonly Created[]): void {
  const stayed = ids(seen).filter((id) => ids(keepers).includes(id));
  expect(stayed.toSorted()).toEqual(ids(keepers).toSorted());
}

/** Creates, archives, resumes, purges and moves tenants in and out of places, never one of those that stay. */
class Churn {
  #movable: Created[] = [];
  readonly #places: readonly Created[];

  constructor(places: readonly Created[]) {
    this.#places = places;
  }

  step: Step = async () => {
    const tenant = pick(this.#movable);
    if (tenant === undefined || Math.random() < 0.3) {
      this.#movable.push(...(await world.children(pick(this.#places), ['churn', 'churn'])));
      return;
    }
    const place = pick(this.#places);
    const change = pick(['archiveTenant(id: $id)', 'resumeTenant(id: $id)', 'moveTenant(id: $id, newParentId: $to)']);
    const purge = Math.random() < 0.2;
    const { errors = [] } = await world.ask(
      purge
        ? 'mutation ($id: ID!) { purgeTenant(id: $id) { id } }'
        : `mutation ($id: ID!${change.includes('$to') ? ', $to: ID' : ''}) { ${change} { id } }`,
      { id: tenant.id, to: place.id },
    );
    // It may be in another state, or have children by now: then nothing happens.
    const known = ['TENANT_INVALID_STATE', 'TENANT_HAS_CHILDREN', 'TENANT_CYCLE_DETECTED', 'TENANT_ARCHIVED'];
    expect(known).toEqual(expect.arrayContaining(errors.map(({ extensions }) => extensions.code)));
    if (purge && errors.length === 0) {
      this.#movable = this.#movable.filter(({ id }) => id !== tenant.id);
    }
  };

  /** Puts some into every place, so that there is something to change from the start. */
  async begin(): Promise<this> {
    for (const place of this.#places) {
      this.#movable.push(...(await world.children(place, Array(4).fill('churn'))));
    }
    return this;
  }
}

const page = 'nodes { id document metadata parentId } pageInfo { hasNextPage endCursor }';

describe('nothing that existed throughout is lost or doubled', () => {
  test.each(['POSITION', 'NAME', 'OLDEST_FIRST', 'NEWEST_FIRST'])('in pages of children by %s', async (orderBy) => {
    const [parent, elsewhere] = [await world.tenant(), await world.tenant()];
    const keepers = await world.children(parent, ['a', 'b', 'churn', 'd', 'e', 'churn', 'g']);
    const churn = await new Churn([parent, elsewhere]).begin();
    const later = await world.children(parent, ['a', 'churn', 'c']);
    const query = `query ($id: ID!, $after: String) {
      tenant(id: $id) { list: children(first: 2, after: $after, orderBy: ${orderBy}) { ${page} } } }`;
    for (let round = 0; round < 2; round += 1) {
      expectWhole(await read(query, { id: parent.id }, churn.step), [...keepers, ...later]);
    }
  });

  test('in pages of descendants, while the tenant they are below moves too', async () => {
    const parents = [await world.tenant(), await world.tenant()];
    const top = await world.tenant({ parentId: parents[0]!.id });
    const branches = await world.children(top, ['a', 'b', 'c']);
    const leaves = await Promise.all(branches.map((branch) => world.children(branch, ['1', '2', '3'])));
    const keepers = [...branches, ...leaves.flat()];
    const churn = await new Churn([top, ...branches, ...leaves.flat().slice(0, 3), ...parents]).begin();
    const query = `query ($id: ID!, $after: String) { tenant(id: $id) { list: descendants(first: 3, after: $after) { ${page} } } }`;
    const change: Step = async () => {
      await (Math.random() < 0.3 ? world.move(top, pick([...parents, null])) : churn.step());
    };
    for (let round = 0; round < 2; round += 1) {
      expectWhole(await read(query, { id: top.id }, change), keepers);
    }
  });

  test('in pages of all tenants', async () => {
    const word = uniqueSlug();
    const [root, elsewhere] = [await world.tenant({ name: word }), await world.tenant()];
    const keepers = await world.children(root, Array(12).fill(word));
    const churn = await new Churn([root, elsewhere, ...keepers.slice(0, 2)]).begin();
    const query = `query ($after: String) { list: tenants(first: 3, after: $after, search: "${word}") { ${page} } }`;
    const all = `query ($after: String) { list: tenants(first: 40, after: $after) { ${page} } }`;
    expectWhole(await read(query, {}, churn.step), [root, ...keepers]);
    expectWhole(await read(all, {}, churn.step), [root, elsewhere, ...keepers]);
  });

  test.each(['OLDEST_FIRST', 'NEWEST_FIRST'])('in pages of events, %s', async (order) => {
    const root = await world.tenant();
    const places = await world.children(root, ['a', 'b']);
    const churn = await new Churn(places).begin();
    for (let step = 0; step < 10; step += 1) {
      await churn.step();
    }
    const [ledger] = await world.sql<{ revision: number }>('select revision::int from ledgers where id = $1', [
      root.id,
    ]);
    const query = `query ($id: ID!, $after: String) {
      list: events(tenantId: $id, subtree: true, first: 4, after: $after, order: ${order}) {
        nodes { revision tenant { id document } } pageInfo { hasNextPage endCursor } } }`;
    const revisions = (await read(query, { id: root.id }, churn.step)).map(({ revision }) => revision);
    const inOrder = order === 'OLDEST_FIRST' ? revisions : revisions.toReversed();
    expect(inOrder).toEqual(Array.from({ length: inOrder.length }, (_, index) => index + 1));
    expect(inOrder.length).toBeGreaterThanOrEqual(ledger!.revision);
  });
});

test('a page of events goes on where the tenant moves within its tree, and not in another tree', async () => {
  const root = await world.tenant();
  const [from, to] = await world.children(root, ['from', 'to']);
  const [tenant] = await world.children(from!, ['tenant']);
  const query = `query ($id: ID!, $after: String) {
    events(tenantId: $id, first: 1, after: $after) { nodes { type } pageInfo { endCursor } } }`;
  const first = await world.data(query, { id: tenant!.id });
  await world.move(tenant!, to!);
  const { endCursor: after } = first.events.pageInfo;
  expect((await world.data(query, { id: tenant!.id, after })).events.nodes).toEqual([{ type: 'tenant.moved' }]);
  await world.move(tenant!, null);
  await world.refused('CURSOR_EXPIRED', query, { id: tenant!.id, after });
});

test('a tenant that is purged while a page with it is read is no fault', async () => {
  const root = await world.tenant();
  const query = `query ($id: ID!) { tenant(id: $id) { children(first: 100) {
    nodes { document metadata config { key } permissions { key } resolvedConfigMap ancestors { document } childCount treeRevision } } } }`;
  for (let round = 0; round < 5; round += 1) {
    const doomed = await world.children(root, Array(20).fill('doomed'));
    const purges = `mutation { ${doomed.map(({ id }, n) => `p${n}: purgeTenant(id: "${id}") { id }`).join(' ')} }`;
    const [, ...answers] = await Promise.all([
      world.data(purges),
      ...Array.from({ length: 6 }, () => world.ask(query, { id: root.id })),
    ]);
    expect(answers.flatMap(({ errors = [] }) => errors)).toEqual([]);
  }
});
