import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import type { Call } from '../../src/domain/call.ts';
import { setConfig } from '../../src/domain/config/set.ts';
import { createTenant, createTenants } from '../../src/domain/tenants/create.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { archiveTenant, resumeTenant } from '../../src/domain/tenants/transition.ts';
import { DomainWorld, outcomesOf, uniqueSlug } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open({ maxDepth: 256 });
});
afterAll(() => world[Symbol.asyncDispose]());

const longestName = '\u{1F333}'.repeat(255);
const longestSlug = () => `${uniqueSlug()}${'_'.repeat(63)}`.slice(0, 63);

/** The administrator of an installation whose trees may be this deep. */
function upTo(maxDepth: number): Call {
  return { ...world.admin, limits: { ...world.admin.limits, maxDepth } };
}

/** A root and a line of tenants with the longest slugs and names beneath it; gives them by their depth. */
async function longestLine(call: Call, depth: number): Promise<Tenant[]> {
  const tenants = [await createTenant(call, { name: longestName, slug: longestSlug() })];
  while (tenants.length <= depth) {
    const slugs = Array.from({ length: Math.min(100, depth + 1 - tenants.length) }, longestSlug);
    const items = slugs.map((slug, n) => {
      const parent = n === 0 ? { parentId: tenants.at(-1)!.id } : { parentSlug: slugs[n - 1]! };
      return { ...parent, name: longestName, slug };
    });
    tenants.push(...(await createTenants(call, items)));
  }
  return tenants;
}

const exceeded = (depth: number, maxDepth: number, more: object = {}) => ({
  code: 'TENANT_DEPTH_EXCEEDED',
  message: expect.any(String),
  details: { depth, max_depth: maxDepth, ...more },
});

test('a tenant at the limit is created with the longest slug and name; one deeper is refused', async () => {
  const call = upTo(4);
  const [, , , , deepest] = await longestLine(call, 4);

  const body = await world.refused(
    () => createTenant(call, { parentId: deepest!.id, name: longestName, slug: longestSlug() }),
    'TENANT_DEPTH_EXCEEDED',
  );

  expect(deepest).toMatchObject({ depth: 4, name: longestName });
  expect(body).toEqual(exceeded(5, 4));
});

test('a batch that goes one too deep is refused as a whole and names the item', async () => {
  const call = upTo(2);
  const [root] = await longestLine(call, 0);
  const [a, b, c] = [longestSlug(), longestSlug(), longestSlug()];
  const items = [
    { parentId: root!.id, name: longestName, slug: a },
    { parentSlug: a, name: longestName, slug: b },
    { parentSlug: b, name: longestName, slug: c },
  ];

  const body = await world.refused(() => createTenants(call, items), 'TENANT_DEPTH_EXCEEDED');

  expect(body).toEqual(exceeded(3, 2, { index: 2 }));
  expect((await createTenants(call, items.slice(0, 2))).map(({ depth }) => depth)).toEqual([1, 2]);
});

test('a move counts the deepest descendant: at the limit it fits, one deeper is refused', async () => {
  const call = upTo(5);
  const host = await longestLine(call, 3);
  const guest = await longestLine(call, 2);
  await createTenant(call, { parentId: guest[0]!.id, name: longestName, slug: longestSlug() });

  const body = await world.refused(
    () => moveTenant(call, { id: guest[0]!.id, newParentId: host[3]!.id }),
    'TENANT_DEPTH_EXCEEDED',
  );
  await moveTenant(call, { id: guest[0]!.id, newParentId: host[2]!.id });

  expect(body).toEqual(exceeded(6, 5));
  expect(await world.read(guest[2]!)).toMatchObject({ depth: 5, rootId: host[0]!.id });
  expect(await world.invariants()).toEqual([]);
});

test('within one tree a move counts the same way, and a move to the top always fits', async () => {
  const call = upTo(3);
  const [root, one, two, three] = await longestLine(call, 3);
  const shelf = await createTenant(call, { parentId: root!.id, name: longestName, slug: longestSlug() });

  const body = await world.refused(
    () => moveTenant(call, { id: one!.id, newParentId: shelf.id }),
    'TENANT_DEPTH_EXCEEDED',
  );
  await moveTenant(call, { id: two!.id, newParentId: shelf.id });
  await moveTenant(call, { id: one!.id, newParentId: null });

  expect(body).toEqual(exceeded(4, 3));
  expect((await world.read(three!)).depth).toBe(3);
  expect((await world.read(one!)).depth).toBe(0);
});

test('a tenant deeper than a limit that was lowered stays readable and is not resumed', async () => {
  const [, , , deepest] = await longestLine(upTo(3), 3);
  await archiveTenant(world.admin, { id: deepest!.id });

  const body = await world.refused(() => resumeTenant(upTo(2), { id: deepest!.id }), 'TENANT_DEPTH_EXCEEDED');

  expect(body).toEqual(exceeded(3, 2));
  expect(await world.config(deepest!)).toEqual([]);
  expect((await resumeTenant(upTo(3), { id: deepest!.id })).status).toBe('active');
});

test('a create at the bottom and a move at the top at the same moment never go too deep together', async () => {
  const call = upTo(4);
  const host = await longestLine(call, 2);

  for (let n = 0; n < 20; n += 1) {
    const guest = await longestLine(call, 1);
    const works = [
      () => createTenant(call, { parentId: guest[1]!.id, name: longestName, slug: longestSlug() }),
      () => moveTenant(call, { id: guest[0]!.id, newParentId: host[2]!.id }),
    ];
    const outcomes = await outcomesOf(...(n % 4 < 2 ? works : works.reverse()).map((work) => work()));
    expect(outcomes.sort()).toEqual(['TENANT_DEPTH_EXCEEDED', 'ok']);
  }

  const [{ depth } = { depth: 0 }] = await world.sql<{ depth: number }>(
    'select max(depth) as depth from tenants where root_id = $1',
    [host[0]!.id],
  );
  expect(depth).toBe(4);
});

test('256 levels work with keys of eight letters, and can be moved, resolved and refused one deeper', async () => {
  await world.sql('alter table tenants alter column key restart with 78364164096'); // 36 ** 7
  const line = await longestLine(world.admin, 256);
  const [root, , second] = line as [Tenant, Tenant, Tenant];
  const deepest = line.at(-1)!;
  await setConfig(world.admin, { tenantId: root.id, input: { key: 'far', value: 'away' } });

  const body = await world.refused(() => world.child(deepest), 'TENANT_DEPTH_EXCEEDED');
  await moveTenant(world.admin, { id: second.id, newParentId: root.id });

  expect(deepest.path).toHaveLength(257 * 9);
  expect(body).toEqual(exceeded(257, 256));
  expect(await world.value(deepest, 'far')).toBe('away');
  expect((await world.read(deepest)).depth).toBe(255);
  expect(await world.invariants()).toEqual([]);
});
