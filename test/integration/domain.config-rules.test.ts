import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { deleteConfig } from '../../src/domain/config/delete.ts';
import { ownEntries } from '../../src/domain/config/entries.ts';
import type { SetConfigInput } from '../../src/domain/config/input.ts';
import { resolvedConfig } from '../../src/domain/config/resolved.ts';
import { setConfig, setConfigs } from '../../src/domain/config/set.ts';
import { readLineages } from '../../src/domain/tenants/lineage.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { archiveTenant } from '../../src/domain/tenants/transition.ts';
import { DomainWorld } from '../support/domain-world.ts';

let world: DomainWorld;
let top: Tenant;
let middle: Tenant;
let leaf: Tenant;
beforeAll(async () => {
  world = await DomainWorld.open();
  top = await world.root();
});
afterAll(async () => {
  expect(await world.invariants()).toEqual([]);
  await world[Symbol.asyncDispose]();
});

/** A fresh line beneath the root for each group of tests. */
async function fresh(): Promise<void> {
  [top, middle, leaf] = (await world.line(await world.root(), 3)) as [Tenant, Tenant, Tenant];
}

const set = ({ id: tenantId }: Tenant, input: SetConfigInput) => setConfig(world.admin, { tenantId, input });
const setAll = ({ id: tenantId }: Tenant, entries: SetConfigInput[]) => setConfigs(world.admin, { tenantId, entries });
const remove = ({ id: tenantId }: Tenant, key: string) => deleteConfig(world.admin, { tenantId, key });

describe('a batch', () => {
  beforeAll(fresh);

  test('with one locked key writes nothing, and names the item and the highest lock', async () => {
    await set(middle, { key: 'locked', value: 1, locked: true });
    await set(top, { key: 'locked', value: 0, locked: true });

    const body = await world.refused(
      () =>
        setAll(leaf, [
          { key: 'a', value: 1 },
          { key: 'locked', value: 2 },
          { key: 'b', value: 1 },
        ]),
      'CONFIG_LOCKED',
    );

    expect(body.details).toEqual({ key: 'locked', source_tenant_id: top.id, index: 1 });
    expect(await world.value(leaf, 'a')).toBeUndefined();
  });

  test('with one entry that is refused writes nothing', async () => {
    const entries = [
      { key: 'a', value: 1 },
      { key: '', value: 1 },
    ];

    const body = await world.refused(() => setAll(leaf, entries), 'VALIDATION_ERROR');

    expect(body).toMatchObject({ details: { index: 1 }, issues: [{ path: ['entries', 1, 'key'] }] });
  });

  test('of 200 entries is written, of 201 or none refused', async () => {
    const entries = Array.from({ length: 201 }, (_, n) => ({ key: `k${n}`, value: n }));

    await world.refused(() => setAll(leaf, entries), 'VALIDATION_ERROR');
    await world.refused(() => setAll(leaf, []), 'VALIDATION_ERROR');

    expect(await setAll(leaf, entries.slice(1))).toHaveLength(200);
  });

  test('lets the last of equal keys count, with one event', async () => {
    const before = await world.counts();

    const stored = await setAll(leaf, [
      { key: 'twice', value: 1, locked: true },
      { key: 'twice', value: 2 },
    ]);

    expect(stored.map(({ value, locked }) => [value, locked])).toEqual([
      [2, false],
      [2, false],
    ]);
    expect((await world.counts())['events']).toBe(before['events']! + 1);
  });

  test('that changes nothing leaves no event', async () => {
    await setAll(leaf, [{ key: 'same', value: { a: 1, b: 2 } }]);
    const before = await world.counts();

    await setAll(leaf, [{ key: 'same', value: { b: 2, a: 1 } }]);

    expect(await world.counts()).toEqual(before);
  });
});

describe('a lock', () => {
  beforeAll(fresh);

  test('is the highest there is; what lies below stays stored and comes back when it goes', async () => {
    await set(leaf, { key: 'k', value: 'leaf' });
    await set(middle, { key: 'k', value: 'middle', locked: true });
    await set(top, { key: 'k', value: 'top', locked: true });

    const values = [await world.value(leaf, 'k')];
    await set(top, { key: 'k', value: 'top' });
    values.push(await world.value(leaf, 'k'));
    await remove(middle, 'k');
    values.push(await world.value(leaf, 'k'));

    expect(values).toEqual(['top', 'middle', 'leaf']);
  });

  test('does not keep a tenant from removing its own entry, in any state', async () => {
    await set(leaf, { key: 'own', value: 'leaf' });
    await set(top, { key: 'own', value: 'top', locked: true });
    await archiveTenant(world.admin, { id: leaf.id });

    await remove(leaf, 'own');

    await world.refused(() => remove(leaf, 'own'), 'CONFIG_NOT_FOUND');
  });
});

describe('a sensitive value', () => {
  beforeAll(fresh);

  const isSealed = async ({ key: tenantKey }: Tenant, key: string) => {
    const entry = await world.database.prisma.configEntry.findUniqueOrThrow({
      where: { tenantKey_key: { tenantKey, key } },
    });
    return entry.ciphertext !== null && entry.value === null;
  };

  test('stays sensitive when it is written again without the flag, alone and in a batch', async () => {
    await set(top, { key: 'token', value: 'one', sensitive: true });

    await set(top, { key: 'token', value: 'two' });
    const alone = await isSealed(top, 'token');
    await setAll(top, [{ key: 'token', value: 'three', sensitive: null }]);

    expect([alone, await isSealed(top, 'token')]).toEqual([true, true]);
    expect(await world.value(top, 'token')).toBe('three');
  });

  test('makes every override below it sensitive, even one that says it is not', async () => {
    await set(top, { key: 'shared', value: 'top', sensitive: true });

    await set(middle, { key: 'shared', value: 'middle', sensitive: false });
    await setAll(leaf, [{ key: 'shared', value: 'leaf', sensitive: false }]);
    await remove(top, 'shared');
    await set(leaf, { key: 'shared', value: 'leaf again' });

    expect([await isSealed(middle, 'shared'), await isSealed(leaf, 'shared')]).toEqual([true, true]);
  });

  test('above makes an older plain value below it masked, and one that moves in as well', async () => {
    const other = await world.child(await world.root());
    await set(leaf, { key: 'late', value: 'plain' });
    await set(other, { key: 'late', value: 'foreign' });
    await set(top, { key: 'late', value: 'top', sensitive: true });

    await moveTenant(world.admin, { id: other.id, newParentId: middle.id });

    const masked = { value: null, sensitive: true, masked: true };
    expect(await shown(leaf, 'late')).toMatchObject(masked);
    expect(await shown(other, 'late')).toMatchObject(masked);
  });

  test('is seen in clear at home where it was set, by others only on request', async () => {
    await set(middle, { key: 'secret', value: 'clear', sensitive: true });

    const [atHome, below, belowOnRequest, admin] = [
      await shown(middle, 'secret', middle),
      await shown(leaf, 'secret', leaf),
      await shown(leaf, 'secret', leaf, true),
      await shown(leaf, 'secret'),
    ];

    expect([atHome, below, belowOnRequest, admin].map((entry) => entry?.value)).toEqual(['clear', null, 'clear', null]);
  });

  /** An entry as somebody at home in a tenant sees it, or as an administrator of everything does. */
  async function shown(tenant: Tenant, key: string, home?: Tenant, revealSensitive = false) {
    const call = home === undefined ? world.admin : world.at(home);
    const [tenants] = await readLineages(call, [tenant.id]);
    const lineage = { tenants: tenants!, entries: await ownEntries(call, tenants!) };
    return resolvedConfig(call, lineage, { keys: [key], revealSensitive })[0];
  }
});
