import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { setConfig, setConfigs } from '../../src/domain/config/set.ts';
import { createPermission } from '../../src/domain/permissions/create.ts';
import { updatePermission } from '../../src/domain/permissions/update.ts';
import { createTenant, createTenants } from '../../src/domain/tenants/create.ts';
import { updateTenant } from '../../src/domain/tenants/update.ts';
import { DomainWorld, uniqueSlug } from '../support/domain-world.ts';

let world: DomainWorld;
let tenant: Tenant;
let policyId: string;
beforeAll(async () => {
  world = await DomainWorld.open();
  tenant = await world.root();
  const input = { key: 'own', value: 1, mode: 'INHERITED', revocationMode: 'SOFT' } as const;
  policyId = (await createPermission(world.admin, { tenantId: tenant.id, input })).id;
});
afterAll(async () => {
  expect(await world.invariants()).toEqual([]);
  await world[Symbol.asyncDispose]();
});

const texts = {
  '255 astral characters': '\u{1F333}'.repeat(255),
  '255 of the last code point there is': '\u{10FFFF}'.repeat(255),
  'right to left': 'شركة «ألف» — חברה 42',
  'directions turned by control characters': '\u202Eabc\u202C \u2067def\u2069',
  'characters that are composed, and stay apart': 'e\u0301 \u0C15\u0C4D\u0C37 \u1112\u1161\u11AB',
  'a family of seven code points': '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}',
  'characters that are no characters': '\uFFFE\uFFFF\uFEFF',
  'white space only': ' \t\n\u00A0\u2003',
  'controls and quotes': `\u0001\u001F\u007F\\"'%s$1;--`,
  'the word null': 'null',
};

test.each(Object.entries(texts))('a name of %s is kept as it is', async (_what, name) => {
  const created = await createTenant(world.admin, { name, slug: uniqueSlug() });
  const [batched] = await createTenants(world.admin, [{ name, slug: uniqueSlug() }]);
  await updateTenant(world.admin, { id: tenant.id, input: { name } });

  const stored = await Promise.all([created, batched!, tenant].map((one) => world.read(one)));

  expect(stored.map((one) => one.name)).toEqual([name, name, name]);
});

test.each(Object.entries(texts))('keys and values of %s are kept as they are', async (_what, text) => {
  const input = { key: text, value: { [text]: [text] } };
  const permission = { ...input, mode: 'DELEGATED', revocationMode: 'SOFT' } as const;
  const { id: tenantId } = await world.root({ metadata: { [text]: text }, document: { [text]: { [text]: text } } });
  await setConfig(world.admin, { tenantId, input });
  await setConfig(world.admin, { tenantId, input: { ...input, key: `${text.slice(0, 2)}secret`, sensitive: true } });
  await createPermission(world.admin, { tenantId, input: permission });

  expect(await world.read({ id: tenantId })).toMatchObject({ metadata: { [text]: text } });
  expect(await world.config({ id: tenantId })).toContainEqual(expect.objectContaining(input));
  expect((await world.config({ id: tenantId }))?.map(({ value }) => value)).toEqual([input.value, input.value]);
  expect(await world.permissions({ id: tenantId })).toMatchObject([input]);
});

const faults = {
  NUL: 'a\0b',
  'a high surrogate alone': 'a\uD83Cb',
  'a low surrogate alone': 'a\uDF33b',
  'surrogates in the wrong order': '\uDF33\uD83C',
  'half a pair at the end': '\u{1F333}\uD83C',
};

type Write = (text: string) => Promise<unknown>;

const policy = (key: string, value: unknown) =>
  createPermission(world.admin, {
    tenantId: tenant.id,
    input: { key, value, mode: 'INHERITED', revocationMode: 'SOFT' },
  });
const config = (key: string, value: unknown, sensitive = false) =>
  setConfig(world.admin, { tenantId: tenant.id, input: { key, value, sensitive } });

/** Every way to get text into the database. */
const ways: Readonly<Record<string, Write>> = {
  'the name of a new tenant': (name) => createTenant(world.admin, { name, slug: uniqueSlug() }),
  'the name of a tenant in a batch': (name) => createTenants(world.admin, [{ name, slug: uniqueSlug() }]),
  'a new name': (name) => updateTenant(world.admin, { id: tenant.id, input: { name } }),
  'a slug': (slug) => createTenant(world.admin, { name: 'Tenant', slug }),
  'a new slug': (slug) => updateTenant(world.admin, { id: tenant.id, input: { slug } }),
  'a key of metadata': (text) => updateTenant(world.admin, { id: tenant.id, input: { metadata: { [text]: 1 } } }),
  'a value in metadata': (text) =>
    createTenant(world.admin, { name: 'Tenant', slug: uniqueSlug(), metadata: { list: [{ deep: text }] } }),
  'a key of the document': (text) =>
    createTenant(world.admin, { name: 'Tenant', slug: uniqueSlug(), document: { deep: { [text]: null } } }),
  'a value in the document': (text) => updateTenant(world.admin, { id: tenant.id, input: { document: { text } } }),
  'a config key': (key) => config(key, 1),
  'a config value': (value) => config('key', value),
  'a key within a config value': (text) => config('key', [{ [text]: 1 }]),
  'a sensitive config value': (value) => config('key', value, true),
  'a config key in a batch': (key) =>
    setConfigs(world.admin, {
      tenantId: tenant.id,
      entries: [
        { key: 'fine', value: 1 },
        { key, value: 1 },
      ],
    }),
  'a permission key': (key) => policy(key, 1),
  'a permission value': (value) => policy('key', { value }),
  'a new permission value': (value) => updatePermission(world.admin, { id: policyId, input: { value } }),
};

describe.each(Object.entries(faults))('%s', (_fault, text) => {
  test.each(Object.keys(ways))('is refused in %s', async (way) => {
    const body = await world.refused(() => ways[way]!(text), 'VALIDATION_ERROR');

    expect(body.issues?.length).toBe(1);
    expect(JSON.stringify(body)).not.toMatch(/[\0]|\\u0000|\\ud83c|\\udf33/);
  });
});

test.each([
  ['an empty name', '', 'too_small'],
  ['a name of 256 astral characters', '\u{1F333}'.repeat(256), 'too_big'],
])('%s is refused', async (_what, name, code) => {
  const body = await world.refused(() => createTenant(world.admin, { name, slug: uniqueSlug() }), 'VALIDATION_ERROR');

  expect(body.issues).toEqual([{ path: ['input', 'name'], code, message: expect.any(String) }]);
});

test.each(['', 'A', '1a', '_a', 'a-b', 'ä', 'a b', 'a\n', `a${'b'.repeat(63)}`, '\u0430bc'])(
  'the slug %j is refused',
  async (slug) => {
    await world.refused(() => createTenant(world.admin, { name: 'Tenant', slug }), 'VALIDATION_ERROR');
    await world.refused(() => updateTenant(world.admin, { id: tenant.id, input: { slug } }), 'VALIDATION_ERROR');
  },
);
