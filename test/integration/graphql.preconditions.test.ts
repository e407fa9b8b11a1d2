import { execute, isNonNullType, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCall } from '../../src/domain/call.ts';
import { createServices } from '../../src/domain/services.ts';
import type { LineageReader } from '../../src/domain/tenants/lineage-reader.ts';
import { createContext } from '../../src/graphql/context.ts';
import { schema } from '../../src/graphql/schema.ts';
import { type Created, GraphqlWorld, type Json } from '../support/graphql-world.ts';
import { newRegion } from '../support/regions.ts';
import { secrets } from '../support/rest-app.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

/** A tenant in a state in which every change below is possible, and what they are about. */
interface Subject extends Created {
  readonly parentId: string;
  readonly policyId: string;
  readonly regionId: string;
}

async function subject(): Promise<Subject> {
  const root = await world.tenant();
  const tenant = await world.tenant({ parentId: root.id });
  await world.config(tenant, { key: 'old' });
  const { id: policyId } = await world.permission(tenant, { key: 'p' });
  return { ...tenant, parentId: root.id, policyId, regionId: await newRegion(world) };
}

type Change = readonly [args: (subject: Subject) => string, fields: string, before?: 'suspend'];

/** Every mutation that changes a thing that exists. */
const changes: Readonly<Record<string, Change>> = {
  updateTenant: [({ id }) => `id: "${id}", input: { name: "new" }`, 'id'],
  moveTenant: [({ id }) => `id: "${id}", newParentId: null`, 'id'],
  reorderTenant: [({ id }) => `id: "${id}", position: 0`, 'id'],
  migrateTenantRegion: [({ id, regionId }) => `id: "${id}", regionId: "${regionId}"`, 'id'],
  suspendTenant: [({ id }) => `id: "${id}"`, 'id'],
  resumeTenant: [({ id }) => `id: "${id}"`, 'id', 'suspend'],
  archiveTenant: [({ id }) => `id: "${id}"`, 'id'],
  purgeTenant: [({ id }) => `id: "${id}"`, 'id'],
  setConfig: [({ id }) => `tenantId: "${id}", input: { key: "key", value: "new" }`, 'key'],
  setConfigs: [({ id }) => `tenantId: "${id}", entries: [{ key: "key", value: "new" }]`, 'key'],
  deleteConfig: [({ id }) => `tenantId: "${id}", key: "key"`, 'key'],
  updatePermission: [({ policyId }) => `id: "${policyId}", input: { value: false }`, 'key'],
  deletePermission: [({ policyId }) => `id: "${policyId}"`, 'key'],
};

/** Every way to change the thing that a mutation is about, so that it is another one than was seen. */
async function disturb(name: string, { id, policyId }: Subject): Promise<void> {
  if (name.includes('Config')) {
    await world.config({ id }, { key: 'disturbed' });
  } else if (name.includes('Permission')) {
    await world.data('mutation ($id: ID!) { updatePermission(id: $id, input: { value: 7 }) { id } }', { id: policyId });
  } else if (name === 'resumeTenant') {
    await world.transition('resume', { id });
    await world.transition('suspend', { id });
  } else {
    await world.data('mutation ($id: ID!) { updateTenant(id: $id, input: { metadata: { a: 1 } }) { id } }', { id });
  }
}

async function treeRevision({ id }: Created): Promise<number> {
  return (await world.data('query ($id: ID!) { tenant(id: $id) { treeRevision } }', { id })).tenant.treeRevision;
}

function document(name: string, subject: Subject, ifRevision: number): string {
  const [args, fields] = changes[name]!;
  return `mutation { ${name}(${args(subject)}, ifRevision: ${ifRevision}) { ${fields} } }`;
}

test('every mutation of something that exists takes ifRevision, and those that make something do not', () => {
  const mutations = Object.values(schema.getMutationType()!.getFields());
  const taking = mutations.filter(({ args }) => args.some(({ name }) => name === 'ifRevision'));
  expect(taking.map(({ name }) => name).sort()).toEqual(Object.keys(changes).sort());
  expect(mutations.filter((one) => !taking.includes(one)).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['createTenant', 'createTenants', 'createPermission']),
  );
  const given = taking.map(({ args }) => args.find(({ name }) => name === 'ifRevision')!);
  expect(given.filter(({ type }) => isNonNullType(type))).toEqual([]);
});

describe.each(Object.keys(changes))('%s', (name) => {
  async function prepared(): Promise<{ thing: Subject; seen: number }> {
    const thing = await subject();
    const [, , before] = changes[name]!;
    if (before) {
      await world.transition(before, thing);
    }
    return { thing, seen: await treeRevision(thing) };
  }

  test('is carried out with the tree revision it was read with, whatever else has changed in the tree', async () => {
    const { thing, seen } = await prepared();
    await world.data('mutation ($id: ID!) { updateTenant(id: $id, input: { metadata: { a: 1 } }) { id } }', {
      id: thing.parentId,
    });
    await world.data(document(name, thing, seen));
  });

  test('is refused when the thing has changed since', async () => {
    const { thing, seen } = await prepared();
    await disturb(name, thing);
    const { extensions } = await world.refused('REVISION_MISMATCH', document(name, thing, seen));
    expect(extensions['details']).toMatchObject({ if_revision: seen, revision: expect.any(Number) });
    expect(extensions['details'].revision).toBeGreaterThan(seen);
  });

  test('is refused with a revision that the tree has not come to', async () => {
    const { thing, seen } = await prepared();
    await world.refused('REVISION_MISMATCH', document(name, thing, seen + 1));
  });
});

describe('a key that is not there', () => {
  const set = `mutation ($id: ID!, $ifRevision: Revision) {
    setConfig(tenantId: $id, input: { key: "new", value: 1 }, ifRevision: $ifRevision) { revision } }`;

  test('is set with ifRevision 0 once', async () => {
    const { id } = await world.tenant();
    expect(await world.data(set, { id, ifRevision: 0 })).toEqual({ setConfig: { revision: 2 } });
    await world.refused('REVISION_MISMATCH', set, { id, ifRevision: 0 });
  });

  test('is not the one that was seen', async () => {
    const tenant = await world.tenant();
    await world.refused('REVISION_MISMATCH', set, { id: tenant.id, ifRevision: await treeRevision(tenant) });
  });

  test.each([-1, 1.5, '1', 2 ** 53, true])('%j is no revision', async (ifRevision) => {
    const { id } = await world.tenant();
    await world.refused('VALIDATION_ERROR', set, { id, ifRevision });
  });
});

test('a tenant that others change between its list and its lineage names no tree revision that it was not seen at', async () => {
  const { id, slug } = await world.tenant();
  const services = createServices({
    database: world.database,
    encryptionKeys: [secrets.encryptionKey],
    apiKeys: { hmacSecret: 'a secret to hash keys for tests', prefix: 'sk_test_' },
    limits: { maxDepth: 64, transactionTimeoutMs: 20_000, allowPrivateWebhooks: false },
  });
  const lineages: LineageReader = {
    ...services.lineages,
    load: async (one) => {
      await world.data('mutation ($id: ID!) { updateTenant(id: $id, input: { name: "theirs" }) { id } }', { id });
      return services.lineages.load(one);
    },
  };
  const principal = { type: 'system', id: 'test', scopes: ['admin'], home: null } as const;
  const call = createCall({ ...services, lineages }, { principal, requestId: null, sourceIp: null });
  const query = parse('query ($slug: String!) { tenants(search: $slug) { nodes { name treeRevision } } }');

  const { data } = await execute({
    schema,
    document: query,
    variableValues: { slug },
    contextValue: createContext(call),
  });

  const [{ name, treeRevision }] = (data as Json).tenants.nodes;
  expect(name).toBe('Tenant');
  const mine =
    'mutation ($id: ID!, $seen: Revision!) { updateTenant(id: $id, input: { name: "mine" }, ifRevision: $seen) { id } }';
  const { errors } = await world.ask(mine, { id, seen: treeRevision });
  expect(errors).toMatchObject([{ extensions: { code: 'REVISION_MISMATCH' } }]);
});
