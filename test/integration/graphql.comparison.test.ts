import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GraphqlWorld, type Json, unknownId } from '../support/graphql-world.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const side = '{ value sensitive masked status sourceId }';
const diff = `query ($a: ID!, $b: ID!) { configDiff(a: $a, b: $b) { a { name } b { name } entries { key equal a ${side} b ${side} } } }`;
const drift = `query ($parent: ID!, $children: [ID!]!) { configDrift(parent: $parent, children: $children) {
  parent { name } summary { ok override missing conflict }
  results { tenant { id name slug } status overrides missing conflicts details { key status parentValue childValue locked } } } }`;

describe('configDiff', () => {
  test('puts side by side what applies to two tenants, key by key, and how each comes by it', async () => {
    const [root, a] = await world.line(['root', 'a']);
    const b = await world.tenant({ name: 'b', parentId: root!.id });
    await world.config(root!, { same: 1, theirs: 'root' });
    await world.config(root!, { fixed: true }, { locked: true });
    await world.config(a!, { own: 'a', theirs: 'a' });
    await world.config(b, { only: null });
    const { configDiff } = await world.data(diff, { a: a!.id, b: b.id });
    const of = (value: unknown, status: string, { id: sourceId }: { id: string }) => ({
      value,
      status,
      sourceId,
      sensitive: false,
      masked: false,
    });
    expect(configDiff).toEqual({
      a: { name: 'a' },
      b: { name: 'b' },
      entries: [
        { key: 'fixed', equal: true, a: of(true, 'locked', root!), b: of(true, 'locked', root!) },
        { key: 'only', equal: false, a: null, b: of(null, 'own', b) },
        { key: 'own', equal: false, a: of('a', 'own', a!), b: null },
        { key: 'same', equal: true, a: of(1, 'inherited', root!), b: of(1, 'inherited', root!) },
        { key: 'theirs', equal: false, a: of('a', 'own', a!), b: of('root', 'inherited', root!) },
      ],
    });
  });

  test('says nothing of secrets, not even whether they are equal', async () => {
    const [a, b] = [await world.tenant(), await world.tenant()];
    await world.config(a, { k: 'plain text' }, { sensitive: true });
    await world.config(b, { k: 'plain text' });
    const answer = await world.data(diff, { a: a.id, b: b.id });
    expect(answer.configDiff.entries).toMatchObject([{ key: 'k', equal: null, a: { value: null, masked: true } }]);
  });

  test('is between two tenants that exist for the caller and are not archived', async () => {
    const [a, b] = await world.line(['a', 'b']);
    const same = await world.refused('VALIDATION_ERROR', diff, { a: a!.id, b: a!.id });
    expect(same.extensions['issues']).toMatchObject([{ path: ['b'] }]);
    await world.refused('TENANT_NOT_FOUND', diff, { a: a!.id, b: unknownId });
    await world.refused('TENANT_NOT_FOUND', diff, { a: unknownId, b: a!.id });
    await world.refused('TENANT_NOT_FOUND', diff, { a: a!.id, b: b!.id }, { as: await world.at(b!) });
    await world.transition('suspend', b!);
    await world.data(diff, { a: a!.id, b: b!.id });
    await world.transition('archive', b!);
    await world.refused('TENANT_ARCHIVED', diff, { a: a!.id, b: b!.id });
  });
});

describe('configDrift', () => {
  test('has all four statuses, key by key, over all, and in numbers', async () => {
    const parent = await world.tenant({ name: 'parent' });
    const [same, other] = await world.children(parent, ['same', 'other']);
    const [stranger, rebel] = [await world.tenant({ name: 'stranger' }), await world.tenant({ name: 'rebel' })];
    await world.config(parent, { k: 1 });
    await world.config(parent, { fixed: 'parent' }, { locked: true });
    await world.config(other!, { k: 2, more: true });
    await world.config(rebel, { fixed: 'rebel', k: 1 });
    const children = [same!, other!, stranger, rebel, same!].map(({ id }) => id);
    const { configDrift } = await world.data(drift, { parent: parent.id, children });
    const detail = (key: string, status: string, parentValue: unknown, childValue: unknown, locked = false) => ({
      key,
      status,
      parentValue,
      childValue,
      locked,
    });
    const fixed = detail('fixed', 'ok', 'parent', 'parent', true);
    const result = (tenant: unknown, status: string, numbers: [number, number, number], details: unknown[]) => {
      const [overrides, missing, conflicts] = numbers;
      return { tenant, status, overrides, missing, conflicts, details };
    };
    const ok = result({ ...same, name: 'same' }, 'ok', [0, 0, 0], [fixed, detail('k', 'ok', 1, 1)]);
    expect(configDrift).toEqual({
      parent: { name: 'parent' },
      summary: { ok: 2, override: 1, missing: 1, conflict: 1 },
      results: [
        ok,
        result(
          { ...other, name: 'other' },
          'override',
          [2, 0, 0],
          [fixed, detail('k', 'override', 1, 2), detail('more', 'override', null, true)],
        ),
        result(
          { ...stranger, name: 'stranger' },
          'missing',
          [0, 2, 0],
          [detail('fixed', 'missing', 'parent', null, true), detail('k', 'missing', 1, null)],
        ),
        result(
          { ...rebel, name: 'rebel' },
          'conflict',
          [0, 0, 1],
          [detail('fixed', 'conflict', 'parent', 'rebel', true), detail('k', 'ok', 1, 1)],
        ),
        ok,
      ],
    });
  });

  test('of a secret says only whether it is the same one', async () => {
    const parent = await world.tenant();
    const [same, other] = await world.children(parent, ['same', 'other']);
    await world.config(parent, { k: 'plain text' }, { sensitive: true });
    await world.config(other!, { k: 'plain text' });
    const { configDrift } = await world.data(drift, { parent: parent.id, children: [same!.id, other!.id] });
    expect(configDrift.results.map(({ details }: Json) => details)).toEqual([
      [{ key: 'k', status: 'ok', parentValue: null, childValue: null, locked: false }],
      [{ key: 'k', status: 'override', parentValue: null, childValue: null, locked: false }],
    ]);
  });

  test('is of 1 to 100 tenants that exist for the caller and are not archived', async () => {
    const [parent, child] = await world.line(['parent', 'child']);
    for (const children of [[], Array(101).fill(child!.id)]) {
      const { extensions } = await world.refused('VALIDATION_ERROR', drift, { parent: parent!.id, children });
      expect(extensions['issues']).toMatchObject([{ path: ['children'] }]);
    }
    const { extensions } = await world.refused('VALIDATION_ERROR', drift, {
      parent: parent!.id,
      children: [child!.id, 'x'],
    });
    expect(extensions['issues']).toMatchObject([{ path: ['children', 1] }]);
    await world.refused('TENANT_NOT_FOUND', drift, { parent: parent!.id, children: [child!.id, unknownId] });
    await world.refused('TENANT_NOT_FOUND', drift, { parent: unknownId, children: [child!.id] });
    await world.transition('archive', child!);
    await world.refused('TENANT_ARCHIVED', drift, { parent: parent!.id, children: [child!.id] });
  });
});
