import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { createApiKey } from '../../src/domain/api-keys/create.ts';
import { findApiKeys } from '../../src/domain/api-keys/find.ts';
import { createHolderReader, type KeyHolder } from '../../src/domain/api-keys/holders.ts';
import { revokeApiKey } from '../../src/domain/api-keys/revoke.ts';
import { rotateApiKey } from '../../src/domain/api-keys/rotate.ts';
import type { IssuedApiKey } from '../../src/domain/api-keys/rows.ts';
import type { Call } from '../../src/domain/call.ts';
import { installationLedgerId } from '../../src/domain/ledger/write.ts';
import type { Scope } from '../../src/domain/principal.ts';
import { assignRole, removeRole } from '../../src/domain/roles/assign.ts';
import { createRole } from '../../src/domain/roles/create.ts';
import { deleteRole } from '../../src/domain/roles/delete.ts';
import { updateRole } from '../../src/domain/roles/update.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { purgeTenant } from '../../src/domain/tenants/purge.ts';
import { suspendTenant } from '../../src/domain/tenants/transition.ts';
import { DomainWorld, outcomesOf, uniqueSlug, unknownId } from '../support/domain-world.ts';

let world: DomainWorld;
let root: Tenant;
let home: Tenant;
let other: Tenant;
beforeAll(async () => {
  world = await DomainWorld.open();
  [root, other] = [await world.root(), await world.root()];
  home = await world.child(root);
});
afterAll(() => world[Symbol.asyncDispose]());

/** Somebody at home in a tenant, with one scope. */
function at({ id, path }: Tenant, scope: Scope): Call {
  return world.as({ type: 'api_key', id: `${scope}-at-${id}`, scopes: [scope], home: { tenantId: id, path } });
}

function keyOf(tenantId: string | null, scopes: Scope[] = ['read', 'write'], call = world.admin) {
  return createApiKey(call, { input: { tenantId, scopes } });
}

function roleOf(tenantId: string | null, scopes: Scope[], call = world.admin) {
  return createRole(call, { input: { tenantId, name: uniqueSlug(), scopes } });
}

/** What a key stands for at this moment, as the next request would find out. */
async function holderOf({ plaintextKey }: IssuedApiKey): Promise<KeyHolder | null> {
  return createHolderReader(world.database).ofKey(world.services.keys.hashOf(plaintextKey));
}

async function lastEvents(ledgerId: string, count: number): Promise<string[]> {
  const rows = await world.sql<{ type: string }>(
    'select type from events where ledger_id = $1 order by revision desc limit $2',
    [ledgerId, count],
  );
  return rows.map(({ type }) => type).reverse();
}

describe('nobody gives more than they have', () => {
  test('in a role they make, change, assign or take away', async () => {
    const writer = at(home, 'write');
    const [strong, weak] = [await roleOf(home.id, ['admin']), await roleOf(home.id, ['read'])];
    const { apiKey: adminKey } = await keyOf(home.id, ['admin']);
    const { apiKey: key } = await keyOf(home.id, ['read']);

    await world.refused(() => roleOf(home.id, ['admin'], writer), 'FORBIDDEN');
    await world.refused(() => updateRole(writer, { id: weak.id, input: { scopes: ['admin'] } }), 'FORBIDDEN');
    await world.refused(() => updateRole(writer, { id: strong.id, input: { scopes: ['read'] } }), 'FORBIDDEN');
    await world.refused(() => assignRole(writer, { keyId: key.id, roleId: strong.id }), 'FORBIDDEN');
    await world.refused(() => assignRole(writer, { keyId: adminKey.id, roleId: weak.id }), 'FORBIDDEN');
    await world.refused(() => deleteRole(writer, { id: strong.id }), 'FORBIDDEN');
    await assignRole(world.admin, { keyId: adminKey.id, roleId: weak.id });
    await world.refused(() => removeRole(writer, { keyId: adminKey.id }), 'FORBIDDEN');
    await world.refused(() => deleteRole(writer, { id: weak.id }), 'FORBIDDEN');

    expect((await assignRole(writer, { keyId: key.id, roleId: weak.id })).effectiveScopes).toEqual(['read']);
  });

  test('nor anything of the whole installation, unless they are at home there', async () => {
    const admin = world.at(home);
    const shared = await roleOf(null, ['read']);
    const { apiKey: global } = await keyOf(null);

    await world.refused(() => keyOf(null, ['read'], admin), 'FORBIDDEN');
    await world.refused(() => roleOf(null, ['read'], admin), 'FORBIDDEN');
    await world.refused(() => updateRole(admin, { id: shared.id, input: { name: 'Other' } }), 'FORBIDDEN');
    await world.refused(() => deleteRole(admin, { id: shared.id }), 'FORBIDDEN');
    await world.refused(() => revokeApiKey(admin, { id: global.id }), 'NOT_FOUND');
    await world.refused(() => rotateApiKey(admin, { id: global.id }), 'NOT_FOUND');
    const { apiKey: own } = await keyOf(home.id, ['read'], admin);
    expect((await assignRole(admin, { keyId: own.id, roleId: shared.id })).roleId).toBe(shared.id);
  });
});

test('keys and roles outside the caller’s subtree do not exist', async () => {
  const admin = world.at(home);
  for (const { id: tenantId } of [root, other]) {
    const [{ apiKey }, role] = [await keyOf(tenantId), await roleOf(tenantId, ['read'])];
    const { apiKey: own } = await keyOf(home.id);
    await world.refused(() => keyOf(tenantId, ['read'], admin), 'TENANT_NOT_FOUND');
    await world.refused(() => roleOf(tenantId, ['read'], admin), 'TENANT_NOT_FOUND');
    await world.refused(() => revokeApiKey(admin, { id: apiKey.id }), 'NOT_FOUND');
    await world.refused(() => assignRole(admin, { keyId: apiKey.id, roleId: role.id }), 'NOT_FOUND');
    await world.refused(() => assignRole(admin, { keyId: own.id, roleId: role.id }), 'NOT_FOUND');
    await world.refused(() => updateRole(admin, { id: role.id, input: { name: 'Other' } }), 'NOT_FOUND');
  }
  await world.refused(() => revokeApiKey(admin, { id: unknownId }), 'NOT_FOUND');
});

describe('a role', () => {
  test('says what its keys may do, from the next request on, and not when it is gone', async () => {
    const issued = await keyOf(home.id, ['read', 'write']);
    const role = await roleOf(root.id, ['read']);
    await assignRole(world.admin, { keyId: issued.apiKey.id, roleId: role.id });
    expect((await holderOf(issued))?.scopes).toEqual(['read']);

    await updateRole(world.admin, { id: role.id, input: { scopes: ['admin'] } });
    expect((await holderOf(issued))?.scopes).toEqual(['admin']);

    await deleteRole(world.admin, { id: role.id });
    expect((await holderOf(issued))?.scopes).toEqual(['read', 'write']);
  });

  test('counts from its home down: a key that was moved away with its tenant may do nothing', async () => {
    const [reseller, client] = [await world.child(root), await world.child(home)];
    const role = await roleOf(home.id, ['read']);
    const issued = await keyOf(client.id, ['admin']);
    await assignRole(world.admin, { keyId: issued.apiKey.id, roleId: role.id });
    await moveTenant(world.admin, { id: client.id, newParentId: reseller.id });

    expect((await holderOf(issued))?.scopes).toEqual([]);
    expect(await findApiKeys(world.at(reseller), [issued.apiKey.id])).toMatchObject([
      { roleId: null, effectiveScopes: [] },
    ]);
    await moveTenant(world.admin, { id: client.id, newParentId: other.id });
    expect(await holderOf(issued)).toMatchObject({ scopes: [], home: { id: client.id } });
    const foreign = await roleOf(root.id, ['read']);
    const refused = await world.refused(
      () => assignRole(world.admin, { keyId: issued.apiKey.id, roleId: foreign.id }),
      'VALIDATION_ERROR',
    );
    expect(refused.issues).toMatchObject([{ path: ['roleId'], code: 'out_of_reach' }]);
  });

  test('has a name that is unique in its home, and in its home alone', async () => {
    const input = { name: 'Auditor', scopes: ['read'] } as const;
    const make = (tenantId: string | null) =>
      createRole(world.admin, { input: { ...input, scopes: ['read'], tenantId } });
    await make(null);
    await make(root.id);
    await make(home.id);
    for (const tenantId of [null, root.id, home.id]) {
      const { details } = await world.refused(() => make(tenantId), 'ROLE_ALREADY_EXISTS');
      expect(details).toEqual({ name: 'Auditor' });
    }
    const outcomes = await outcomesOf(make(other.id), make(other.id), make(other.id));
    expect(outcomes.sort()).toEqual(['ROLE_ALREADY_EXISTS', 'ROLE_ALREADY_EXISTS', 'ok']);
  });
});

describe('a rotation', () => {
  test('carries everything over, and ends the old key at once', async () => {
    const role = await roleOf(home.id, ['read']);
    const expiresAt = new Date(Date.now() + 3_600_000);
    const input = { tenantId: home.id, name: 'Billing', scopes: ['write' as const], expiresAt };
    const old = await createApiKey(world.admin, { input: { ...input, rateLimitMax: 7, rateLimitWindow: '2 hours' } });
    await assignRole(world.admin, { keyId: old.apiKey.id, roleId: role.id });
    const next = await rotateApiKey(world.admin, { id: old.apiKey.id });

    expect(next.apiKey).toMatchObject({
      tenantId: home.id,
      name: 'Billing (rotated)',
      scopes: ['write'],
      effectiveScopes: ['read'],
      roleId: role.id,
      expiresAt,
      rateLimitMax: 7,
      rateLimitWindow: '2 hours',
      lastUsedAt: null,
    });
    expect(await holderOf(old)).toBeNull();
    expect(await holderOf(next)).toMatchObject({ id: next.apiKey.id });
    expect(await lastEvents(home.rootId, 2)).toEqual(['api_key.created', 'api_key.rotated']);
    await world.refused(() => rotateApiKey(world.admin, { id: old.apiKey.id }), 'NOT_FOUND');
  });

  test('with an overlap lets both keys work until it is over, and never longer than the old one would have', async () => {
    const old = await keyOf(home.id);
    await rotateApiKey(world.admin, { id: old.apiKey.id, overlapSeconds: 3_600 });
    expect((await holderOf(old))?.expiresAt?.getTime()).toBeLessThanOrEqual(Date.now() + 3_600_000);

    const ending = new Date(Date.now() + 60_000);
    const short = await createApiKey(world.admin, {
      input: { tenantId: home.id, scopes: ['read'], expiresAt: ending },
    });
    await rotateApiKey(world.admin, { id: short.apiKey.id, overlapSeconds: 3_600 });
    expect((await holderOf(short))?.expiresAt).toEqual(ending);
  });

  test('of the same key at the same moment happens once', async () => {
    const { apiKey } = await keyOf(home.id);
    const rotate = () => rotateApiKey(world.admin, { id: apiKey.id });
    expect((await outcomesOf(rotate(), rotate(), rotate())).sort()).toEqual(['NOT_FOUND', 'NOT_FOUND', 'ok']);
  });
});

test('keys and roles are issued to active tenants only, and taken away in any state', async () => {
  const tenant = await world.child(root);
  const [{ apiKey }, role] = [await keyOf(tenant.id), await roleOf(tenant.id, ['read'])];
  await suspendTenant(world.admin, { id: tenant.id });

  await world.refused(() => keyOf(tenant.id), 'TENANT_SUSPENDED');
  await world.refused(() => rotateApiKey(world.admin, { id: apiKey.id }), 'TENANT_SUSPENDED');
  await world.refused(() => roleOf(tenant.id, ['read']), 'TENANT_SUSPENDED');
  await world.refused(() => assignRole(world.admin, { keyId: apiKey.id, roleId: role.id }), 'TENANT_SUSPENDED');
  await deleteRole(world.admin, { id: role.id });
  await revokeApiKey(world.admin, { id: apiKey.id });
});

test('purging a tenant takes its keys and roles along, and what others had of them', async () => {
  const tenant = await world.child(root);
  const [issued] = [await keyOf(tenant.id), await roleOf(tenant.id, ['read'])];
  await purgeTenant(world.admin, { id: tenant.id });

  expect(await holderOf(issued)).toBeNull();
  expect(await world.sql('select 1 from roles where root_id = $1 and tenant_key = $2', [root.id, tenant.key])).toEqual(
    [],
  );
});

test('what belongs to the installation is recorded in its ledger, without the key or its hash', async () => {
  const issued = await keyOf(null);
  const role = await roleOf(null, ['read']);
  await assignRole(world.admin, { keyId: issued.apiKey.id, roleId: role.id });
  await removeRole(world.admin, { keyId: issued.apiKey.id });
  await removeRole(world.admin, { keyId: issued.apiKey.id });
  await revokeApiKey(world.admin, { id: issued.apiKey.id });
  await deleteRole(world.admin, { id: role.id });

  expect(await lastEvents(installationLedgerId, 6)).toEqual([
    'api_key.created',
    'role.created',
    'api_key.role_assigned',
    'api_key.role_removed',
    'api_key.revoked',
    'role.deleted',
  ]);
  const rows = await world.sql<{ text: string }>('select e::text as text from events e');
  const hash = world.services.keys.hashOf(issued.plaintextKey).toString('hex');
  expect(rows.filter(({ text }) => text.includes(issued.plaintextKey) || text.includes(hash))).toEqual([]);
  expect(await world.invariants()).toEqual([]);
});

test.each([
  [{ scopes: ['read' as const] }, 'tenantId'],
  [{ tenantId: null, scopes: [] }, 'scopes'],
  [{ tenantId: null, scopes: ['read' as const], expiresAt: new Date(0) }, 'expiresAt'],
  [{ tenantId: null, scopes: ['read' as const], rateLimitMax: 0 }, 'rateLimitMax'],
  [{ tenantId: null, scopes: ['read' as const], rateLimitMax: 100_001 }, 'rateLimitMax'],
  [{ tenantId: null, scopes: ['read' as const], rateLimitMax: 5, rateLimitWindow: 'a while' }, 'rateLimitWindow'],
  [{ tenantId: null, scopes: ['read' as const], rateLimitWindow: '1 minute' }, 'rateLimitMax'],
  [{ tenantId: null, scopes: ['read' as const], name: 'a\0b' }, 'name'],
])('a key that is not right is refused by the name of what is wrong (%o)', async (input, field) => {
  const { issues } = await world.refused(() => createApiKey(world.admin, { input }), 'VALIDATION_ERROR');
  expect(issues).toMatchObject([{ path: ['input', field] }]);
});
