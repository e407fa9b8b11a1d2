import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Event, Tenant } from '../../src/db/generated/prisma/client.ts';
import { listEvents } from '../../src/domain/ledger/list.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { updateTenant } from '../../src/domain/tenants/update.ts';
import { DomainWorld } from '../support/domain-world.ts';

let world: DomainWorld;
beforeAll(async () => {
  world = await DomainWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

interface State {
  readonly id: string;
  readonly parent_id: string | null;
}

/** What somebody at home in a tenant is told of it and all beneath it, oldest first. */
async function told(
  home: Tenant,
): Promise<{ type: string; tenantId: string | null; before: State | null; after: State | null }[]> {
  const { rows } = await seen(home);
  return rows.map(({ type, tenantId, before, after }) => ({
    type,
    tenantId,
    before: before as State | null,
    after: after as State | null,
  }));
}

async function seen(home: Tenant): Promise<{ readonly rows: readonly Event[] }> {
  const fresh = await world.database.prisma.tenant.findUniqueOrThrow({ where: { id: home.id } });
  const principal = {
    type: 'jwt',
    id: 'somebody',
    scopes: ['admin'],
    home: { tenantId: fresh.id, path: fresh.path },
  } as const;
  const page = await listEvents(world.as(principal), fresh, { subtree: true, newestFirst: false, first: 100 });
  return { rows: page.items };
}

test('the parent of a home is not told, the places beneath it are', async () => {
  const root = await world.root();
  const home = await world.child(root);
  const child = await world.child(home);
  await updateTenant(world.admin, { id: home.id, input: { name: 'Home' } });
  const events = await told(home);
  expect(events.map(({ type, tenantId }) => [type, tenantId])).toEqual([
    ['tenant.created', home.id],
    ['tenant.created', child.id],
    ['tenant.updated', home.id],
  ]);
  expect(events.map(({ after }) => after?.parent_id)).toEqual([null, home.id, null]);
  expect(events[2]?.before).toMatchObject({ id: home.id, parent_id: null });
});

test('what came from outside was nowhere before, and what went there is nowhere', async () => {
  const root = await world.root();
  const [home, sibling] = [await world.child(root), await world.child(root)];
  const tenant = await world.child(sibling);
  await moveTenant(world.admin, { id: tenant.id, newParentId: home.id });
  await moveTenant(world.admin, { id: tenant.id, newParentId: sibling.id });
  const moves = (await told(home)).filter(({ type }) => type === 'tenant.moved');
  expect(moves).toMatchObject([
    { before: null, after: { id: tenant.id, parent_id: home.id } },
    { before: { id: tenant.id, parent_id: home.id }, after: null },
  ]);
});

test('the same from tree to tree', async () => {
  const [root, other] = [await world.root(), await world.root()];
  const [home, foreign] = [await world.child(root), await world.child(other)];
  const tenant = await world.child(foreign);
  await moveTenant(world.admin, { id: tenant.id, newParentId: home.id });
  await moveTenant(world.admin, { id: tenant.id, newParentId: foreign.id });
  const moves = (await told(home)).filter(({ type }) => type === 'tenant.moved');
  expect(moves).toMatchObject([
    { before: null, after: { id: tenant.id, parent_id: home.id } },
    { before: { id: tenant.id, parent_id: home.id }, after: null },
  ]);
  expect(JSON.stringify(moves)).not.toContain(other.id);
  expect(JSON.stringify(moves)).not.toContain(foreign.id);
});

test('a home that moves to another tree sees itself, without the parents', async () => {
  const [root, other] = [await world.root(), await world.root()];
  const home = await world.child(root);
  await moveTenant(world.admin, { id: home.id, newParentId: other.id });
  const [move] = await told(home);
  expect(move).toMatchObject({
    type: 'tenant.moved',
    before: { id: home.id, parent_id: null },
    after: { id: home.id, parent_id: null },
  });
});
