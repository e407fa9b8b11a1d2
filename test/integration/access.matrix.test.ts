import { isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { routes } from '../../src/rest/routes.ts';
import { askField, askRoute, casesOfRow, Matrix, type Walk } from '../support/access-matrix.ts';
import { expectedOf } from '../support/access-matrix-callers.ts';
import { fieldVariants } from '../support/access-matrix-fields.ts';
import { routeVariants } from '../support/access-matrix-routes.ts';
import { expectedOfVariant, type Variant } from '../support/access-matrix-rules.ts';
import { fieldRows, installationRows, nodeRows, type Row, routeRows, type Target } from '../support/access-table.ts';

/**
 * The deny matrix: every field that a document can begin with, every kind of node and every route, for callers of every home and scope, and
 * targets of every status. Variants ask the same fields and routes about something else than a tenant and what is plainly its own.
 */
let matrix: Matrix;
beforeAll(async () => {
  matrix = await Matrix.open();
}, 120_000);
afterAll(() => matrix[Symbol.asyncDispose]());

const timeout = 60_000;

function fieldWalk(row: Row, operation: string): Walk {
  return {
    changes: operation === 'mutation',
    expected: (caller, status) => expectedOf(row, caller, status),
    ask: (send, key, place) => askField(send, key, `${operation} { ${row.request(place).field} }`, shownBy(row, place)),
  };
}

function routeWalk(row: Row, name: string): Walk {
  const [method = '', pattern = ''] = name.split(' ');
  return {
    changes: method !== 'GET',
    expected: (caller, status) => expectedOf(row, caller, status),
    ask: (send, key, place) => {
      const { path = pattern.replace(':id', place.id), body } = row.request(place);
      return askRoute(send, key, { method, path, body }, shownBy(row, place));
    },
  };
}

/** The ids of which one is seen or hidden, where that is what a row is about. */
function shownBy({ statuses }: Row, target: Target): string[] | null {
  const { id, keyId, entryId, policyId, roleId, webhookId, deliveryId } = target;
  const ids = [id, keyId, entryId, policyId, roleId, webhookId, deliveryId];
  return Object.values(statuses).includes('seen') ? ids : null;
}

function variantWalk(variant: Variant, name: string): Walk {
  const [method = ''] = name.split(/[ .]/);
  return {
    changes: !['Query', 'Subscription', 'GET'].includes(method),
    expected: (caller, status) => expectedOfVariant(variant, caller, status),
    ask: (send, key, place) => {
      const { field, path = '', body } = variant.request(place);
      const shows = variant.shows ? [variant.shows(place)] : null;
      return field === undefined
        ? askRoute(send, key, { method, path, body }, shows)
        : askField(send, key, `${method.toLowerCase()} { ${field} }`, shows);
    },
  };
}

const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(
  (root) => root != null,
);
const fields = roots.flatMap((root) => Object.keys(root.getFields()).map((field) => `${root.name}.${field}`));
const kinds = Object.values(schema.getTypeMap())
  .filter(isObjectType)
  .filter((type) => type.getInterfaces().some(({ name }) => name === 'Node'))
  .map(({ name }) => name);
const routeNames = routes.map(({ method, path }) => `${method} ${path}`);

/** What names of variants begin with. */
const subjects = (variants: object) => new Set(Object.keys(variants).map((name) => name.split(',')[0]!));

describe('every field', () => {
  test('stands in the table, and nothing else does', () => {
    expect(Object.keys(fieldRows).sort()).toEqual([...fields].sort());
    expect(Object.keys(nodeRows).sort()).toEqual([...kinds].sort());
    expect(Object.keys(routeRows).sort()).toEqual([...routeNames].sort());
    expect(fields).toEqual(expect.arrayContaining([...subjects(fieldVariants)]));
    expect(routeNames).toEqual(expect.arrayContaining([...subjects(routeVariants)]));
  });

  test.each(fields)('%s', { timeout }, async (field) => {
    await matrix.walk(field, fieldWalk(fieldRows[field]!, field.split('.')[0]!.toLowerCase()));
  });

  test.each(kinds)('node(id), of a %s', { timeout }, async (kind) => {
    await matrix.walk(kind, fieldWalk(nodeRows[kind]!, 'query'));
  });

  test.each(Object.keys(installationRows))('%s, of the whole installation', { timeout }, async (field) => {
    const operation = `Mutation.${field}` in fieldRows ? 'mutation' : 'query';
    await matrix.walk(field, fieldWalk(installationRows[field]!, operation));
  });

  test.each(Object.entries(fieldVariants))('%s', { timeout }, async (name, variant) => {
    await matrix.walk(name, variantWalk(variant, name));
  });
});

describe('every route', () => {
  test.each(routeNames)('%s', { timeout }, async (name) => {
    await matrix.walk(name, routeWalk(routeRows[name]!, name));
  });

  test.each(Object.entries(routeVariants))('%s', { timeout }, async (name, variant) => {
    await matrix.walk(name, variantWalk(variant, name));
  });
});

test('nobody is left out', () => {
  const tables = [nodeRows, installationRows, fieldVariants, routeVariants];
  const rows = [fields, routes, ...tables.map(Object.keys)].flat();
  console.log(`access matrix: ${fields.length} fields, ${routes.length} routes, ${matrix.cases} cases`);
  expect(matrix.cases).toBe(rows.length * casesOfRow);
});
