import { type DocumentNode, parse, print } from 'graphql';
import { expect, test } from 'vitest';
import { cursorVariableOf } from '../../src/client/documents.ts';
import { createClient } from '../../src/client/index.ts';
import * as operations from '../../src/operations/generated/graphql.ts';
import { texts } from '../../src/operations/generated/texts.ts';

const names = Object.keys(texts);

test('every stored operation is a function of the client', () => {
  using client = createClient({ url: 'http://127.0.0.1:1', apiKey: 'any' });
  const documents = Object.keys(operations).filter((name) => name.endsWith('Document'));

  expect(documents.length).toBeGreaterThan(50);
  expect(names.map((name) => `${name}Document`.toLowerCase()).sort()).toEqual(
    documents.map((name) => name.toLowerCase()).sort(),
  );
  expect(names.filter((name) => typeof Reflect.get(client, name) !== 'function')).toEqual([]);
});

test('the text of each says what its document says', () => {
  const { getTenantContext, followEvents } = texts;

  expect(definitionsOf(parse(getTenantContext[1]))).toEqual(definitionsOf(operations.GetTenantContextDocument));
  expect(definitionsOf(parse(followEvents[1]))).toEqual(definitionsOf(operations.FollowEventsDocument));
});

function definitionsOf({ definitions }: DocumentNode): string[] {
  return definitions.map((definition) => print(definition)).sort();
}

test('no stored operation takes the name of what the client does by itself', () => {
  expect(names.filter((name) => ['query', 'mutate', 'subscribe', 'close'].includes(name))).toEqual([]);
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
