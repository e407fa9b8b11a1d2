import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { deleteConfig } from '../../src/domain/config/delete.ts';
import { configMap } from '../../src/domain/config/resolved.ts';
import { setConfig, setConfigs } from '../../src/domain/config/set.ts';
import { createPermission } from '../../src/domain/permissions/create.ts';
import { permissionMap } from '../../src/domain/permissions/resolved.ts';
import { updateTenant } from '../../src/domain/tenants/update.ts';
import { DomainWorld } from '../support/domain-world.ts';

let world: DomainWorld;
let tenant: Tenant;
beforeAll(async () => {
  world = await DomainWorld.open();
  tenant = await world.root();
});
afterAll(async () => {
  expect(await world.invariants()).toEqual([]);
  await world[Symbol.asyncDispose]();
});

const set = (key: string, value: unknown, more: object = {}) =>
  setConfig(world.admin, { tenantId: tenant.id, input: { key, value, ...more } });
const grant = (key: string, value: unknown) =>
  createPermission(world.admin, {
    tenantId: tenant.id,
    input: { key, value, mode: 'DELEGATED', revocationMode: 'SOFT' },
  });

/** JSON text as a client sends it: a key `__proto__` is a key like any other. */
const json = (text: string): unknown => JSON.parse(text);

const keys = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'prototype',
  'batch',
  'inheritance',
  'length',
  '0',
  'null',
  'undefined',
  ' ',
  'a/b/../c',
  '//',
  '.',
  '..',
  'a.b.c',
  '100%',
  '%2F%00',
  '$where',
  "'; drop table tenants; --",
  'ключ 鍵 \u{1F511}',
  'K',
  'k',
  'x'.repeat(255),
  '\u{1F511}'.repeat(255),
];

describe('the key', () => {
  test.each(keys)('%j is one like any other: set, overridden, sealed, resolved, permitted, removed', async (key) => {
    tenant = await world.root();
    const child = await world.child(tenant);
    await set(key, { plain: true });
    await setConfigs(world.admin, { tenantId: child.id, entries: [{ key, value: 'below', sensitive: true }] });
    await grant(key, { allowed: true });

    const [own, below] = [(await world.config(tenant))!, (await world.config(child))!];
    const map = configMap(own);
    const permissions = permissionMap((await world.permissions(child))!);
    await deleteConfig(world.admin, { tenantId: child.id, key });

    expect(own.map((entry) => [entry.key, entry.value])).toEqual([[key, { plain: true }]]);
    expect(below.map((entry) => [entry.key, entry.value])).toEqual([[key, 'below']]);
    expect(Object.entries(map)).toMatchObject([[key, { key, value: { plain: true } }]]);
    expect(Object.entries(permissions)).toMatchObject([[key, { key, value: { allowed: true } }]]);
    expect([Object.getPrototypeOf(map), Object.getPrototypeOf(permissions)]).toEqual([
      Object.prototype,
      Object.prototype,
    ]);
    expect(await world.value(child, key)).toEqual({ plain: true });
  });

  test('that was never set is not found, whatever every object has', async () => {
    tenant = await world.root();

    for (const key of keys) {
      expect(await world.value(tenant, key)).toBeUndefined();
      await world.refused(() => deleteConfig(world.admin, { tenantId: tenant.id, key }), 'CONFIG_NOT_FOUND');
    }
  });

  test('of 256 characters, or none, is refused', async () => {
    for (const key of ['x'.repeat(256), '\u{1F511}'.repeat(256), '']) {
      await world.refused(() => set(key, 1), 'VALIDATION_ERROR');
      await world.refused(() => grant(key, 1), 'VALIDATION_ERROR');
    }
  });

  test('within metadata and document may be any, too', async () => {
    const object = json(
      '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}, "toJSON": "x", "": 0}',
    ) as Record<string, unknown>;

    await updateTenant(world.admin, { id: tenant.id, input: { metadata: object, document: object } });

    const { metadata, document } = await world.read(tenant);
    expect(JSON.stringify(sorted(metadata))).toBe(JSON.stringify(sorted(object)));
    expect(JSON.stringify(sorted(document))).toBe(JSON.stringify(sorted(object)));
    expect('polluted' in {}).toBe(false);
  });
});

const nested = (depth: number): unknown => json('['.repeat(depth) + ']'.repeat(depth));
const circular: unknown[] = [];
circular.push(circular);

const kept: Readonly<Record<string, unknown>> = {
  null: null,
  zero: 0,
  'an empty text': '',
  false: false,
  'an empty list': [],
  'an empty object': {},
  'a list of nothing': [null, null],
  'the largest whole number': Number.MAX_SAFE_INTEGER,
  'the smallest whole number': Number.MIN_SAFE_INTEGER,
  'a fraction that binary does not have': 0.1 + 0.2,
  'the smallest number there is': 5e-324,
  '1e308': 1e308,
  'a number of seventeen digits': 1.2345678901234567,
  'numbers in a list': [0.1 + 0.2, -1e-7, 1.7976931348623157e308],
  'text that looks like a number': '12345678901234567890.10',
  'text that looks like JSON': '{"a":"\\u0000"}',
  'a line separator': '\u2028\u2029',
  '128 levels beneath the first': nested(129),
  'keys in this order': json('{"b":1,"a":{"z":1,"y":2},"10":1,"9":1}'),
  'a key __proto__': json('{"__proto__":{"__proto__":1},"constructor":null}'),
  '64 KiB': 'x'.repeat(65_536 - 2),
  '64 KiB of three bytes each': '鍵'.repeat((65_536 - 2) / 3),
};

const refused: Readonly<Record<string, unknown>> = {
  'nothing at all': undefined,
  'nothing within': { a: undefined },
  'a whole number that was rounded': 2 ** 53,
  'a negative one': -(2 ** 53),
  'one deep within': { a: [{ b: 2 ** 60 }] },
  'more than any number': Number.POSITIVE_INFINITY,
  'not a number': Number.NaN,
  'a big integer': 1n,
  'a function': () => 1,
  'a date': new Date(0),
  'a map': new Map([['a', 1]]),
  '129 levels beneath the first': nested(130),
  '100,000 levels': nested(100_000),
  'a circle': circular,
  'a byte over 64 KiB': 'x'.repeat(65_536 - 1),
  'a byte over 64 KiB in three bytes each': `${'鍵'.repeat((65_536 - 2) / 3)}xxx`,
  'text that escapes to more than 64 KiB': '"'.repeat(33_000),
};

describe('the value', () => {
  test.each(Object.keys(kept))('%s is read back equal, plain, sealed and as a permission', async (name) => {
    const value = kept[name];
    await set(name, value);
    await set(`${name}, sealed`, value, { sensitive: true });
    const policy = await grant(name, value);
    const again = await world.counts();
    await set(name, value);
    await set(`${name}, sealed`, value);

    const read = [
      await world.value(tenant, name),
      await world.value(tenant, `${name}, sealed`),
      (await world.permissions(tenant))!.find(({ policyId }) => policyId === policy.id)!.value,
    ];

    const text = JSON.stringify(sorted(value));
    expect(read.map((one) => JSON.stringify(sorted(one)))).toEqual([text, text, text]);
    expect(await world.counts()).toEqual(again);
  });

  test.each(Object.keys(refused))('%s is refused, plain, sealed, in a batch and as a permission', async (name) => {
    const value = refused[name];
    const batch = [
      { key: 'fine', value: 1 },
      { key: name, value },
    ];

    await world.refused(() => set(name, value), 'VALIDATION_ERROR');
    await world.refused(() => set(name, value, { sensitive: true }), 'VALIDATION_ERROR');
    await world.refused(() => setConfigs(world.admin, { tenantId: tenant.id, entries: batch }), 'VALIDATION_ERROR');
    await world.refused(() => grant(name, value), 'VALIDATION_ERROR');
    await world.refused(
      () => updateTenant(world.admin, { id: tenant.id, input: { metadata: { value } } }),
      'VALIDATION_ERROR',
    );
  });

  test('minus zero is zero', async () => {
    await set('minus', -0);

    expect(await world.value(tenant, 'minus')).toBe(0);
  });
});

/** The same value with the keys of every object in one order: what JSON calls equal. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Array.isArray(value)
    ? value.map(sorted)
    : Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, inner]) => [key, sorted(inner)]);
}
