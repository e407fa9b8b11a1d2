import DataLoader from 'dataloader';
import type { Call } from '../domain/call.ts';
import { ownEntries } from '../domain/config/entries.ts';
import type { ConfigLineage } from '../domain/config/resolved.ts';
import { findOwners, type Owner } from '../domain/owners.ts';
import type { Page } from '../domain/page.ts';
import { ownPolicies } from '../domain/permissions/policies.ts';
import type { PermissionLineage } from '../domain/permissions/resolved.ts';
import { countChildren, type ListChildren, listChildren } from '../domain/tenants/children.ts';
import { countDescendants, type ListDescendants, listDescendants, type Top } from '../domain/tenants/descendants.ts';
import { findIdsBySlug } from '../domain/tenants/find.ts';
import { type Lineage, type LineageTenant, readLineages } from '../domain/tenants/lineage.ts';
import { readObjects, type TenantObjects } from '../domain/tenants/objects.ts';
import type { TenantHead } from '../domain/tenants/rows.ts';

/** Everything that is loaded by tenant: whatever a document asks for any number of tenants, it costs one statement per kind. */
export interface Loaders {
  /** A tenant with its ancestors, root first, by id; null when it is gone. */
  readonly lineage: DataLoader<string, Lineage | null>;
  /** A tenant's two JSON objects. */
  readonly objects: DataLoader<TenantHead, TenantObjects, string>;
  readonly idBySlug: DataLoader<string, string | null>;
  /** What an id names. */
  readonly owner: DataLoader<string, Owner | null>;
  /** The own entries along a lineage. */
  readonly config: DataLoader<Lineage, ConfigLineage>;
  /** The own policies along a lineage. */
  readonly permissions: DataLoader<Lineage, PermissionLineage>;
  /** Pages and counts, by the arguments of the field that asks: siblings in a document share them. */
  children(input: ListChildren): DataLoader<string, Page<TenantHead>>;
  childCount(input: Pick<ListChildren, 'statuses'>): DataLoader<string, number>;
  descendants(input: ListDescendants): DataLoader<Top, Page<TenantHead>, string>;
  descendantCount(input: Pick<ListDescendants, 'statuses' | 'depth'>): DataLoader<Top, number, string>;
}

export function createLoaders(call: Call): Loaders {
  const byPath = { cacheKeyFn: ({ path }: Top) => path };
  return {
    lineage: new DataLoader((ids) => loadLineages(call, ids)),
    objects: new DataLoader((tenants) => readObjects(call, tenants), { cacheKeyFn: ({ id }) => id }),
    idBySlug: new DataLoader((slugs) => findIdsBySlug(call, slugs)),
    owner: new DataLoader((ids) => findOwners(call, ids)),
    config: new DataLoader(async (lineages) => {
      const entries = await alongLineages(lineages, (tenants) => ownEntries(call, tenants));
      return lineages.map((tenants, index) => ({ tenants, entries: entries[index] ?? [] }));
    }),
    permissions: new DataLoader(async (lineages) => {
      const policies = await alongLineages(lineages, (tenants) => ownPolicies(call, tenants));
      return lineages.map((tenants, index) => ({ tenants, policies: policies[index] ?? [] }));
    }),
    children: byArguments((input) => new DataLoader((ids) => listChildren(call, ids, input))),
    childCount: byArguments((input) => new DataLoader((ids) => countChildren(call, ids, input))),
    descendants: byArguments((input) => new DataLoader((tops) => listDescendants(call, tops, input), byPath)),
    descendantCount: byArguments((input) => new DataLoader((tops) => countDescendants(call, tops, input), byPath)),
  };
}

/** One tenant is what programs ask for all the time: it is read together with those of others, and kept. Lists are neither. */
async function loadLineages(call: Call, ids: readonly string[]): Promise<(Lineage | null)[]> {
  const [id, ...others] = ids;
  return id !== undefined && others.length === 0 ? [await call.lineages.load(id)] : readLineages(call, ids);
}

/** Loads something for every tenant on any of the lineages once, and gives it back along each of them. */
async function alongLineages<Own>(
  lineages: readonly Lineage[],
  load: (tenants: readonly LineageTenant[]) => Promise<readonly Own[]>,
): Promise<Own[][]> {
  const tenants = [...new Map(lineages.flat().map((tenant) => [tenant.key, tenant])).values()];
  const loaded = await load(tenants);
  const byKey = new Map(tenants.map(({ key }, index) => [key, loaded[index] as Own])); // one for each
  return lineages.map((lineage) => lineage.map(({ key }) => byKey.get(key) as Own));
}

/** One loader for each set of arguments. */
function byArguments<Input, Loader>(create: (input: Input) => Loader): (input: Input) => Loader {
  const loaders = new Map<string, Loader>();
  return (input) => {
    const key = JSON.stringify(input);
    const loader = loaders.get(key) ?? create(input);
    loaders.set(key, loader);
    return loader;
  };
}
