import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Created, GraphqlWorld, type Json, unknownId } from '../support/graphql-world.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const fields = 'id tenantId key value mode revocationMode revision createdAt updatedAt tenant { id }';
const create = `mutation ($id: ID!, $input: CreatePermissionInput!) { createPermission(tenantId: $id, input: $input) { ${fields} } }`;
const update = `mutation ($id: ID!, $tenantId: ID, $input: UpdatePermissionInput!) {
  updatePermission(id: $id, tenantId: $tenantId, input: $input) { ${fields} } }`;
const remove = `mutation ($id: ID!, $tenantId: ID) { deletePermission(id: $id, tenantId: $tenantId) { id tenantId key deletedCount revision } }`;
const own = `query ($id: ID!) { tenant(id: $id) { permissions { ${fields} } } }`;
const resolved = `query ($id: ID!, $keys: [String!], $prefix: String) { tenant(id: $id) {
  resolvedPermissions(keys: $keys, prefix: $prefix) {
    policyId key value mode revocationMode inherited locked delegated revision source { id name slug } }
  resolvedPermissionsMap(keys: $keys, prefix: $prefix) } }`;
const why = `query ($id: ID!, $key: String!) { tenant(id: $id) { resolvedPermission(key: $key) { value inherited source { name }
  explanation { rule text candidates { policyId value mode revision outcome tenant { name } } } } } }`;

const modes = ['LOCKED', 'INHERITED', 'DELEGATED'] as const;

async function keysOf({ id }: Created): Promise<string[]> {
  return (await world.data(own, { id })).tenant.permissions.map(({ key }: Json) => key);
}

describe('createPermission', () => {
  test('sets a permission, true, inherited and cascading unless told', async () => {
    const { id } = await world.tenant();
    const { createPermission } = await world.data(create, { id, input: { key: 'p' } });
    expect(createPermission).toEqual({
      id: expect.any(String),
      tenantId: id,
      key: 'p',
      value: true,
      mode: 'INHERITED',
      revocationMode: 'CASCADE',
      revision: 2,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      tenant: { id },
    });
    expect((await world.data(own, { id })).tenant.permissions).toEqual([createPermission]);
    const node = `query ($id: ID!) { node(id: $id) { __typename ... on PermissionPolicy { ${fields} } } }`;
    expect((await world.data(node, { id: createPermission.id })).node).toEqual({
      __typename: 'PermissionPolicy',
      ...createPermission,
    });
  });

  test.each([null, false, 0, '', ['a'], { limit: 5 }])('keeps the value %j', async (value) => {
    const { id } = await world.tenant();
    expect((await world.data(create, { id, input: { key: 'p', value } })).createPermission.value).toEqual(value);
    expect((await world.data(resolved, { id })).tenant.resolvedPermissions[0].value).toEqual(value);
  });

  test('is refused twice, for what is not active or not there, and for what is no key', async () => {
    const tenant = await world.tenant();
    const input = { key: 'p' };
    await world.permission(tenant, input);
    const { extensions } = await world.refused('PERMISSION_ALREADY_EXISTS', create, { id: tenant.id, input });
    expect(extensions['details']).toEqual({ key: 'p' });
    await world.refused('TENANT_NOT_FOUND', create, { id: unknownId, input });
    for (const key of ['', 'x'.repeat(256), 'a\0b']) {
      const wrong = await world.refused('VALIDATION_ERROR', create, { id: tenant.id, input: { key } });
      expect(wrong.extensions['issues']).toMatchObject([{ path: ['input', 'key'] }]);
    }
    await world.transition('suspend', tenant);
    await world.refused('TENANT_SUSPENDED', create, { id: tenant.id, input: { key: 'q' } });
    await world.transition('archive', tenant);
    await world.refused('TENANT_ARCHIVED', create, { id: tenant.id, input: { key: 'q' } });
  });
});

describe('below a policy', () => {
  const allowed = {
    LOCKED: [],
    INHERITED: ['INHERITED'],
    DELEGATED: ['LOCKED', 'INHERITED', 'DELEGATED'],
  } as const;
  const rows = modes.flatMap((above) =>
    modes.map((mode) => [above, mode, [...allowed[above]].includes(mode as never)] as const),
  );

  test.each(rows)('that is %s one may be made %s: %s', async (above, mode, may) => {
    const [root, , leaf] = await world.line(['root', 'between', 'leaf']);
    await world.permission(root!, { key: 'p', mode: above });
    const asked = { id: leaf!.id, input: { key: 'p', value: 1, mode } };
    if (may) {
      expect((await world.data(create, asked)).createPermission).toMatchObject({ mode, value: 1 });
    } else {
      const { extensions } = await world.refused('PERMISSION_LOCKED', create, asked);
      expect(extensions['details']).toEqual({ key: 'p', source_tenant_id: root!.id });
    }
  });

  test.each(rows)('that is %s one may be changed to %s: %s', async (above, mode, may) => {
    const [root, leaf] = await world.line(['root', 'leaf']);
    const { id } = await world.permission(leaf!, { key: 'p', mode: mode === 'INHERITED' ? 'DELEGATED' : 'INHERITED' });
    await world.permission(root!, { key: 'p', mode: above });
    if (may) {
      expect((await world.data(update, { id, input: { mode } })).updatePermission).toMatchObject({ mode });
    } else {
      await world.refused('PERMISSION_LOCKED', update, { id, input: { mode } });
    }
  });
});

describe('updatePermission', () => {
  test('changes what it is given and leaves the rest; what is so already is no change', async () => {
    const tenant = await world.tenant();
    const { id } = await world.permission(tenant, { key: 'p', value: { a: 1, b: 2 } });
    const change = async (input: Json) => (await world.data(update, { id, input })).updatePermission;
    expect(await change({ value: null })).toMatchObject({ value: null, mode: 'INHERITED', revision: 3 });
    expect(await change({ mode: 'LOCKED' })).toMatchObject({ value: null, mode: 'LOCKED', revision: 4 });
    expect(await change({ revocationMode: 'SOFT', tenantId: undefined })).toMatchObject({
      revocationMode: 'SOFT',
      revision: 5,
    });
    expect(await change({ value: null, mode: 'LOCKED', revocationMode: null })).toMatchObject({ revision: 5 });
    expect(await change({})).toMatchObject({ revision: 5 });
  });

  test('what is permanent stays so', async () => {
    const { id } = await world.permission(await world.tenant(), { key: 'p', revocationMode: 'PERMANENT' });
    for (const revocationMode of ['CASCADE', 'SOFT']) {
      await world.refused('PERMISSION_REVOCATION_DENIED', update, { id, input: { revocationMode } });
    }
    expect((await world.data(update, { id, input: { value: 1 } })).updatePermission).toMatchObject({ value: 1 });
  });

  test('finds only what is there, of the tenant that is named, and active', async () => {
    const [tenant, other] = [await world.tenant(), await world.tenant()];
    const { id } = await world.permission(tenant, { key: 'p' });
    const input = { value: 1 };
    for (const change of [update, remove]) {
      await world.refused('PERMISSION_NOT_FOUND', change, { id: unknownId, ...(change === update && { input }) });
      await world.refused('PERMISSION_NOT_FOUND', change, {
        id,
        tenantId: other.id,
        ...(change === update && { input }),
      });
    }
    expect((await world.data(update, { id, tenantId: tenant.id, input })).updatePermission).toMatchObject({ value: 1 });
    await world.transition('suspend', tenant);
    await world.refused('TENANT_SUSPENDED', update, { id, input: { value: 2 } });
    expect((await world.data(remove, { id, tenantId: tenant.id })).deletePermission).toMatchObject({ deletedCount: 1 });
  });
});

describe('deletePermission', () => {
  /** A policy on the root, others below it for the same key, and one for another key. */
  async function policies(revocationMode: string): Promise<{ id: string; line: Created[] }> {
    const line = await world.line(['root', 'middle', 'leaf']);
    const { id } = await world.permission(line[0]!, { key: 'p', mode: 'DELEGATED', revocationMode });
    await world.permission(line[1]!, { key: 'p', mode: 'DELEGATED', revocationMode: 'PERMANENT' });
    await world.permission(line[2]!, { key: 'p', revocationMode: 'SOFT', mode: 'DELEGATED' });
    await world.permission(line[2]!, { key: 'other' });
    return { id, line };
  }

  test('CASCADE takes the same key from the whole subtree, but for what is permanent', async () => {
    const { id, line } = await policies('CASCADE');
    expect(await world.data(remove, { id })).toEqual({
      deletePermission: { id, tenantId: line[0]!.id, key: 'p', deletedCount: 2, revision: 9 },
    });
    expect(await Promise.all(line.map(keysOf))).toEqual([[], ['p'], ['other']]);
    const { tenant } = await world.data(resolved, { id: line[2]!.id, keys: ['p'] });
    expect(tenant.resolvedPermissions).toMatchObject([{ source: { name: 'middle' } }]);
  });

  test('SOFT takes this one only', async () => {
    const { id, line } = await policies('SOFT');
    expect((await world.data(remove, { id })).deletePermission).toMatchObject({ deletedCount: 1, revision: 8 });
    expect(await Promise.all(line.map(keysOf))).toEqual([[], ['p'], ['other', 'p']]);
  });

  test('PERMANENT is refused', async () => {
    const { id } = await policies('PERMANENT');
    const { extensions } = await world.refused('PERMISSION_REVOCATION_DENIED', remove, { id });
    expect(extensions['details']).toEqual({ key: 'p' });
  });
});

describe('what applies', () => {
  test('is the nearest, with where it is from, as a list and as a map', async () => {
    const [root, leaf] = await world.line(['Root', 'Leaf']);
    await world.permission(root!, { key: 'a', mode: 'LOCKED' });
    await world.permission(root!, { key: 'b', mode: 'DELEGATED', revocationMode: 'SOFT', value: 1 });
    await world.permission(leaf!, { key: 'b', value: 2 });
    const { tenant } = await world.data(resolved, { id: leaf!.id });
    expect(tenant.resolvedPermissions).toMatchObject([
      {
        key: 'a',
        value: true,
        mode: 'LOCKED',
        inherited: true,
        locked: true,
        delegated: false,
        source: { ...root, name: 'Root' },
      },
      {
        key: 'b',
        value: 2,
        mode: 'INHERITED',
        revocationMode: 'CASCADE',
        inherited: false,
        locked: false,
        source: { ...leaf, name: 'Leaf' },
      },
    ]);
    expect(tenant.resolvedPermissionsMap).toEqual(
      Object.fromEntries(
        tenant.resolvedPermissions.map(({ policyId, key, value, mode, locked, delegated, source }: Json) => [
          key,
          { policy_id: policyId, key, value, mode, locked, delegated, source_tenant_id: source.id },
        ]),
      ),
    );
    const above = (await world.data(resolved, { id: root!.id, prefix: 'b' })).tenant.resolvedPermissions;
    expect(above).toMatchObject([{ key: 'b', value: 1, delegated: true, revocationMode: 'SOFT' }]);
  });

  test('explains itself, and comes back when a lock goes', async () => {
    const [root, middle, leaf] = await world.line(['Root', 'Middle', 'Leaf']);
    const { id } = await world.permission(root!, { key: 'p', value: 'root', mode: 'DELEGATED' });
    await world.permission(middle!, { key: 'p', value: 'middle', mode: 'DELEGATED' });
    await world.permission(leaf!, { key: 'p', value: 'leaf' });
    const explained = async () => (await world.data(why, { id: leaf!.id, key: 'p' })).tenant.resolvedPermission;
    const outcomes = ({ explanation }: Json) =>
      explanation.candidates.map(({ value, outcome }: Json) => [value, outcome]);
    const nearest = await explained();
    expect(nearest).toMatchObject({
      value: 'leaf',
      inherited: false,
      explanation: { rule: 'NEAREST', text: 'Set by Leaf, the nearest; 2 others passed over.' },
    });
    expect(outcomes(nearest)).toEqual([
      ['root', 'OVERRIDDEN'],
      ['middle', 'OVERRIDDEN'],
      ['leaf', 'DECIDED'],
    ]);
    await world.data(update, { id, input: { mode: 'LOCKED' } });
    const locked = await explained();
    expect(locked).toMatchObject({
      value: 'root',
      inherited: true,
      source: { name: 'Root' },
      explanation: { rule: 'HIGHEST_LOCK' },
    });
    expect(locked.explanation.candidates[0]).toMatchObject({ policyId: id, mode: 'LOCKED', tenant: { name: 'Root' } });
    expect(outcomes(locked)).toEqual([
      ['root', 'DECIDED'],
      ['middle', 'SHADOWED_BY_LOCK'],
      ['leaf', 'SHADOWED_BY_LOCK'],
    ]);
    await world.data(update, { id, input: { mode: 'INHERITED' } });
    expect(await explained()).toMatchObject({ value: 'leaf' });
    expect((await world.data(why, { id: leaf!.id, key: 'none' })).tenant.resolvedPermission).toBeNull();
  });
});
