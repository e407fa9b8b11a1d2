import { buildSchema, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { StratumError } from '../../src/domain/errors.ts';
import { inputsOf } from '../../src/rest/inputs.ts';
import type { Route } from '../../src/rest/route.ts';
import { readVariables } from '../../src/rest/variables.ts';

const schema = buildSchema(/* GraphQL */ `
  scalar JSON
  enum Colour { RED GREEN }
  input ItemInput { itemName: String! ownColour: Colour = RED itemCount: Int document: JSON children: [ItemInput!] }
  type Query { find(id: ID!, first: Int, deep: Boolean, colours: [Colour!], names: [String!]): Boolean }
  type Mutation {
    save(id: ID!, input: ItemInput!): Boolean
    saveAll(items: [ItemInput!]!, newOwnerId: ID): Boolean
  }
`);

function row(method: Route['method'], path: string, source: string, bind: Route['bind'] = {}): Route {
  return { method, path, bind, document: parse(source), sliced: false } as unknown as Route;
}

const find = inputsOf(
  schema,
  row(
    'GET',
    '/things/:id',
    'query ($id: ID!, $limit: Int, $isDeep: Boolean, $colours: [Colour!], $names: [String!]) { find(id: $id, first: $limit, deep: $isDeep, colours: $colours, names: $names) }',
  ),
);
const save = inputsOf(
  schema,
  row('PUT', '/things/:id/:name', 'mutation ($id: ID!, $input: ItemInput!) { save(id: $id, input: $input) }', {
    name: 'input.itemName',
  }),
);
const saveAll = inputsOf(
  schema,
  row(
    'POST',
    '/things',
    'mutation ($items: [ItemInput!]!, $newOwnerId: ID) { saveAll(items: $items, newOwnerId: $newOwnerId) }',
  ),
);

function read(
  inputs: typeof find,
  request: { params?: Record<string, string>; query?: Record<string, string | string[]>; body?: unknown },
) {
  return readVariables(inputs, { params: {}, query: {}, body: undefined, ...request });
}

function issuesOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(StratumError);
    expect((error as StratumError).code).toBe('VALIDATION_ERROR');
    return (error as StratumError).issues!.map(({ path, code }) => [path.join('.'), code]);
  }
  throw new Error('nothing was refused');
}

describe('path and query', () => {
  test('are read by the type of the variable, under names in snake case', () => {
    const query = { limit: '20', is_deep: 'true', colours: 'RED,GREEN', names: ['a,b', 'c'] };
    expect(read(find, { params: { id: 'x' }, query })).toEqual({
      id: 'x',
      limit: 20,
      isDeep: true,
      colours: ['RED', 'GREEN'],
      names: ['a,b', 'c'],
    });
  });

  test('leave out what is not given, and ignore what nobody asked for', () => {
    expect(read(find, { params: { id: 'x' }, query: { other: '1' } })).toEqual({ id: 'x' });
  });

  test('report every misfit at once', () => {
    const query = { limit: '2x', is_deep: 'yes', colours: 'RED,BLUE' };
    expect(issuesOf(() => read(find, { params: { id: 'x' }, query }))).toEqual([
      ['limit', 'invalid_type'],
      ['is_deep', 'invalid_type'],
      ['colours.1', 'invalid_type'],
    ]);
  });

  test.each(['', '1.5', '1e3', '99999999999', ' 1', '0x10'])('refuse %j where an Int is expected', (limit) => {
    expect(issuesOf(() => read(find, { params: { id: 'x' }, query: { limit } }))).toEqual([['limit', 'invalid_type']]);
  });

  test('refuse a repeated parameter where one value is expected', () => {
    expect(issuesOf(() => read(find, { params: { id: 'x' }, query: { limit: ['1', '2'] } }))).toEqual([
      ['limit', 'invalid_type'],
    ]);
  });
});

describe('a body', () => {
  test('becomes the input, its fields renamed at every depth and JSON untouched', () => {
    const document = { own_colour: 1, children: [{ item_name: 2 }], null: null };
    const body = { own_colour: 'GREEN', config: document, children: [{ item_name: 'x', item_count: null }] };
    expect(read(save, { params: { id: '1', name: 'n' }, body })).toEqual({
      id: '1',
      input: { itemName: 'n', ownColour: 'GREEN', document, children: [{ itemName: 'x', itemCount: null }] },
    });
  });

  test('can not overrule what stands in the path', () => {
    expect(read(save, { params: { id: '1', name: 'n' }, body: { item_name: 'other', id: '2' } })).toEqual({
      id: '1',
      input: { itemName: 'n' },
    });
  });

  test('may name fields that are unknown or inherited by every object', () => {
    const body = JSON.parse('{"unknown":1,"itemCount":5,"constructor":1,"toString":2}');
    expect(read(save, { params: { id: '1', name: 'n' }, body })).toEqual({ id: '1', input: { itemName: 'n' } });
  });

  test('gives the other variables by name', () => {
    expect(read(saveAll, { body: { items: [], new_owner_id: null } })).toEqual({ items: [], newOwnerId: null });
    expect(read(saveAll, { body: { items: [] } })).toEqual({ items: [] });
  });

  test('has every misfit reported under the names of REST', () => {
    const body = {
      items: [{ item_name: 5 }, { own_colour: 'BLUE', children: {} }, null, { item_name: 'a', children: [{}] }],
    };
    expect(issuesOf(() => read(saveAll, { body }))).toEqual([
      ['items.0.item_name', 'invalid_type'],
      ['items.1.item_name', 'required'],
      ['items.1.own_colour', 'invalid_type'],
      ['items.1.children', 'invalid_type'],
      ['items.2', 'invalid_type'],
      ['items.3.children.0.item_name', 'required'],
    ]);
  });

  test('that lacks a required field is refused by its name', () => {
    expect(issuesOf(() => read(saveAll, { body: {} }))).toEqual([['items', 'required']]);
    expect(issuesOf(() => read(saveAll, { body: { items: null } }))).toEqual([['items', 'invalid_type']]);
    expect(issuesOf(() => read(saveAll, { body: { items: {} } }))).toEqual([['items', 'invalid_type']]);
  });

  test.each([[undefined], [null], [[]], ['text'], [5]])('that is %j is refused as a whole', (body) => {
    expect(issuesOf(() => read(saveAll, { body }))).toEqual([['', 'invalid_type']]);
  });

  test('with thousands of misfits gets a list of bounded length', () => {
    expect(issuesOf(() => read(saveAll, { body: { items: Array.from({ length: 5000 }, () => 1) } }))).toHaveLength(100);
  });
});
