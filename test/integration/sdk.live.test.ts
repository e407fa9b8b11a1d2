import { setTimeout as sleep, setImmediate as soon } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GraphqlWorld, type Json, unknownId } from '../support/graphql-world.ts';
import { openProgram, until } from '../support/sdk-program.ts';

let world: GraphqlWorld;
let url: string;
beforeAll(async () => {
  world = await GraphqlWorld.open({ settings: { RATE_LIMIT_MAX: '999999' } });
  url = await world.app.server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => world[Symbol.asyncDispose]());

test('after the first read a tenant is answered from memory, the same object every time', async () => {
  const [root, leaf] = await world.line(['root', 'leaf']);
  await world.config(root!, { theme: 'dark' });
  using program = openProgram(url);
  const { client } = program.sdk;
  const first = await client.resolveTenant(leaf!.id);
  expect(first).toMatchObject({
    tenant_id: leaf!.id,
    ancestry_path: `/${root!.id}`,
    depth: 1,
    isolation_strategy: expect.any(String),
    resolved_config: { theme: { value: 'dark', inherited: true, source_tenant_id: root!.id } },
    resolved_permissions: {},
    revision: expect.any(Number),
  });
  await program.live();
  for (let n = 0; n < 1_000; n += 1) {
    expect(await client.resolveTenant(leaf!.id.toUpperCase())).toBe(first);
  }
  expect(program.reads).toBe(1);
  expect(() => Object.assign(first.resolved_config['theme']!, { value: 'light' })).toThrow(TypeError);
});

test('concurrent first reads of a tenant are one request', async () => {
  const { id } = await world.tenant();
  using program = openProgram(url);
  const contexts = await Promise.all(Array.from({ length: 200 }, () => program.sdk.client.resolveTenant(id)));
  expect(new Set(contexts).size).toBe(1);
  expect(program.reads).toBe(1);
});

test('what is refused is asked for every time', async () => {
  const { id } = await world.tenant();
  using program = openProgram(url);
  for (let n = 1; n <= 3; n += 1) {
    await expect(program.sdk.client.resolveTenant(unknownId)).rejects.toMatchObject({ code: 'TENANT_NOT_FOUND' });
    expect(program.reads).toBe(n);
  }
  await program.sdk.client.resolveTenant(id);
  await program.live();
  await world.transition('suspend', { id });
  await until(async () =>
    program.sdk.client.resolveTenant(id).then(
      () => false,
      () => true,
    ),
  );
  const before = program.reads;
  await expect(program.sdk.client.resolveTenant(id)).rejects.toMatchObject({ code: 'TENANT_SUSPENDED' });
  expect(program.reads).toBe(before + 1);
  await world.transition('resume', { id });
  expect(await program.sdk.client.resolveTenant(id)).toMatchObject({ tenant_id: id });
  await program.live();
  await world.transition('archive', { id });
  await until(async () =>
    program.sdk.client.resolveTenant(id).then(
      () => false,
      ({ code }) => code === 'TENANT_ARCHIVED',
    ),
  );
});

test('a change anywhere above is seen, and costs those alone whom it concerns', async () => {
  const [root, middle, leaf] = await world.line(['root', 'middle', 'leaf']);
  const [sibling] = await world.children(root!, ['sibling']);
  const other = await world.tenant();
  using program = openProgram(url);
  for (const { id } of [leaf!, sibling!, other]) {
    await program.sdk.client.resolveTenant(id);
  }
  await program.live(2);
  const resolved = () => program.sdk.client.resolveTenant(leaf!.id);
  const changes: [change: () => Promise<unknown>, isSeen: (context: Json) => boolean, reads: number][] = [
    [() => world.config(leaf!, { a: 1 }), (it) => it.resolved_config.a?.value === 1, 1],
    [() => world.config(middle!, { b: 2 }), (it) => it.resolved_config.b?.value === 2, 1],
    [() => world.config(root!, { b: 3 }, { locked: true }), (it) => it.resolved_config.b.value === 3, 2],
    [
      () => world.permission(root!, { key: 'export', value: true }),
      (it) => it.resolved_permissions.export?.value === true,
      2,
    ],
    [
      () => world.data('mutation ($id: ID!) { deleteConfig(tenantId: $id, key: "b") { key } }', { id: root!.id }),
      (it) => it.resolved_config.b.value === 2,
      2,
    ],
  ];
  for (const [change, isSeen, cost] of changes) {
    const before = program.reads;
    await change();
    await until(async () => isSeen(await resolved()));
    await program.sdk.client.resolveTenant(sibling!.id);
    await program.sdk.client.resolveTenant(other.id);
    expect(program.reads - before).toBe(cost);
  }
});

test('what no context shows drops nothing', async () => {
  const { id } = await world.tenant();
  using program = openProgram(url);
  await program.sdk.client.resolveTenant(id);
  await program.live();
  await world.data('mutation ($id: ID!) { createApiKey(input: { tenantId: $id }) { plaintextKey } }', { id });
  await world.tenant({ parentId: id });
  await world.config(await world.tenant({ parentId: id }), { a: 1 });
  await sleep(300);
  await program.sdk.client.resolveTenant(id);
  expect(program.reads).toBe(1);
});

test('a tenant that moves to another tree takes what is there, with all beneath it', async () => {
  const [from, moved, leaf] = await world.line(['from', 'moved', 'leaf']);
  const to = await world.tenant();
  await world.config(from!, { region: 'eu' });
  await world.config(to, { region: 'us' });
  using program = openProgram(url);
  expect(await program.value(leaf!.id, 'region')).toBe('eu');
  await program.live();
  await world.move(moved!, to);
  await until(async () => (await program.value(leaf!.id, 'region')) === 'us');
  expect(await program.sdk.client.resolveTenant(leaf!.id)).toMatchObject({ ancestry_path: `/${to.id}/${moved!.id}` });
  await program.live(2);
  await world.config(to, { region: 'asia' });
  await until(async () => (await program.value(leaf!.id, 'region')) === 'asia');
  await world.move(moved!, null);
  await until(async () => (await program.value(leaf!.id, 'region')) === undefined);
  await program.live(3);
  await world.config(moved!, { region: 'own' });
  await until(async () => (await program.value(leaf!.id, 'region')) === 'own');
  await world.move(moved!, from!);
  await until(async () => (await program.sdk.client.resolveTenant(leaf!.id)).depth === 2);
});

test('a root that is put beneath another is told of what happens there', async () => {
  const [root, leaf] = await world.line(['root', 'leaf']);
  const above = await world.tenant();
  using program = openProgram(url);
  await program.sdk.client.resolveTenant(leaf!.id);
  await program.live();
  await world.move(root!, above);
  await until(async () => (await program.sdk.client.resolveTenant(leaf!.id)).depth === 2);
  await program.live(2);
  await world.config(above, { a: 1 });
  await until(async () => (await program.value(leaf!.id, 'a')) === 1);
});

test('an answer that was overtaken by a change on its way is not kept, and nobody joins it', async () => {
  const [root, leaf] = await world.line(['root', 'leaf']);
  await world.config(root!, { n: 1 });
  using program = openProgram(url);
  await program.sdk.client.resolveTenant(root!.id);
  await program.live();
  const overtaken = async (n: number) => {
    program.sdk.client.invalidateCache(leaf!.id);
    const before = program.reads;
    const release = program.hold();
    const slow = program.value(leaf!.id, 'n');
    await until(() => program.reads > before);
    await sleep(100); // the answer is there, and held back
    await world.config(root!, { n });
    await sleep(200); // the change is told
    return { slow, release };
  };
  const alone = await overtaken(2);
  alone.release();
  expect(await alone.slow).toBe(1);
  expect(await program.value(leaf!.id, 'n')).toBe(2);
  const first = await overtaken(3);
  const joining = program.value(leaf!.id, 'n');
  first.release();
  expect(await joining).toBe(3);
  expect(await first.slow).toBe(2);
});

test('a change that is made just when a tree begins to be followed is seen', async () => {
  using program = openProgram(url);
  for (let n = 0; n < 60; n += 1) {
    const { id } = await world.tenant();
    await program.sdk.client.resolveTenant(id);
    await sleep(n % 12);
    await world.config({ id }, { n });
    await program.live(n + 1);
    await until(async () => (await program.value(id, 'n')) === n, 2_000);
  }
});

test('what the program changes itself it sees at once', async () => {
  const [root, leaf] = await world.line(['root', 'leaf']);
  const other = await world.tenant();
  using program = openProgram(url);
  const { client } = program.sdk;
  await client.resolveTenant(leaf!.id);
  await program.live();
  await client.moveTenant(leaf!.id, { new_parent_id: other.id });
  expect(await client.resolveTenant(leaf!.id)).toMatchObject({ ancestry_path: `/${other.id}` });
  await client.moveTenant(leaf!.id, { new_parent_id: root!.id });
  await client.archiveTenant(leaf!.id);
  await expect(client.resolveTenant(leaf!.id)).rejects.toMatchObject({ code: 'TENANT_ARCHIVED' });
});

test('what is invalidated by hand is asked for anew', async () => {
  const [root, leaf] = await world.line(['root', 'leaf']);
  using program = openProgram(url);
  const { client } = program.sdk;
  const read = () => Promise.all([client.resolveTenant(root!.id), client.resolveTenant(leaf!.id)]);
  await read();
  client.invalidateCache(leaf!.id);
  await read();
  expect(program.reads).toBe(3);
  client.invalidateCache(root!.id);
  await read();
  expect(program.reads).toBe(5);
  client.clearCache();
  await read();
  expect(program.reads).toBe(7);
});

test('a key at home beneath others is told of what comes from above, which it does not see', async () => {
  const [root, home, leaf] = await world.line(['root', 'home', 'leaf']);
  const { createApiKey } = await world.data(
    'mutation ($id: ID!) { createApiKey(input: { tenantId: $id, scopes: [read] }) { plaintextKey } }',
    { id: home!.id },
  );
  using program = openProgram(url, { apiKey: createApiKey.plaintextKey, cache: { fallbackTtlMs: 500 } });
  expect(await program.sdk.client.resolveTenant(leaf!.id)).toMatchObject({ ancestry_path: `/${home!.id}`, depth: 2 });
  await program.live();
  const reads = program.reads;
  await program.sdk.client.resolveTenant(leaf!.id);
  await sleep(1_000);
  await program.sdk.client.resolveTenant(leaf!.id);
  expect(program.reads).toBeLessThanOrEqual(reads + 1);
  await world.config(root!, { theme: 'dark' });
  await until(async () => (await program.value(leaf!.id, 'theme')) === 'dark', 400);
  await world.permission(root!, { key: 'export', value: true });
  await until(async () => 'export' in (await program.sdk.client.resolveTenant(leaf!.id)).resolved_permissions, 400);
  await world.config(home!, { theme: 'light' });
  await until(async () => (await program.value(leaf!.id, 'theme')) === 'light', 400);
});

test('a key that is revoked gets nothing from memory either, within seconds', async () => {
  const { id } = await world.tenant();
  const { createApiKey } = await world.data(
    'mutation ($id: ID!) { createApiKey(input: { tenantId: $id, scopes: [read] }) { plaintextKey apiKey { id } } }',
    { id },
  );
  using program = openProgram(url, { apiKey: createApiKey.plaintextKey });
  await program.sdk.client.resolveTenant(id);
  await program.live();
  await world.data('mutation ($id: ID!) { revokeApiKey(id: $id) { id } }', { id: createApiKey.apiKey.id });
  const isRefused = async () =>
    program.sdk.client.resolveTenant(id).then(
      () => false,
      ({ code }) => code === 'UNAUTHORIZED',
    );
  await until(isRefused, 8_000);
  expect(await isRefused()).toBe(true);
});

test('an answer is never older than the last change that was told, whoever writes and moves meanwhile', async () => {
  const [root, middle, leaf] = await world.line(['root', 'middle', 'leaf']);
  const [aside] = await world.children(root!, ['aside']);
  let told = 0;
  class Listening extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      super(address, protocols);
      this.addEventListener('message', ({ data }) => {
        const { event } = JSON.parse(String(data)).payload?.data?.events ?? {};
        if ([root!.id, leaf!.id].includes(event?.tenantId)) {
          setImmediate(() => {
            told = Math.max(told, event.revision); // the program has had a moment to hear it
          });
        }
      });
    }
  }
  using program = openProgram(url, { webSocket: Listening });
  await program.sdk.client.resolveTenant(leaf!.id);
  await program.live();
  let isWriting = true;
  const write = async () => {
    for (let n = 1; n <= 60; n += 1) {
      await world.config(root!, { n });
      if (n % 10 === 0) {
        await world.move(leaf!, n % 20 === 0 ? middle! : aside!);
      }
    }
    isWriting = false;
  };
  let [answers, kept] = [0, 0];
  const read = async () => {
    while (isWriting) {
      const [floor, before] = [told, program.reads];
      const { revision } = await program.sdk.client.resolveTenant(leaf!.id);
      expect(revision).toBeGreaterThanOrEqual(floor);
      answers += 1;
      kept += program.reads === before ? 1 : 0;
      await soon();
    }
  };
  await Promise.all([write(), ...Array.from({ length: 8 }, read)]);
  expect(told).toBeGreaterThanOrEqual(60);
  expect(kept).toBeGreaterThan(answers / 2);
});

test('so many trees that one connection does not take them are all followed, and let go of', async () => {
  const roots: string[] = [];
  for (let n = 0; n < 100; n += 1) {
    roots.push((await world.tenant()).id);
  }
  using program = openProgram(url, { cache: { maxTrees: 95 } });
  await Promise.all(roots.map((id) => program.sdk.client.resolveTenant(id)));
  await program.live(95);
  expect(program.sdk.client.cacheStatus).toEqual({ contexts: 100, trees: 95, live: 95 });
  await world.config({ id: roots[94]! }, { a: 1 });
  await until(async () => (await program.value(roots[94]!, 'a')) === 1, 1_000);
});

test('of thousands of tenants those used last are kept, and no more than were asked for', async () => {
  const root = await world.tenant();
  const ids: string[] = [];
  for (let n = 0; n < 20; n += 1) {
    ids.push(
      ...(
        await world.children(
          root,
          Array.from({ length: 100 }, (_, m) => `t ${n} ${m}`),
        )
      ).map(({ id }) => id),
    );
  }
  using program = openProgram(url, { cache: { maxSize: 500 } });
  const readAll = async (of: readonly string[]) => {
    for (let at = 0; at < of.length; at += 50) {
      await Promise.all(of.slice(at, at + 50).map((id) => program.sdk.client.resolveTenant(id)));
    }
  };
  await readAll(ids);
  await program.live();
  expect(program.sdk.client.cacheStatus).toEqual({ contexts: 500, trees: 1, live: 1 });
  expect(program.reads).toBe(2_000);
  await readAll(ids.slice(-500));
  expect(program.reads).toBe(2_000);
  await world.config(root, { a: 1 });
  await until(() => program.sdk.client.cacheStatus.contexts === 0, 1_000);
});
