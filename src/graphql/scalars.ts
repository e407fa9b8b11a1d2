import { GraphQLError, Kind, type ValueNode } from 'graphql';
import { builder } from './builder.ts';

builder.scalarType('DateTime', {
  description: 'A moment in UTC as ISO 8601 with milliseconds: `2026-11-23T23:10:01.080Z`.',
  serialize: (value) => value.toISOString(),
  parseValue: (value) => {
    const date = typeof value === 'string' ? new Date(value) : new Date(Number.NaN);
    if (Number.isNaN(date.getTime())) {
      throw new GraphQLError('must be a date and time in ISO 8601');
    }
    return date;
  },
});

builder.scalarType('JSON', {
  description: 'Any JSON value, null included. Integers beyond 2^53 are refused: send them as text.',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => jsonOf(node, variables ?? {}),
});

builder.scalarType('Revision', {
  description: "A number of a tree's ledger: it grows by one with every event.",
  serialize: Number,
  parseValue: (value) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw new GraphQLError('must be a whole number, 0 or more');
    }
    return value;
  },
});

type Variables = Readonly<Record<string, unknown>>;

/**
 * A literal of a document as JSON. Objects have no prototype's names, and a number is what its digits say or an error. A variable that
 * isn't given is left out of an object, and null in a list.
 */
function jsonOf(node: ValueNode, variables: Variables): unknown {
  switch (node.kind) {
    case Kind.NULL:
      return null;
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.ENUM:
      throw new GraphQLError(`must be JSON: text stands in quotes, as in "${node.value}"`, { nodes: node });
    case Kind.INT:
    case Kind.FLOAT:
      return numberOf(node.value);
    case Kind.LIST:
      return node.values.map((item) => jsonOf(item, variables) ?? null);
    case Kind.OBJECT:
      return Object.fromEntries(
        node.fields
          .map(({ name, value }) => [name.value, jsonOf(value, variables)] as const)
          .filter(([, value]) => value !== undefined),
      );
    case Kind.VARIABLE:
      return variables[node.name.value];
  }
}

function numberOf(digits: string): number {
  const number = Number(digits);
  if (!Number.isFinite(number) || (/^-?\d+$/.test(digits) && !Number.isSafeInteger(number))) {
    throw new GraphQLError('must not contain integers beyond 2^53: send them as text');
  }
  return number;
}
