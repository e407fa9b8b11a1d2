import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { createCall } from '../../src/domain/call.ts';
import { deleteConfig } from '../../src/domain/config/delete.ts';
import { setConfig, setConfigs } from '../../src/domain/config/set.ts';
import type { ErrorCode } from '../../src/domain/errors.ts';
import { createPermission } from '../../src/domain/permissions/create.ts';
import { deletePermission } from '../../src/domain/permissions/delete.ts';
import { updatePermission } from '../../src/domain/permissions/update.ts';
import { createTenant, createTenants } from '../../src/domain/tenants/create.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { purgeTenant } from '../../src/domain/tenants/purge.ts';
import { migrateTenantRegion } from '../../src/domain/tenants/region.ts';
import { reorderTenant } from '../../src/domain/tenants/reorder.ts';
import { archiveTenant, resumeTenant, suspendTenant } from '../../src/domain/tenants/transition.ts';
import { updateTenant } from '../../src/domain/tenants/update.ts';
import { DomainWorld, uniqueSlug, unknownId } from '../support/domain-world.ts';

let world: DomainWorld;
/** A tree with a tenant of every kind, all as ids. */
let is: Record<'root' | 'full' | 'child' | 'pending' | 'suspended' | 'archived' | 'deepest' | 'belowArchived', string>;
let policies: Record<'open' | 'closed' | 'permanent' | 'ofSuspended', string>;
let slug: string;

beforeAll(async () => {
  world = await DomainWorld.open({ maxDepth: 3 });
  const root = await world.root();
  const full = await world.child(root);
  const child = await world.child(full);
  const [deepest, pending, suspended, archived] = [
    await world.child(child),
    await world.child(root),
    await world.child(root),
    await world.child(root),
  ];
  const belowArchived = await world.child(archived);
  const all = { root, full, child, pending, suspended, archived, deepest, belowArchived };
  is = Object.fromEntries(Object.entries(all).map(([name, { id }]) => [name, id])) as typeof is;
  slug = child.slug;
  policies = {
    open: await grant(root, 'open', 'CASCADE'),
    closed: await grant(root, 'closed', 'SOFT', 'LOCKED'),
    permanent: await grant(root, 'permanent', 'PERMANENT'),
    ofSuspended: await grant(suspended, 'own', 'SOFT'),
  };
  await setConfig(world.admin, { tenantId: root.id, input: { key: 'locked', value: 1, locked: true } });
  await world.sql(`update tenants set status = 'pending' where id = $1`, [pending.id]);
  await suspendTenant(world.admin, { id: suspended.id });
  await archiveTenant(world.admin, { id: belowArchived.id });
  await archiveTenant(world.admin, { id: archived.id });
});
afterAll(async () => {
  expect(await world.invariants()).toEqual([]);
  await world[Symbol.asyncDispose]();
});

async function grant(
  { id: tenantId }: Tenant,
  key: string,
  revocationMode: 'CASCADE' | 'SOFT' | 'PERMANENT',
  mode: 'DELEGATED' | 'LOCKED' = 'DELEGATED',
): Promise<string> {
  return (await createPermission(world.admin, { tenantId, input: { key, value: 1, mode, revocationMode } })).id;
}

const fresh = () => ({ name: 'Tenant', slug: uniqueSlug() });
const create = (parentId: string, more: object = {}) => createTenant(world.admin, { ...fresh(), parentId, ...more });
/** A batch whose first item is fine. */
const batch = (...items: object[]) =>
  createTenants(world.admin, [{ ...fresh(), parentId: is.root }, ...items.map((item) => ({ ...fresh(), ...item }))]);
const update = (id: string, input: object, ifRevision?: number) => updateTenant(world.admin, { id, input, ifRevision });
const move = (id: string, newParentId: string | null | undefined, ifRevision?: number) =>
  moveTenant(world.admin, { id, newParentId, ifRevision });
const suspend = (id: string) => suspendTenant(world.admin, { id });
const resume = (id: string) => resumeTenant(world.admin, { id });
const archive = (id: string) => archiveTenant(world.admin, { id });
const set = (tenantId: string, key: string, ifRevision?: number) =>
  setConfig(world.admin, { tenantId, input: { key, value: 2 }, ifRevision });
const setBoth = (tenantId: string, key: string) =>
  setConfigs(world.admin, {
    tenantId,
    entries: [
      { key: 'fine', value: 2 },
      { key, value: 2 },
    ],
  });
const permit = (tenantId: string, key: string) =>
  createPermission(world.admin, { tenantId, input: { key, value: 2, mode: 'DELEGATED', revocationMode: 'SOFT' } });
const change = (id: string, input: object, more: object = {}) => updatePermission(world.admin, { id, input, ...more });
const revoke = (id: string, more: object = {}) => deletePermission(world.admin, { id, ...more });

const migrate = (id: string, more: object = {}) =>
  migrateTenantRegion(world.admin, { id, regionId: unknownId, ...more });

/** A revision that no tree here has. */
const future = 1_000_000;

const refusals: readonly (readonly [string, ErrorCode, () => Promise<unknown>])[] = [
  ['create: without a name', 'VALIDATION_ERROR', () => create(is.root, { name: '' })],
  ['create: in a region that is not', 'VALIDATION_ERROR', () => create(is.root, { regionId: unknownId })],
  ['create: beneath nobody', 'TENANT_NOT_FOUND', () => create(unknownId)],
  ['create: beneath a suspended one', 'TENANT_SUSPENDED', () => create(is.suspended)],
  ['create: beneath an archived one', 'TENANT_ARCHIVED', () => create(is.archived)],
  ['create: beneath a pending one', 'TENANT_INVALID_STATE', () => create(is.pending)],
  ['create: too deep', 'TENANT_DEPTH_EXCEEDED', () => create(is.deepest)],
  ['create: with a slug that is taken', 'TENANT_ALREADY_EXISTS', () => create(is.root, { slug })],
  ['batch: of none', 'VALIDATION_ERROR', () => createTenants(world.admin, [])],
  ['batch: of 101', 'VALIDATION_ERROR', () => createTenants(world.admin, Array.from({ length: 101 }, fresh))],
  ['batch: with one bad slug', 'VALIDATION_ERROR', () => batch({ parentId: is.root, slug: 'Bad' })],
  ['batch: with two parents', 'VALIDATION_ERROR', () => batch({ parentId: is.root, parentSlug: slug })],
  ['batch: with one slug twice', 'TENANT_ALREADY_EXISTS', () => batch({ slug: 'twice' }, { slug: 'twice' })],
  ['batch: with a slug that is taken', 'TENANT_ALREADY_EXISTS', () => batch({ parentId: is.root, slug })],
  [
    'batch: with a parent that comes later',
    'TENANT_NOT_FOUND',
    () => batch({ parentSlug: 'later' }, { slug: 'later' }),
  ],
  ['batch: with a suspended parent', 'TENANT_SUSPENDED', () => batch({ parentId: is.suspended })],
  ['batch: too deep', 'TENANT_DEPTH_EXCEEDED', () => batch({ parentId: is.deepest })],
  ['update: of nobody', 'TENANT_NOT_FOUND', () => update(unknownId, { name: 'New' })],
  ['update: with a slug that is taken', 'TENANT_ALREADY_EXISTS', () => update(is.root, { slug })],
  ['update: of a suspended one', 'TENANT_SUSPENDED', () => update(is.suspended, { name: 'New' })],
  ['update: of an archived one', 'TENANT_ARCHIVED', () => update(is.archived, { name: 'New' })],
  ['update: with a list for metadata', 'VALIDATION_ERROR', () => update(is.root, { metadata: [] })],
  ['update: of what changed since', 'REVISION_MISMATCH', () => update(is.root, { name: 'New' }, 0)],
  ['update: of what is still to come', 'REVISION_MISMATCH', () => update(is.root, { name: 'New' }, future)],
  ['move: to nowhere', 'VALIDATION_ERROR', () => move(is.child, undefined)],
  ['move: beneath itself', 'TENANT_CYCLE_DETECTED', () => move(is.full, is.full)],
  ['move: beneath a descendant', 'TENANT_CYCLE_DETECTED', () => move(is.full, is.deepest)],
  ['move: beneath nobody', 'TENANT_NOT_FOUND', () => move(is.child, unknownId)],
  ['move: of nobody', 'TENANT_NOT_FOUND', () => move(unknownId, is.root)],
  ['move: beneath a suspended one', 'TENANT_SUSPENDED', () => move(is.child, is.suspended)],
  ['move: beneath an archived one', 'TENANT_ARCHIVED', () => move(is.child, is.archived)],
  ['move: beneath a pending one', 'TENANT_INVALID_STATE', () => move(is.child, is.pending)],
  ['move: too deep', 'TENANT_DEPTH_EXCEEDED', () => move(is.suspended, is.deepest)],
  ['move: of what changed since', 'REVISION_MISMATCH', () => move(is.child, is.root, 0)],
  ['region: of nobody', 'TENANT_NOT_FOUND', () => migrate(unknownId)],
  ['region: that is not', 'VALIDATION_ERROR', () => migrate(is.root)],
  ['region: of one that changed', 'REVISION_MISMATCH', () => migrate(is.root, { ifRevision: 0 })],
  ['reorder: of nobody', 'TENANT_NOT_FOUND', () => reorderTenant(world.admin, { id: unknownId, position: 0 })],
  [
    'reorder: of what changed since',
    'REVISION_MISMATCH',
    () => reorderTenant(world.admin, { id: is.full, position: 1, ifRevision: 0 }),
  ],
  ['suspend: with an active child', 'TENANT_HAS_CHILDREN', () => suspend(is.full)],
  ['suspend: a suspended one', 'TENANT_INVALID_STATE', () => suspend(is.suspended)],
  ['suspend: an archived one', 'TENANT_INVALID_STATE', () => suspend(is.archived)],
  ['suspend: a pending one', 'TENANT_INVALID_STATE', () => suspend(is.pending)],
  ['archive: with an active child', 'TENANT_HAS_CHILDREN', () => archive(is.full)],
  ['archive: an archived one', 'TENANT_INVALID_STATE', () => archive(is.archived)],
  ['archive: a pending one', 'TENANT_INVALID_STATE', () => archive(is.pending)],
  ['resume: an active one', 'TENANT_INVALID_STATE', () => resume(is.full)],
  ['resume: a pending one', 'TENANT_INVALID_STATE', () => resume(is.pending)],
  ['resume: beneath an archived one', 'TENANT_ARCHIVED', () => resume(is.belowArchived)],
  [
    'purge: with a child, even an archived one',
    'TENANT_HAS_CHILDREN',
    () => purgeTenant(world.admin, { id: is.archived }),
  ],
  ['purge: of nobody', 'TENANT_NOT_FOUND', () => purgeTenant(world.admin, { id: unknownId })],
  [
    'purge: of what changed since',
    'REVISION_MISMATCH',
    () => purgeTenant(world.admin, { id: is.deepest, ifRevision: 0 }),
  ],
  ['set: below a lock', 'CONFIG_LOCKED', () => set(is.child, 'locked')],
  ['set: of nobody', 'TENANT_NOT_FOUND', () => set(unknownId, 'k')],
  ['set: of a suspended one', 'TENANT_SUSPENDED', () => set(is.suspended, 'k')],
  ['set: of an archived one', 'TENANT_ARCHIVED', () => set(is.archived, 'k')],
  ['set: of what changed since', 'REVISION_MISMATCH', () => set(is.root, 'locked', 0)],
  ['set: of what is gone', 'REVISION_MISMATCH', () => set(is.root, 'never there', 1)],
  ['set many: below a lock', 'CONFIG_LOCKED', () => setBoth(is.child, 'locked')],
  ['set many: with one bad key', 'VALIDATION_ERROR', () => setBoth(is.child, '')],
  ['set many: of an archived one', 'TENANT_ARCHIVED', () => setBoth(is.archived, 'k')],
  [
    'unset: what is not there',
    'CONFIG_NOT_FOUND',
    () => deleteConfig(world.admin, { tenantId: is.child, key: 'locked' }),
  ],
  [
    'unset: what changed since',
    'REVISION_MISMATCH',
    () => deleteConfig(world.admin, { tenantId: is.root, key: 'locked', ifRevision: 0 }),
  ],
  ['permit: below a lock', 'PERMISSION_LOCKED', () => permit(is.child, 'closed')],
  ['permit: twice', 'PERMISSION_ALREADY_EXISTS', () => permit(is.root, 'open')],
  ['permit: a suspended one', 'TENANT_SUSPENDED', () => permit(is.suspended, 'open')],
  ['permit: nobody', 'TENANT_NOT_FOUND', () => permit(unknownId, 'open')],
  ['change: what is not there', 'PERMISSION_NOT_FOUND', () => change(unknownId, { value: 2 })],
  [
    'change: what is another tenant’s',
    'PERMISSION_NOT_FOUND',
    () => change(policies.open, { value: 2 }, { tenantId: is.child }),
  ],
  ['change: of a suspended one', 'TENANT_SUSPENDED', () => change(policies.ofSuspended, { value: 2 })],
  ['change: what changed since', 'REVISION_MISMATCH', () => change(policies.open, { value: 2 }, { ifRevision: 0 })],
  [
    'change: what is permanent',
    'PERMISSION_REVOCATION_DENIED',
    () => change(policies.permanent, { revocationMode: 'SOFT' }),
  ],
  ['change: to no JSON', 'VALIDATION_ERROR', () => change(policies.open, { value: Number.NaN })],
  ['revoke: what is not there', 'PERMISSION_NOT_FOUND', () => revoke(unknownId)],
  ['revoke: what is permanent', 'PERMISSION_REVOCATION_DENIED', () => revoke(policies.permanent)],
  ['revoke: what changed since', 'REVISION_MISMATCH', () => revoke(policies.closed, { ifRevision: 0 })],
];

test.each(refusals)('%s is %s and leaves no row and no event', async (_what, code, work) => {
  const body = await world.refused(work, code);

  expect(body.message).not.toMatch(/prisma|select|insert|update tenants|constraint/i);
});

test('a refused write does not use up its Idempotency-Key, an accepted one does', async () => {
  const { principal } = world.admin;
  const call = createCall(world.services, {
    principal,
    requestId: null,
    sourceIp: null,
    idempotency: { key: 'once', fingerprint: 'a' },
  });

  await world.refused(() => createTenant(call, { ...fresh(), parentId: is.suspended }), 'TENANT_SUSPENDED');
  await createTenant(call, { ...fresh(), parentId: is.root });
  const body = await world.refused(
    () => createTenant(call, { ...fresh(), parentId: is.root }),
    'IDEMPOTENCY_KEY_IN_USE',
  );

  expect(body.details).toBeUndefined();
});

test('every code that a write can be refused with is among them', () => {
  const met = new Set(refusals.map(([, code]) => code));

  expect([...met].sort()).toEqual([
    'CONFIG_LOCKED',
    'CONFIG_NOT_FOUND',
    'PERMISSION_ALREADY_EXISTS',
    'PERMISSION_LOCKED',
    'PERMISSION_NOT_FOUND',
    'PERMISSION_REVOCATION_DENIED',
    'REVISION_MISMATCH',
    'TENANT_ALREADY_EXISTS',
    'TENANT_ARCHIVED',
    'TENANT_CYCLE_DETECTED',
    'TENANT_DEPTH_EXCEEDED',
    'TENANT_HAS_CHILDREN',
    'TENANT_INVALID_STATE',
    'TENANT_NOT_FOUND',
    'TENANT_SUSPENDED',
    'VALIDATION_ERROR',
  ]);
});
