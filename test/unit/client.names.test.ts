import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { cursorVariableOf, kindOf } from '../../src/client/documents.ts';
import { createClient } from '../../src/client/index.ts';
import { namedDocuments } from '../../src/client/named-operations.ts';
import * as operations from '../../src/operations/generated/graphql.ts';

const named = namedDocuments(operations);

test('every stored operation is a function of the client', () => {
  using client = createClient({ url: 'http://127.0.0.1:1', apiKey: 'any' });
  const missing = named.map(([name]) => name).filter((name) => typeof Reflect.get(client, name) !== 'function');

  expect(named.length).toBeGreaterThan(50);
  expect(missing).toEqual([]);
});

test('subscriptions, and they alone, begin with Follow: their types go by that', () => {
  const follows = named.filter(([name]) => name.startsWith('follow')).map(([name]) => name);
  const subscriptions = named.filter(([, document]) => kindOf(document) === 'subscription').map(([name]) => name);

  expect(subscriptions).toEqual(follows);
});

test('no stored operation takes the name of what the client does by itself', () => {
  expect(named.map(([name]) => name)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(query|mutate|subscribe|close)$/)]),
  );
});

test.each([
  ['subscription ($from: String) { events(tenantId: "1", after: $from) { cursor } }', 'from'],
  ['subscription{events(after:$after){cursor}}', 'after'],
  ['subscription { events(after: "fixed") { cursor } }', undefined],
  ['subscription ($id: ID!) { resolvedConfigChanged(tenantId: $id) { after { value } } }', undefined],
])('the variable of %s that says where to go on is %s', (text, variable) => {
  expect(parse(text).definitions).toHaveLength(1);
  expect(cursorVariableOf(text)).toBe(variable);
});
