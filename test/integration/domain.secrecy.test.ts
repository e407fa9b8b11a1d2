import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { deleteConfig } from '../../src/domain/config/delete.ts';
import type { SetConfigInput } from '../../src/domain/config/input.ts';
import { setConfig, setConfigs } from '../../src/domain/config/set.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { purgeTenant } from '../../src/domain/tenants/purge.ts';
import { suspendTenant } from '../../src/domain/tenants/transition.ts';
import { DomainWorld } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const marker = 'PLANTED-4711-MARKER';
const disguises = [marker, Buffer.from(marker).toString('base64'), Buffer.from(marker).toString('hex')];
const token = { key: 'token', value: `secret ${marker}`, sensitive: true };

const set = ({ id: tenantId }: Tenant, input: SetConfigInput) => setConfig(world.admin, { tenantId, input });

/** Every row of every table, as text. */
async function dump(): Promise<string> {
  const tables = await world.sql<{ name: string }>(
    `select format('%I', table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  );
  const texts = await Promise.all(
    tables.map(({ name }) => world.sql<{ row: string }>(`select t::text as row from ${name} t`)),
  );
  return texts
    .flat()
    .map(({ row }) => row)
    .join('\n');
}

function expectNoMarker(text: string): void {
  expect(disguises.filter((one) => text.includes(one))).toEqual([]);
}

test('a sensitive value is nowhere in the database in clear, however it was written and whatever became of it', async () => {
  const root = await world.root();
  const [top, middle, leaf] = (await world.line(root, 3)) as [Tenant, Tenant, Tenant];
  const steps = [
    () => set(top, token),
    () => set(top, { ...token, value: { deep: [marker] }, sensitive: null }),
    () => set(middle, { ...token, sensitive: false }),
    () => setConfigs(world.admin, { tenantId: leaf.id, entries: [token, { ...token, key: marker.slice(0, 7) }] }),
    () => deleteConfig(world.admin, { tenantId: middle.id, key: 'token' }),
    () => set(top, { key: 'token', value: 'not secret any more', sensitive: false }),
    () => set(top, token),
    () => moveTenant(world.admin, { id: leaf.id, newParentId: null }),
    () => deleteConfig(world.admin, { tenantId: top.id, key: 'token' }),
    () => set(middle, { key: 'gone', value: marker, sensitive: true }),
    () => purgeTenant(world.admin, { id: middle.id }),
  ];

  for (const step of steps) {
    await step();
    expectNoMarker(await dump());
  }
  const text = await dump();

  expect(await world.value(leaf, 'token')).toBe(token.value);
  expect(text).toContain('not secret any more');
  expect(text).toContain(leaf.id);
});

test('the events of a sensitive value say that there is one, and nothing of it', async () => {
  const [tenant] = await world.children(await world.root(), 1);
  await set(tenant!, token);
  await set(tenant!, { ...token, value: `${marker} again` });
  await deleteConfig(world.admin, { tenantId: tenant!.id, key: 'token' });

  const events = await world.sql<{ before: object; after: object }>(
    `select before, after from events where tenant_id = $1 and type like 'config.%' order by revision`,
    [tenant!.id],
  );

  const hidden = { key: 'token', value: null, sensitive: true, masked: true };
  expect(events).toMatchObject([
    { before: null, after: hidden },
    { before: hidden, after: hidden },
    { before: hidden, after: null },
  ]);
});

test('an override of a key that is sensitive above is as hidden in the events as what it overrides', async () => {
  const root = await world.root();
  const [top, below] = (await world.line(root, 2)) as [Tenant, Tenant];
  await set(below, { key: 'token', value: 'plain' });
  await set(top, { key: 'token', value: 'secret', sensitive: true });

  await set(below, { key: 'token', value: marker });
  await deleteConfig(world.admin, { tenantId: below.id, key: 'token' });

  const [, updated, deleted] = await world.sql<{ before: { value: unknown }; after: { value: unknown } | null }>(
    `select before, after from events where tenant_id = $1 and type like 'config.%' order by revision`,
    [below.id],
  );
  expect([updated!.before.value, updated!.after?.value, deleted!.before.value]).toEqual([null, null, null]);
  expectNoMarker(await dump());
});

test('a refusal does not repeat the value that was to be set', async () => {
  const [top, leaf] = (await world.line(await world.root(), 2)) as [Tenant, Tenant];
  const elsewhere = await world.root();
  await set(top, { key: 'locked', value: 1, locked: true });
  await suspendTenant(world.admin, { id: (await world.child(top)).id });
  const entries: SetConfigInput[] = [
    { ...token, key: 'locked' },
    { ...token, value: `${marker}\0` },
    { ...token, value: `${marker}\uD83C` },
    { ...token, value: marker.repeat(10_000) },
    { ...token, value: { [marker]: undefined } },
    { ...token, value: { [`${marker}\0`]: 1 } },
    { ...token, value: new Map([[marker, marker]]) },
    { ...token, value: [marker, 2 ** 60] },
    { ...token, key: '' },
  ];
  const works = [
    ...entries.map((input) => () => set(leaf, input)),
    ...entries.map(
      (input) => () => setConfigs(world.admin, { tenantId: leaf.id, entries: [{ key: 'a', value: 1 }, input] }),
    ),
    () => setConfig(world.at(leaf), { tenantId: elsewhere.id, input: token }),
    () => setConfig(world.admin, { tenantId: leaf.id, input: token, ifRevision: 999 }),
  ];

  for (const work of works) {
    const error = await work().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    expectNoMarker(inspect(error, { depth: 20, showHidden: true, maxStringLength: null }) + JSON.stringify(error));
  }
});

test('two tenants with one secret have nothing in common in the database, and neither have two writes of it', async () => {
  const [one, other] = [await world.root(), await world.root()];
  const sealed: string[] = [];
  for (const tenant of [one, other, one]) {
    await set(tenant, { ...token, locked: sealed.length > 1 });
    const [row] = await world.sql<{ ciphertext: string }>(
      'select ciphertext from config_entries where tenant_key = $1',
      [String(tenant.key)],
    );
    sealed.push(row!.ciphertext.split(':').at(-1)!);
  }

  expect(new Set(sealed).size).toBe(3);
});

test('a sealed value that is carried to another tenant or key by hand does not open, and can be written anew', async () => {
  const [one, other] = [await world.root(), await world.root()];
  await set(one, token);
  await set(other, { ...token, value: 'own' });

  await world.sql(
    'update config_entries set ciphertext = (select ciphertext from config_entries where tenant_key = $1) where tenant_key = $2',
    [String(one.key), String(other.key)],
  );

  world.services.cache.config.clear();
  await expect(world.config(other)).rejects.toThrow();
  await set(other, { ...token, value: 'new' });
  expect(await world.value(other, token.key)).toBe('new');
});
