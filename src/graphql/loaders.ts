import DataLoader from 'dataloader';
import type { Event } from '../db/generated/prisma/client.ts';
import { findApiKeys } from '../domain/api-keys/find.ts';
import type { ApiKey } from '../domain/api-keys/rows.ts';
import type { Call } from '../domain/call.ts';
import { ownEntries } from '../domain/config/entries.ts';
import type { ConfigLineage } from '../domain/config/resolved.ts';
import { findOwners, type Owner } from '../domain/owners.ts';
import type { Page } from '../domain/page.ts';
import { ownPolicies } from '../domain/permissions/policies.ts';
import type { PermissionLineage } from '../domain/permissions/resolved.ts';
import { findRoles } from '../domain/roles/find.ts';
import type { Role } from '../domain/roles/rows.ts';
import { countChildren, type ListChildren, listChildren } from '../domain/tenants/children.ts';
import { countDescendants, type ListDescendants, listDescendants, type Top } from '../domain/tenants/descendants.ts';
import { findIdsBySlug } from '../domain/tenants/find.ts';
import { type Lineage, type LineageTenant, readLineages } from '../domain/tenants/lineage.ts';
import { readObjects, type TenantObjects } from '../domain/tenants/objects.ts';
import type { TenantHead } from '../domain/tenants/rows.ts';
import type { Delivery } from '../domain/webhooks/delivery-rows.ts';
import { findWebhooks } from '../domain/webhooks/find.ts';
import { eventsOfDeliveries, findDeliveries } from '../domain/webhooks/find-delivery.ts';
import { countDeliveries, type ListDeliveries, listDeliveries } from '../domain/webhooks/list-deliveries.ts';
import type { Webhook } from '../domain/webhooks/rows.ts';
import { type DeliveryStatistics, statisticsOf } from '../domain/webhooks/statistics.ts';
import { listTries, type Try } from '../domain/webhooks/tries.ts';

type Children = DataLoader<string, Page<TenantHead>>;
type Descendants = DataLoader<Top, Page<TenantHead>, string>;
type DescendantCount = DataLoader<Top, number, string>;

/**
 * Everything that is loaded by tenant: whatever a document asks for any number of tenants, it costs one statement per kind. Most requests
 * need one or two of them, so each is made when it is first needed.
 */
export class Loaders {
  readonly #call: Call;
  #lineage: DataLoader<string, Lineage | null> | undefined;
  #objects: DataLoader<TenantHead, TenantObjects, string> | undefined;
  #idBySlug: DataLoader<string, string | null> | undefined;
  #owner: DataLoader<string, Owner | null> | undefined;
  #role: DataLoader<string, Role | null> | undefined;
  #apiKey: DataLoader<string, ApiKey | null> | undefined;
  #webhook: DataLoader<string, Webhook | null> | undefined;
  #delivery: DataLoader<string, Delivery | null> | undefined;
  #deliveredEvent: DataLoader<string, Event | null> | undefined;
  #statistics: DataLoader<string, DeliveryStatistics> | undefined;
  #config: DataLoader<Lineage, ConfigLineage> | undefined;
  #permissions: DataLoader<Lineage, PermissionLineage> | undefined;
  /** Pages and counts, by what they are of and the arguments of the field that asks: siblings in a document share them. */
  #byArguments: Map<string, unknown> | undefined;

  constructor(call: Call) {
    this.#call = call;
  }

  /** A tenant with its ancestors, root first, by id; null when it is gone. */
  get lineage(): DataLoader<string, Lineage | null> {
    this.#lineage ??= new DataLoader((ids) => loadLineages(this.#call, ids));
    return this.#lineage;
  }

  /** A tenant's two JSON objects. */
  get objects(): DataLoader<TenantHead, TenantObjects, string> {
    this.#objects ??= new DataLoader((tenants) => readObjects(this.#call, tenants), { cacheKeyFn: ({ id }) => id });
    return this.#objects;
  }

  get idBySlug(): DataLoader<string, string | null> {
    this.#idBySlug ??= new DataLoader((slugs) => findIdsBySlug(this.#call, slugs));
    return this.#idBySlug;
  }

  /** What an id names. */
  get owner(): DataLoader<string, Owner | null> {
    this.#owner ??= new DataLoader((ids) => findOwners(this.#call, ids));
    return this.#owner;
  }

  /** A role by id; null when there is none for the caller. */
  get role(): DataLoader<string, Role | null> {
    this.#role ??= new DataLoader((ids) => findRoles(this.#call, ids));
    return this.#role;
  }

  /** An API key by id; null when there is none for the caller. */
  get apiKey(): DataLoader<string, ApiKey | null> {
    this.#apiKey ??= new DataLoader((ids) => findApiKeys(this.#call, ids));
    return this.#apiKey;
  }

  /** A webhook by id; null when there is none for the caller. */
  get webhook(): DataLoader<string, Webhook | null> {
    this.#webhook ??= new DataLoader((ids) => findWebhooks(this.#call, ids));
    return this.#webhook;
  }

  /** A delivery by id; null when there is none for the caller. */
  get delivery(): DataLoader<string, Delivery | null> {
    this.#delivery ??= new DataLoader((ids) => findDeliveries(this.#call, ids));
    return this.#delivery;
  }

  /** The event of a delivery, by the delivery's id. */
  get deliveredEvent(): DataLoader<string, Event | null> {
    this.#deliveredEvent ??= new DataLoader((ids) => eventsOfDeliveries(this.#call, ids));
    return this.#deliveredEvent;
  }

  /** What became of the deliveries of a webhook. */
  get statistics(): DataLoader<string, DeliveryStatistics> {
    this.#statistics ??= new DataLoader((ids) => statisticsOf(this.#call, ids));
    return this.#statistics;
  }

  deliveries(input: ListDeliveries): DataLoader<string, Page<Delivery>> {
    return this.#of('deliveries', input, () => new DataLoader((ids) => listDeliveries(this.#call, ids, input)));
  }

  deliveryCount(input: Pick<ListDeliveries, 'statuses'>): DataLoader<string, number> {
    return this.#of('deliveryCount', input, () => new DataLoader((ids) => countDeliveries(this.#call, ids, input)));
  }

  /** The last tries of a delivery, by the delivery's id. */
  tries(input: { readonly first: number }): DataLoader<string, Try[]> {
    return this.#of('tries', input, () => new DataLoader((ids) => listTries(this.#call, ids, input)));
  }

  /** The own entries along a lineage. */
  get config(): DataLoader<Lineage, ConfigLineage> {
    this.#config ??= new DataLoader(async (lineages) => {
      const entries = await alongLineages(lineages, (tenants) => ownEntries(this.#call, tenants));
      return lineages.map((tenants, index) => ({ tenants, entries: entries[index] ?? [] }));
    });
    return this.#config;
  }

  /** The own policies along a lineage. */
  get permissions(): DataLoader<Lineage, PermissionLineage> {
    this.#permissions ??= new DataLoader(async (lineages) => {
      const policies = await alongLineages(lineages, (tenants) => ownPolicies(this.#call, tenants));
      return lineages.map((tenants, index) => ({ tenants, policies: policies[index] ?? [] }));
    });
    return this.#permissions;
  }

  children(input: ListChildren): Children {
    return this.#of('children', input, () => new DataLoader((ids) => listChildren(this.#call, ids, input)));
  }

  childCount(input: Pick<ListChildren, 'statuses'>): DataLoader<string, number> {
    return this.#of('childCount', input, () => new DataLoader((ids) => countChildren(this.#call, ids, input)));
  }

  descendants(input: ListDescendants): Descendants {
    const list = (): Descendants => new DataLoader((tops) => listDescendants(this.#call, tops, input), byPath);
    return this.#of('descendants', input, list);
  }

  descendantCount(input: Pick<ListDescendants, 'statuses' | 'depth'>): DescendantCount {
    const count = (): DescendantCount => new DataLoader((tops) => countDescendants(this.#call, tops, input), byPath);
    return this.#of('descendantCount', input, count);
  }

  #of<Loader>(kind: string, input: object, create: () => Loader): Loader {
    this.#byArguments ??= new Map();
    const key = kind + JSON.stringify(input);
    const loader = (this.#byArguments.get(key) as Loader | undefined) ?? create(); // the key begins with what it is
    this.#byArguments.set(key, loader);
    return loader;
  }
}

const byPath = { cacheKeyFn: ({ path }: Top) => path };

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
