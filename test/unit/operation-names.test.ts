import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { createOperationNames, operationNamesIn } from '../../src/graphql/operation-names.ts';

const fields = Array.from({ length: 30 }, (_, n) => `f${n}: Int`).join('\n');
const schema = buildSchema(`type Query { ${fields} } type Mutation { change: Int }`);
const known = operationNamesIn([
  parse('query Known { f0 } mutation KnownToo { change } { f1 } fragment F on Query { f2 }'),
]);
const labelOf = (text: string, name?: string, nameOf = createOperationNames(schema, known)) =>
  nameOf(parse(text), name);

test('the names of stored documents are known, those of fragments and of nothing are not', () => {
  expect([...known]).toEqual(['Known', 'KnownToo']);
});

test.each([
  ['a known name', 'query Known { f1 }', 'Known', true],
  ['another name', 'query Other { f1 }', 'f1', false],
  ['fields in any order', '{ f2 f1 x: f2 }', 'f1,f2', false],
  ['four fields', '{ f0 f1 f2 f3 }', 'other', false],
  ['a field that is none', '{ nothing }', 'other', false],
  ['a name that every object has', '{ constructor }', 'other', false],
  ['the schema itself', '{ __typename }', 'other', false],
  ['a fragment', '{ ... { f0 } }', 'other', false],
])('%s', (_what, text, label, isKnown) => {
  expect(labelOf(text)).toEqual({ label, type: 'query', isKnown });
});

test('of several operations the one that is carried out counts', () => {
  const text = 'query A { f0 } mutation B { change }';
  expect(labelOf(text, 'B')).toEqual({ label: 'change', type: 'mutation', isKnown: false });
  expect(labelOf(text, 'C')).toEqual({ label: 'other', type: 'other', isKnown: false });
});

test('there is an end to the names that fields can make together', () => {
  const nameOf = createOperationNames(schema, known);
  const labels = new Set<string>();
  for (let a = 0; a < 30; a += 1) {
    for (let b = 0; b < a; b += 1) {
      labels.add(labelOf(`{ f${a} f${b} }`, undefined, nameOf).label);
    }
  }

  expect(labels.size).toBe(201); // of 435, with `other`
  expect(labelOf('{ f0 f1 }', undefined, nameOf).label).toBe('f0,f1');
  expect(labelOf('query Known { f0 }', undefined, nameOf).label).toBe('Known');
});
