import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Created, GraphqlWorld, type Json } from '../support/graphql-world.ts';
import { type Following, overEvents, overSockets, type Transport } from '../support/live.ts';

let world: GraphqlWorld;
let url: string;
beforeAll(async () => {
  world = await GraphqlWorld.open();
  url = await world.app.server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => world[Symbol.asyncDispose]());

const document = `subscription ($id: ID, $subtree: Boolean! = false, $types: [String!], $after: String) {
  events(tenantId: $id, subtree: $subtree, types: $types, after: $after) {
    cursor event { id type revision ledgerId tenantId before after tenant { name } }
  }
}`;

describe.each([
  ['WebSockets', overSockets],
  ['server-sent events', overEvents],
])('over %s', (_name, open) => {
  let transport: Transport;
  beforeAll(() => {
    transport = open(url);
  });
  afterAll(() => transport.close());

  test('what happens comes in the order of the ledger', async () => {
    const tenant = await world.tenant();
    const following = await follow(transport, { id: tenant.id });
    await world.config(tenant, { a: 1 });
    await world.config(tenant, { b: 2, c: 3 });
    const sent = await following.take(3);
    expect(sent.map(({ data }) => data.events.event.after.key)).toEqual(['a', 'b', 'c']);
    expect(sent.map(({ data }) => data.events.event.revision)).toEqual([2, 3, 4]);
    following.stop();
  });

  test('a mutation and a query are answered too', async () => {
    const tenant = await world.tenant();
    const following = transport.follow('query ($id: ID!) { tenant(id: $id) { slug } }', { id: tenant.id });
    expect(await following.next()).toMatchObject({ data: { tenant: { slug: tenant.slug } } });
    await following.ended;
  });

  test('who may not see the tenant is told what a query tells, and nothing goes on', async () => {
    const [tenant, other] = [await world.tenant(), await world.tenant()];
    const key = await keyOf(other);
    const refused = transport.follow(document, { id: tenant.id }, key);
    expect(codeOf(await refused.next())).toBe('TENANT_NOT_FOUND');
    await refused.ended;
    const top = transport.follow(document, {}, key);
    expect(codeOf(await top.next())).toBe('FORBIDDEN');
  });

  test('a key that is revoked ends what it follows', async () => {
    const tenant = await world.tenant();
    const key = await keyOf(tenant);
    const following = await follow(transport, { id: tenant.id }, key);
    await world.config(tenant, { a: 1 });
    expect((await following.next()).data.events.event.type).toBe('config.updated');
    await revoke(tenant);
    await world.config(tenant, { a: 2 });
    const rest = [await following.next(), await following.next().catch(() => null)];
    // The revocation itself is an event of the tenant, which the key may see no more than what came behind it.
    expect(rest.map(codeOf).filter(Boolean)).toEqual(['UNAUTHORIZED']);
    expect(JSON.stringify(rest)).not.toContain('"value":2');
    await following.ended;
  });

  test('a key that is revoked ends what it follows, also where nothing happens', async () => {
    const [tenant, other] = [await world.tenant(), await world.tenant()];
    await follow(transport, { id: tenant.id });
    const following = await follow(transport, { id: tenant.id, types: ['tenant.purged'] }, await keyOf(tenant));
    await revoke(tenant);
    expect(codeOf(await following.next())).toBe('UNAUTHORIZED');
    await following.ended;
    expect(other).toBeDefined();
  });
});

describe('where it begins, and where it goes on', () => {
  let transport: Transport;
  beforeAll(() => {
    transport = overSockets(url);
  });
  afterAll(() => transport.close());

  test('behind a cursor what was missed comes first, then what happens, without gap or repeat', async () => {
    const tenant = await world.tenant();
    const before = await follow(transport, { id: tenant.id });
    await world.config(tenant, { a: 1 });
    const { cursor } = (await before.next()).data.events;
    before.stop();
    const missed = Array.from({ length: 250 }, (_, index) => [`missed_${index}`, index]);
    for (let start = 0; start < missed.length; start += 125) {
      await world.config(tenant, Object.fromEntries(missed.slice(start, start + 125)));
    }
    const again = transport.follow(document, { id: tenant.id, after: cursor });
    // While what was missed is read, more happens.
    const writing = Promise.all(
      Array.from({ length: 30 }, (_, index) => world.config(tenant, { [`live_${index}`]: index })),
    );
    const sent = await again.take(280);
    await writing;
    expect(sent.map(({ data }) => data.events.event.revision)).toEqual(
      Array.from({ length: 280 }, (_, index) => index + 3),
    );
    expect(await again.isQuiet(300)).toBe(true);
    again.stop();
  });

  test('the cursor of the query goes on in the subscription, and the other way round', async () => {
    const tenant = await world.tenant();
    await world.config(tenant, { a: 1 });
    await world.config(tenant, { b: 1 });
    const list =
      'query ($id: ID!, $after: String) { events(tenantId: $id, first: 2, after: $after) { nodes { revision } pageInfo { endCursor } } }';
    const { events } = await world.data(list, { id: tenant.id });
    const following = transport.follow(document, { id: tenant.id, after: events.pageInfo.endCursor });
    const { cursor, event } = (await following.next()).data.events;
    expect(event.revision).toBe(3);
    await world.config(tenant, { c: 1 });
    expect((await world.data(list, { id: tenant.id, after: cursor })).events.nodes).toEqual([{ revision: 4 }]);
    following.stop();
  });

  test('a cursor is good for its tenant alone', async () => {
    const [tenant, other] = [await world.tenant(), await world.tenant()];
    const cursor = await cursorOf(tenant);
    const refused = transport.follow(document, { id: other.id, after: cursor });
    const { errors } = await refused.next();
    expect(errors[0].extensions).toMatchObject({
      code: 'VALIDATION_ERROR',
      issues: [{ path: ['after'], code: 'invalid_cursor' }],
    });
    const nonsense = transport.follow(document, { id: tenant.id, after: 'nonsense' });
    expect(codeOf(await nonsense.next())).toBe('VALIDATION_ERROR');
  });

  test('a cursor whose event is another one, as in a restored backup, is refused', async () => {
    const tenant = await world.tenant();
    const cursor = await cursorOf(tenant);
    const [id, ledger, revision] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    for (const place of [
      [id, ledger, revision, '000000000000'],
      [id, ledger, revision + 100, '000000000000'],
    ]) {
      const after = Buffer.from(JSON.stringify(place)).toString('base64url');
      expect(codeOf(await transport.follow(document, { id: tenant.id, after }).next())).toBe('CURSOR_EXPIRED');
    }
  });

  test('it goes along to another tree, once past each event, whether it was there or comes back', async () => {
    const [root, other] = [await world.tenant(), await world.tenant()];
    const [branch] = await world.children(root, ['Branch']);
    const [tenant] = await world.children(branch!, ['Tenant']);
    const following = await follow(transport, { id: tenant!.id });
    const { cursor } = await firstOf(following, tenant!);
    await world.move(branch!, other);
    await world.config(tenant!, { there: 1 });
    await world.move(tenant!, root);
    await world.config(tenant!, { back: 1 });
    const keys = async (sent: Following) =>
      (await sent.take(3)).map(
        ({
          data: {
            events: { event },
          },
        }) => [event.ledgerId, event.type, event.after.key ?? null],
      );
    const expected = [
      [other.id, 'config.updated', 'there'],
      [other.id, 'tenant.moved', null],
      [root.id, 'config.updated', 'back'],
    ];
    expect(await keys(following)).toEqual(expected);
    following.stop();
    const again = transport.follow(document, { id: tenant!.id, after: cursor });
    expect(await keys(again)).toEqual(expected);
    expect(await again.isQuiet(200)).toBe(true);
    again.stop();
  });

  test('it goes along to another tree behind a cursor', async () => {
    const [root, other] = [await world.tenant(), await world.tenant()];
    const [branch] = await world.children(root, ['Branch']);
    const [tenant] = await world.children(branch!, ['Tenant']);
    const following = await follow(transport, { id: tenant!.id });
    const { cursor } = await firstOf(following, tenant!);
    following.stop();
    await world.config(tenant!, { here: 1 });
    await world.move(branch!, other);
    await world.config(tenant!, { there: 1 });
    const again = transport.follow(document, { id: tenant!.id, after: cursor });
    const sent = await again.take(2);
    expect(sent.map(({ data }) => data.events.event.after.key)).toEqual(['here', 'there']);
    await world.config(tenant!, { more: 1 });
    expect((await again.next()).data.events.event.after.key).toBe('more');
    again.stop();
  });
});

describe('what of it is told', () => {
  let transport: Transport;
  beforeAll(() => {
    transport = overSockets(url);
  });
  afterAll(() => transport.close());

  test('the tenant alone, its subtree, certain types', async () => {
    const [root, child, leaf] = await world.line(['Root', 'Child', 'Leaf']);
    const [alone, subtree, types] = [
      await follow(transport, { id: child!.id }),
      await follow(transport, { id: child!.id, subtree: true }),
      await follow(transport, { id: root!.id, subtree: true, types: ['tenant.updated'] }),
    ];
    await world.config(root!, { root: 1 });
    await world.config(child!, { child: 1 });
    await world.config(leaf!, { leaf: 1 });
    await world.data('mutation ($id: ID!) { updateTenant(id: $id, input: { name: "Renamed" }) { id } }', {
      id: leaf!.id,
    });
    expect((await alone.next()).data.events.event.tenantId).toBe(child!.id);
    expect((await subtree.take(3)).map(({ data }) => [data.events.event.type, data.events.event.tenantId])).toEqual([
      ['config.updated', child!.id],
      ['config.updated', leaf!.id],
      ['tenant.updated', leaf!.id],
    ]);
    expect((await types.next()).data.events.event).toMatchObject({
      type: 'tenant.updated',
      tenant: { name: 'Renamed' },
    });
    expect(await Promise.all([alone, subtree, types].map((one) => one.isQuiet(200)))).toEqual([true, true, true]);
    for (const one of [alone, subtree, types]) {
      one.stop();
    }
  });

  test('a tenant that leaves the home of who follows is seen leaving, and then no more', async () => {
    const [root, home] = await world.line(['Root', 'Home']);
    const [tenant] = await world.children(home!, ['Tenant']);
    const key = await keyOf(home!);
    const [ofTenant, ofHome] = [
      await follow(transport, { id: tenant!.id }, key),
      await follow(transport, { id: home!.id, subtree: true }, key),
    ];
    await world.move(tenant!, root!);
    await world.config(tenant!, { secret: 1 });
    const moved = await ofTenant.next();
    expect(moved.data.events.event).toMatchObject({ type: 'tenant.moved', after: null, tenant: null });
    expect(JSON.stringify(moved)).not.toContain(root!.id === moved.data.events.event.ledgerId ? 'nothing' : root!.id);
    expect(codeOf(await ofTenant.next())).toBe('TENANT_NOT_FOUND');
    await ofTenant.ended;
    expect((await ofHome.next()).data.events.event.type).toBe('tenant.moved');
    expect(await ofHome.isQuiet(300)).toBe(true);
    ofHome.stop();
  });

  test('a purged tenant is seen going', async () => {
    const [root, leaf] = await world.line(['Root', 'Leaf']);
    const following = await follow(transport, { id: leaf!.id });
    await world.transition('archive', leaf!);
    await world.transition('purge', leaf!);
    expect((await following.take(2)).map(({ data }) => data.events.event.type)).toEqual([
      'tenant.archived',
      'tenant.purged',
    ]);
    expect(codeOf(await following.next())).toBe('TENANT_NOT_FOUND');
    expect(root).toBeDefined();
  });

  test('what belongs to the installation, for those who do too', async () => {
    const following = await follow(transport, {});
    await world.data('mutation ($input: CreateRoleInput!) { createRole(input: $input) { id } }', {
      input: { name: `role_${Date.now()}`, scopes: ['read'] },
    });
    expect((await following.next()).data.events.event).toMatchObject({ type: 'role.created', tenantId: null });
    following.stop();
  });
});

/** A subscription begins some time after it was asked for, and says nothing of that. */
async function follow(transport: Transport, variables: Record<string, unknown>, key?: string): Promise<Following> {
  const following = transport.follow(document, variables, key);
  expect(await following.isQuiet(250)).toBe(true);
  return following;
}

async function firstOf(following: Following, tenant: Created): Promise<Json> {
  await world.config(tenant, { first: 1 });
  return (await following.next()).data.events;
}

async function cursorOf({ id }: Created): Promise<string> {
  const { events } = await world.data('query ($id: ID!) { events(tenantId: $id) { pageInfo { endCursor } } }', { id });
  return events.pageInfo.endCursor;
}

async function keyOf({ id }: Created): Promise<string> {
  const { createApiKey } = await world.data(
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { plaintextKey } }',
    { input: { tenantId: id, scopes: ['read'] } },
  );
  return createApiKey.plaintextKey;
}

async function revoke({ id }: Created): Promise<void> {
  const { apiKeys } = await world.data('query ($id: ID!) { apiKeys(tenantId: $id) { nodes { id } } }', { id });
  for (const key of apiKeys.nodes) {
    await world.data('mutation ($id: ID!) { revokeApiKey(id: $id) { id } }', { id: key.id });
  }
}

function codeOf(answer: Json): string | undefined {
  return answer?.errors?.[0]?.extensions.code;
}
