import { v7 as uuidv7 } from 'uuid';
import { violatesUnique } from '../../db/errors.ts';
import type { Tenant } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { atIndex, beneathPath, invalid, StratumError, tenantNotFound } from '../errors.ts';
import { assertInstallation } from '../home.ts';
import { type LockedLedger, type Write, write } from '../ledger/write.ts';
import { visibleTo } from '../principal.ts';
import { parse } from '../validation.ts';
import { assertDepth } from './depth.ts';
import {
  type CreateTenantInput,
  type CreateTenantsItem,
  createTenantInput,
  createTenantsItem,
  maxBatchTenants,
  type NewTenant,
} from './input.ts';
import { assertActive } from './lifecycle.ts';
import { nextPositions } from './position.ts';
import { activeRegions, noSuchRegion } from './region.ts';
import { tenantColumns, tenantState } from './rows.ts';

/** Creates one tenant, as a root when it names no parent. */
export async function createTenant(call: Call, input: CreateTenantInput): Promise<Tenant> {
  const item = parse(createTenantInput, input, ['input']);
  const [tenant] = await createAll(call, [item], (error) => beneathPath(error, ['input']));
  return tenant as Tenant; // one in, one out
}

/** Creates up to 100 tenants, all or none. An item may be the child of an earlier one by `parentSlug`. */
export async function createTenants(call: Call, items: readonly CreateTenantsItem[]): Promise<Tenant[]> {
  if (items.length < 1 || items.length > maxBatchTenants) {
    throw invalid([
      {
        path: ['tenants'],
        message: `must have 1 to ${maxBatchTenants} items`,
        code: items.length < 1 ? 'too_small' : 'too_big',
      },
    ]);
  }
  const parsed = items.map((item, index) =>
    at(index, atIndex, () => parse(createTenantsItem, item, ['tenants', index])),
  );
  return createAll(call, parsed, (error, index) => atIndex(beneathPath(error, ['tenants', index]), index));
}

type NameItem = (error: StratumError, index: number) => StratumError;

async function createAll(call: Call, items: readonly NewTenant[], nameItem: NameItem): Promise<Tenant[]> {
  assertDistinctSlugs(items, nameItem);
  const parentIds = await findParents(call, items, nameItem);
  const tenantIds = [...new Set(parentIds.filter((id) => id !== null))];
  const roots = items.some(({ parentId, parentSlug }) => !parentId && !parentSlug);
  try {
    return await write(call, { tenantIds, installation: roots }, async (write) => {
      const plans = await planAll(write, items, parentIds, nameItem);
      const tenants = await insertAll(write, plans);
      for (const [index, tenant] of tenants.entries()) {
        plans[index]?.ledger.append({ type: 'tenant.created', tenant, after: tenantState(tenant) });
      }
      return tenants;
    });
  } catch (error) {
    if (violatesUnique(error, 'tenant_slug')) {
      throw await slugTaken(call, items, nameItem, error);
    }
    throw error;
  }
}

function assertDistinctSlugs(items: readonly NewTenant[], nameItem: NameItem): void {
  const seen = new Set<string>();
  for (const [index, { slug }] of items.entries()) {
    if (seen.has(slug)) {
      throw nameItem(alreadyExists(slug), index);
    }
    seen.add(slug);
  }
}

/** The id of each item's existing parent; null for roots and for parents within the batch. */
async function findParents(
  { db, principal }: Call,
  items: readonly NewTenant[],
  nameItem: NameItem,
): Promise<(string | null)[]> {
  const created = new Set<string>();
  const slugs = items.flatMap(({ slug, parentSlug }) => {
    const outside = parentSlug && !created.has(parentSlug) ? [parentSlug] : [];
    created.add(slug);
    return outside;
  });
  const found =
    slugs.length === 0
      ? []
      : await db.tenant.findMany({
          where: { slug: { in: slugs }, ...visibleTo(principal) },
          select: { id: true, slug: true },
        });
  const idBySlug = new Map(found.map(({ id, slug }) => [slug, id]));
  const earlier = new Set<string>();
  return items.map(({ slug, parentId, parentSlug }, index) => {
    const inBatch = parentSlug ? earlier.has(parentSlug) : false;
    earlier.add(slug);
    if (!parentSlug || inBatch) {
      return parentId ?? null;
    }
    const id = idBySlug.get(parentSlug);
    if (id === undefined) {
      throw nameItem(tenantNotFound(), index);
    }
    return id;
  });
}

interface Plan {
  readonly item: NewTenant;
  readonly id: string;
  readonly parentId: string | null;
  readonly rootId: string;
  readonly depth: number;
  readonly ledger: LockedLedger;
  readonly revision: bigint;
  readonly regionId: string | null;
  readonly sortOrder: number;
}

type Parent = Pick<Plan, 'id' | 'rootId' | 'depth' | 'regionId'>;

/** Checks every rule under the lock and decides what to insert. */
async function planAll(
  write: Write,
  items: readonly NewTenant[],
  parentIds: readonly (string | null)[],
  nameItem: NameItem,
): Promise<Plan[]> {
  const bySlug = new Map<string, Plan>();
  const revisions = new Map<string, bigint>();
  const position = await nextPositions(write, parentIds);
  const regions = await activeRegions(
    write,
    items.flatMap(({ regionId }) => regionId ?? []),
  );
  const plans: Plan[] = [];
  for (const [index, item] of items.entries()) {
    const inBatch = item.parentSlug && parentIds[index] === null ? bySlug.get(item.parentSlug) : undefined;
    const parent = inBatch ?? at(index, nameItem, () => existingParent(write, parentIds[index] ?? null));
    const id = uuidv7();
    const depth = parent === null ? 0 : parent.depth + 1;
    at(index, nameItem, () => {
      assertPermitted(write, parent);
      assertDepth(write.limits, depth);
      assertRegion(item, parent, regions);
    });
    const rootId = parent?.rootId ?? id;
    const ledger = parent === null ? await write.openLedger(id) : write.ledger(rootId);
    const revision = revisions.get(rootId) ?? ledger.nextRevision;
    revisions.set(rootId, revision + 1n);
    const parentId = parent?.id ?? null;
    const plan = {
      item,
      id,
      parentId,
      rootId,
      depth,
      ledger,
      revision,
      regionId: item.regionId ?? parent?.regionId ?? null,
      sortOrder: position(parentId),
    };
    bySlug.set(item.slug, plan);
    plans.push(plan);
  }
  return plans;
}

function existingParent(write: Write, id: string | null): Parent | null {
  if (id === null) {
    return null;
  }
  const parent = write.tenant(id);
  assertActive(parent);
  return parent;
}

/** Whoever is at home in one tenant makes no roots: they would lie outside of it. */
function assertPermitted({ principal }: Call, parent: Parent | null): void {
  if (parent === null) {
    assertInstallation(principal, 'make a root');
  }
}

/** A parent's region is good enough for its children, whatever became of the region since. */
function assertRegion({ regionId }: NewTenant, parent: Parent | null, active: ReadonlySet<string>): void {
  if (regionId && regionId !== parent?.regionId && !active.has(regionId)) {
    throw noSuchRegion();
  }
}

async function insertAll({ db }: Write, plans: readonly Plan[]): Promise<Tenant[]> {
  const rows = plans.map(({ item, id, parentId, revision, regionId, sortOrder }) => ({
    id,
    parent_id: parentId,
    slug: item.slug,
    name: item.name,
    document: item.document ?? {},
    metadata: item.metadata ?? {},
    isolation_strategy: item.isolationStrategy ?? 'SHARED_RLS',
    region_id: regionId,
    sort_order: sortOrder,
    revision: Number(revision),
  }));
  const inserted = await db.$queryRaw<Tenant[]>`
    with t as (
      insert into tenants (id, parent_id, slug, name, document, metadata, isolation_strategy, region_id, sort_order, revision)
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as row(id uuid, parent_id uuid, slug text, name text, document jsonb, metadata jsonb, isolation_strategy isolation_strategy, region_id uuid, sort_order integer, revision bigint)
      returning *
    ) select ${tenantColumns} from t`;
  const byId = new Map(inserted.map((tenant) => [tenant.id, tenant]));
  return plans.map(({ id }) => byId.get(id) as Tenant); // every inserted row is returned
}

async function slugTaken(
  { db }: Call,
  items: readonly NewTenant[],
  nameItem: NameItem,
  cause: unknown,
): Promise<StratumError> {
  const taken = await db.tenant.findMany({
    where: { slug: { in: items.map(({ slug }) => slug) } },
    select: { slug: true },
  });
  const slugs = new Set(taken.map(({ slug }) => slug));
  const index = Math.max(
    0,
    items.findIndex(({ slug }) => slugs.has(slug)),
  );
  return nameItem(alreadyExists(items[index]?.slug ?? '', cause), index);
}

/** Slugs are unique in the installation, archived tenants included. */
export function alreadyExists(slug: string, cause?: unknown): StratumError {
  return new StratumError('TENANT_ALREADY_EXISTS', `The slug "${slug}" is taken`, { details: { slug }, cause });
}

/** Runs `work`; an error it throws says which item it is about. */
function at<T>(index: number, nameItem: NameItem, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof StratumError ? nameItem(error, index) : error;
  }
}
