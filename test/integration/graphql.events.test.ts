import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventTypes } from '../../src/domain/ledger/types.ts';
import { verifyLedgers } from '../../src/domain/ledger/verify.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { type Created, GraphqlWorld, type Json, unknownId } from '../support/graphql-world.ts';
import { newRegion } from '../support/regions.ts';

let world: GraphqlWorld;
beforeAll(async () => {
  world = await GraphqlWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const read = `query ($id: ID!, $subtree: Boolean! = false, $types: [String!], $order: EventOrder! = OLDEST_FIRST, $first: Int, $after: String) {
  events(tenantId: $id, subtree: $subtree, types: $types, order: $order, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { cursor node { revision } }
    nodes { ledgerId revision type tenantId tenant { name } id actorType actorId resourceType resourceId requestId sourceIp occurredAt before after previousHash hash } } }`;

interface Asked extends Record<string, unknown> {
  readonly as?: Principal;
}

/** What happened, as `revision type name`, in the order it was given. */
async function history({ id }: Created, { as, ...variables }: Asked = {}): Promise<string[]> {
  const { events } = await world.data(read, { id, ...variables }, as && { as });
  return events.nodes.map(
    ({ revision, type, before, after }: Json) =>
      `${revision} ${type} ${(after ?? before).name ?? (after ?? before).key}`,
  );
}

async function rename({ id }: Created, name: string): Promise<void> {
  await world.data('mutation ($id: ID!, $name: String) { updateTenant(id: $id, input: { name: $name }) { id } }', {
    id,
    name,
  });
}

/** Everything that can happen to keys and roles of a tenant. */
async function changeAccess({ id }: Created): Promise<void> {
  const { key, role } = await world.data(
    `mutation ($id: ID!) {
      key: createApiKey(input: { tenantId: $id, name: "key" }) { apiKey { id } }
      role: createRole(input: { tenantId: $id, name: "role", scopes: [read] }) { id }
    }`,
    { id },
  );
  const { rotated } = await world.data(
    `mutation ($key: ID!, $role: ID!) {
      a: assignRole(keyId: $key, roleId: $role) { keyId }
      b: updateRole(id: $role, input: { scopes: [write] }) { id }
      c: removeRole(keyId: $key) { keyId }
      d: deleteRole(id: $role) { id }
      rotated: rotateApiKey(id: $key) { apiKey { id } }
    }`,
    { key: key.apiKey.id, role: role.id },
  );
  await world.data('mutation ($id: ID!) { revokeApiKey(id: $id) { id } }', { id: rotated.apiKey.id });
}

/** Everything that can happen to a webhook of a tenant. */
async function changeWebhooks({ id }: Created): Promise<void> {
  const { createWebhook } = await world.data(
    `mutation ($id: ID!) { createWebhook(input: { tenantId: $id, url: "https://hooks.example.com/x", events: ["tenant.purged"] }) { webhook { id } } }`,
    { id },
  );
  await world.data(
    `mutation ($id: ID!) {
      a: updateWebhook(id: $id, input: { description: "A" }) { id }
      b: disableWebhook(id: $id) { id }
      c: enableWebhook(id: $id) { id }
      d: rotateWebhookSecret(id: $id) { secret }
      e: deleteWebhook(id: $id) { id }
    }`,
    { id: createWebhook.webhook.id },
  );
}

describe('every change', () => {
  test('is an event with what was before and after, of every type there is', async () => {
    const [root, other] = [await world.tenant({ name: 'root' }), await world.tenant({ name: 'other' })];
    const tenant = await world.tenant({ name: 'old', parentId: root.id });
    await rename(tenant, 'tenant');
    const { id: policy } = await world.permission(tenant, { key: 'p' });
    await changeAccess(tenant);
    await changeWebhooks(tenant);
    await world.data(
      `mutation ($id: ID!, $policy: ID!, $to: ID, $other: ID, $region: ID!) {
        a: setConfig(tenantId: $id, input: { key: "k", value: 1 }) { id }
        b: setConfig(tenantId: $id, input: { key: "k", value: 2 }) { id }
        c: deleteConfig(tenantId: $id, key: "k") { key }
        d: updatePermission(id: $policy, input: { value: false }) { id }
        e: deletePermission(id: $policy) { id }
        f: reorderTenant(id: $id, position: 0) { id }
        r: migrateTenantRegion(id: $id, regionId: $region) { id }
        g: moveTenant(id: $id, newParentId: $other) { id }
        h: moveTenant(id: $id, newParentId: $to) { id }
        i: suspendTenant(id: $id) { id } j: resumeTenant(id: $id) { id } k: archiveTenant(id: $id) { id } l: purgeTenant(id: $id) { id }
      }`,
      { id: tenant.id, policy, to: root.id, other: other.id, region: await newRegion(world) },
    );
    const { events } = await world.data(read, { id: root.id, subtree: true });
    const types = events.nodes.slice(1).map(({ type }: Json) => type);
    expect(new Set(types)).toEqual(new Set(eventTypes.filter((type) => type !== 'encryption.key_rotated')));
    for (const event of events.nodes) {
      expect(event).toMatchObject({
        ledgerId: root.id,
        tenantId: event.revision === 1 ? root.id : tenant.id,
        tenant: event.revision === 1 ? { name: 'root' } : null,
        actorType: 'api_key',
        actorId: 'development',
        requestId: expect.any(String),
        sourceIp: '127.0.0.1',
        occurredAt: expect.stringMatching(/Z$/),
      });
      const { type, before, after } = event;
      const isFirst = type.endsWith('.created') || (type === 'config.updated' && after.value === 1);
      expect([before === null, after === null], type).toEqual([isFirst, /purged|deleted/.test(type)]);
    }
    expect(events.totalCount).toBe(events.nodes.length);
  });

  test('is chained to the one before, across pages', async () => {
    const root = await world.tenant();
    await world.children(root, ['a', 'b', 'c', 'd']);
    const nodes: Json[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const { events }: Json = await world.data(read, { id: root.id, subtree: true, first: 2, after });
      nodes.push(...events.nodes);
      expect(events.totalCount).toBe(5);
      expect(events.edges.map(({ node }: Json) => node.revision)).toEqual(
        events.nodes.map((node: Json) => node.revision),
      );
      [after, more] = [events.pageInfo.endCursor, events.pageInfo.hasNextPage];
    }
    expect(nodes.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5]);
    expect(nodes.map(({ previousHash }) => previousHash)).toEqual([
      '0'.repeat(64),
      ...nodes.slice(0, -1).map(({ hash }) => hash),
    ]);
    for await (const report of verifyLedgers(world.database, { ledgerId: root.id })) {
      expect(report).toEqual({ ledgerId: root.id, events: 5, faults: [] });
    }
  });

  test('has a revision that the answer to the change gives, and no secret', async () => {
    const [root, below] = await world.line(['root', 'below']);
    await world.config(root!, { k: 'plain text' }, { sensitive: true });
    await world.config(below!, { k: 'plain text too' });
    await world.data('mutation ($id: ID!) { deleteConfig(tenantId: $id, key: "k") { revision } }', { id: root!.id });
    for (const as of [undefined, await world.at(root!, 'admin')]) {
      const answer = await world.data(read, { id: root!.id, subtree: true }, as && { as });
      expect(JSON.stringify(answer)).not.toContain('plain text');
      expect(answer.events.nodes.slice(2)).toMatchObject([
        { type: 'config.updated', before: null, after: { key: 'k', value: null, sensitive: true, masked: true } },
        { type: 'config.updated', before: null, after: { key: 'k', value: null, sensitive: true, masked: true } },
        { type: 'config.deleted', before: { key: 'k', value: null, sensitive: true, masked: true }, after: null },
      ]);
    }
  });
});

describe('what is asked for', () => {
  test('is a tenant, or all that was below it at the time, from either end', async () => {
    const [root, middle] = await world.line(['root', 'middle']);
    await world.tenant({ name: 'leaf', parentId: middle!.id });
    const own = ['2 tenant.created middle'];
    const all = ['2 tenant.created middle', '3 tenant.created leaf'];
    expect(await history(middle!)).toEqual(own);
    expect(await history(middle!, { subtree: true })).toEqual(all);
    expect(await history(middle!, { subtree: true, order: 'NEWEST_FIRST' })).toEqual(all.toReversed());
    expect(await history(root!)).toEqual(['1 tenant.created root']);
    expect(await history(root!, { subtree: true })).toEqual(['1 tenant.created root', ...all]);
  });

  test('may be some types only; one that there is not is refused', async () => {
    const tenant = await world.tenant({ name: 'a' });
    await rename(tenant, 'b');
    await world.config(tenant, { k: 1 });
    expect(await history(tenant, { types: ['config.updated', 'tenant.created'] })).toEqual([
      '1 tenant.created a',
      '3 config.updated k',
    ]);
    expect(await history(tenant, { types: ['tenant.moved'] })).toEqual([]);
    for (const types of [['tenant.created', 'nothing'], ['tenant.*'], ['']]) {
      const { extensions } = await world.refused('VALIDATION_ERROR', read, { id: tenant.id, types });
      expect(extensions['issues']).toMatchObject([{ path: ['types', types.length - 1] }]);
    }
  });

  test('may be about some kinds of things, by one caller, in a span of time', async () => {
    const tenant = await world.tenant();
    await rename(tenant, 'Renamed');
    await world.config(tenant, { key: 1 });
    const filtered = async (filter: string) => {
      const { events } = await world.data(
        `query ($id: ID!) { events(tenantId: $id, ${filter}) { totalCount nodes { type actorId occurredAt } } }`,
        { id: tenant.id },
      );
      expect(events.totalCount).toBe(events.nodes.length);
      return events.nodes as Json[];
    };
    const types = async (filter: string) => (await filtered(filter)).map(({ type }) => type);
    expect(await types('resourceTypes: ["config"]')).toEqual(['config.updated']);
    expect(await types('resourceTypes: ["config", "tenant"], types: ["tenant.updated"]')).toEqual(['tenant.updated']);
    const [{ actorId, occurredAt }] = (await filtered('types: ["tenant.updated"]')) as [Json];
    expect(await types(`actorId: "${actorId}"`)).toEqual(['tenant.created', 'tenant.updated', 'config.updated']);
    expect(await types('actorId: "somebody else"')).toEqual([]);
    expect(await types(`from: "${occurredAt}"`)).not.toContain('tenant.created');
    expect(await types(`from: "${occurredAt}", to: "${occurredAt}"`)).toContain('tenant.updated');
    expect(await types('to: "2020-01-01T00:00:00Z"')).toEqual([]);
    const refused = await world.ask('query ($id: ID!) { events(tenantId: $id, resourceTypes: ["x"]) { totalCount } }', {
      id: tenant.id,
    });
    expect(refused.errors?.[0]?.extensions).toMatchObject({
      code: 'VALIDATION_ERROR',
      issues: [{ path: ['resourceTypes', 0] }],
    });
  });

  test('must exist for the caller', async () => {
    const [root, child] = await world.line(['root', 'child']);
    await world.refused('TENANT_NOT_FOUND', read, { id: unknownId });
    await world.refused('TENANT_NOT_FOUND', read, { id: root!.id }, { as: await world.at(child!, 'admin') });
    await world.transition('archive', child!);
    expect(await history(child!)).toHaveLength(2);
    await world.transition('purge', child!);
    await world.refused('TENANT_NOT_FOUND', read, { id: child!.id });
    expect(await history(root!, { subtree: true, types: ['tenant.purged'] })).toEqual(['4 tenant.purged child']);
  });
});

describe('after a move', () => {
  /** A tree of two branches, and a tenant that was renamed in the first, moved to the second and renamed there. */
  async function moved(): Promise<Record<'root' | 'from' | 'to' | 'tenant', Created>> {
    const root = await world.tenant({ name: 'root' });
    const [from, to] = await world.children(root, ['from', 'to']);
    const tenant = await world.tenant({ name: 'born', parentId: from!.id });
    await rename(tenant, 'in from');
    await world.move(tenant, to!);
    await rename(tenant, 'in to');
    return { root, from: from!, to: to!, tenant };
  }

  test('within a tree both sides see the move, and each what happened while the tenant was there', async () => {
    const { from, to, tenant } = await moved();
    const before = ['4 tenant.created born', '5 tenant.updated in from'];
    const after = ['6 tenant.moved in from', '7 tenant.updated in to'];
    expect(await history(from, { subtree: true })).toEqual([
      '2 tenant.created from',
      ...before,
      '6 tenant.moved in from',
    ]);
    expect(await history(to, { subtree: true })).toEqual(['3 tenant.created to', ...after]);
    expect(await history(tenant)).toEqual([...before, ...after]);
  });

  test('nobody sees what happened to a tenant outside of their home, nor how often', async () => {
    const { root, from, to, tenant } = await moved();
    const here = ['6 tenant.moved in from', '7 tenant.updated in to'];
    const as = await world.at(to, 'admin');
    expect(await history(tenant, { as })).toEqual(here);
    expect(await history(tenant, { as, subtree: true })).toEqual(here);
    expect(await history(tenant, { as, first: 1, order: 'NEWEST_FIRST' })).toEqual(['7 tenant.updated in to']);
    expect((await world.data(read, { id: tenant.id }, { as })).events.totalCount).toBe(2);
    expect(await history(tenant, { as: await world.at(root) })).toHaveLength(4);
    expect(await history(tenant, { as: await world.at(tenant) })).toHaveLength(4);
    await world.refused('TENANT_NOT_FOUND', read, { id: tenant.id }, { as: await world.at(from) });
  });

  test('to another tree each ledger keeps its part', async () => {
    const [here, there] = [await world.tenant({ name: 'here' }), await world.tenant({ name: 'there' })];
    const tenant = await world.tenant({ name: 'tenant', parentId: here.id });
    const [below] = await world.children(tenant, ['below']);
    await world.move(tenant, there);
    await rename(below!, 'renamed');
    expect(await history(here, { subtree: true })).toEqual([
      '1 tenant.created here',
      '2 tenant.created tenant',
      '3 tenant.created below',
      '4 tenant.moved tenant',
    ]);
    expect(await history(there, { subtree: true })).toEqual([
      '1 tenant.created there',
      '2 tenant.moved tenant',
      '3 tenant.updated renamed',
    ]);
    expect(await history(tenant)).toEqual(['2 tenant.moved tenant']);
    expect(await history(below!)).toEqual(['3 tenant.updated renamed']);
    await world.move(tenant, here);
    expect(await history(tenant)).toEqual([
      '2 tenant.created tenant',
      '4 tenant.moved tenant',
      '5 tenant.moved tenant',
    ]);
    for await (const { faults } of verifyLedgers(world.database)) {
      expect(faults).toEqual([]);
    }
  });
});
