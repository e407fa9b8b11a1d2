import type { Prisma } from '../db/generated/prisma/client.ts';
import { type Lineage, tenantOf, visibleLineage } from '../domain/tenants/lineage.ts';
import type { TenantObjects } from '../domain/tenants/objects.ts';
import type { TenantHead } from '../domain/tenants/rows.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { IsolationStrategyEnum, TenantStatusEnum } from './enums.ts';
import { Node } from './node.ts';

/** All of a row but its two JSON objects, which are loaded for those who ask. */
const head = {
  id: true,
  key: true,
  parentId: true,
  rootId: true,
  path: true,
  depth: true,
  slug: true,
  name: true,
  status: true,
  isolationStrategy: true,
  regionId: true,
  sortOrder: true,
  revision: true,
  configVersion: true,
  permissionVersion: true,
  createdAt: true,
  updatedAt: true,
  archivedAt: true,
} as const satisfies Prisma.TenantSelect;

/** Fields of the row itself are read without the plugin, which would look into its plans for each of them. */
export const Tenant = builder.prismaObject('Tenant', {
  description: 'A node in a tree of tenants: everything set here applies to it and flows down.',
  select: head,
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: 'The same UUID in every door. Ordering by id is ordering by age.',
      resolve: ({ id }) => id,
    }),
    slug: t.string({
      description: 'A short name, unique in the installation. It can be changed at any time: nothing is made of it.',
      resolve: ({ slug }) => slug,
    }),
    name: t.string({ description: 'The name people see.', resolve: ({ name }) => name }),
    status: t.field({
      type: TenantStatusEnum,
      description: 'Where the tenant is in its life.',
      resolve: ({ status }) => status,
    }),
    depth: t.int({ description: 'How many ancestors it has; 0 for a root.', resolve: ({ depth }) => depth }),
    sortOrder: t.int({
      description: 'Its position among its siblings, from 0.',
      resolve: ({ sortOrder }) => sortOrder,
    }),
    document: t.field({
      type: 'JSON',
      description: 'A JSON object of your own, unrelated to config entries. REST calls it `config`.',
      resolve: async (tenant, _args, context) => (await objectsOf(tenant, context)).document,
    }),
    metadata: t.field({
      type: 'JSON',
      description: 'A JSON object of your own, for what describes the tenant.',
      resolve: async (tenant, _args, context) => (await objectsOf(tenant, context)).metadata,
    }),
    isolationStrategy: t.field({
      type: IsolationStrategyEnum,
      description: "How the tenant's own data is kept apart.",
      resolve: ({ isolationStrategy }) => isolationStrategy,
    }),
    connectionConfig: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Always null: how to reach the storage of a tenant is nobody’s to read. Kept for REST v1.',
      resolve: () => null,
    }),
    regionId: t.id({
      nullable: true,
      description: 'The region it is in; null for none.',
      resolve: ({ regionId }) => regionId,
    }),
    revision: t.field({
      type: 'Revision',
      description: 'The revision of its tree at which the tenant itself last changed.',
      resolve: ({ revision }) => revision,
    }),
    treeRevision: t.field({
      type: 'Revision',
      description: 'How far the ledger of its tree had come when the tenant was read. Good for `ifRevision`.',
      resolve: treeRevisionOf,
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was created.',
      resolve: ({ createdAt }) => createdAt,
    }),
    updatedAt: t.field({
      type: 'DateTime',
      description: 'When the tenant itself last changed.',
      resolve: ({ updatedAt }) => updatedAt,
    }),
    archivedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was archived; null unless it is.',
      resolve: ({ archivedAt }) => archivedAt,
    }),
  }),
});

/** Its place in the tree: all of it from the one lineage that is read for a tenant. */
builder.objectFields(Tenant, (t) => ({
  parentId: t.id({
    nullable: true,
    description: 'The id of its parent; null for a root, and where the parent lies outside what the caller may see.',
    resolve: async (tenant, _args, context) => (await parentOf(tenant, context))?.id ?? null,
  }),
  parent: t.field({
    type: Tenant,
    nullable: true,
    description: 'The tenant right above it; null for a root, and where that lies outside what the caller may see.',
    resolve: (tenant, _args, context) => parentOf(tenant, context),
  }),
  rootId: t.id({ description: 'The id of the topmost tenant: it names the tree.', resolve: ({ rootId }) => rootId }),
  root: t.field({
    type: Tenant,
    nullable: true,
    description: 'The topmost tenant, itself for a root; null where that lies outside what the caller may see.',
    resolve: async (tenant, _args, context) =>
      (await visible(tenant, context)).find(({ id, rootId }) => id === rootId) ?? null,
  }),
  ancestors: t.field({
    type: [Tenant],
    description: 'The tenants above it that the caller may see, root first.',
    resolve: async (tenant, _args, context) => (await visible(tenant, context)).slice(0, -1),
  }),
  ancestryPath: t.string({
    description: 'The ids of its ancestors, root first, each behind a slash; `/` for a root.',
    resolve: async (tenant, _args, context) =>
      `/${(await visible(tenant, context))
        .slice(0, -1)
        .map(({ id }) => id)
        .join('/')}`,
  }),
  slugPath: t.string({
    description: 'The slugs of its ancestors and its own, with dots between.',
    resolve: async (tenant, _args, context) => (await visible(tenant, context)).map(({ slug }) => slug).join('.'),
  }),
}));

/** The JSON objects of a tenant; one that was just written has them at hand. */
async function objectsOf(tenant: TenantHead & Partial<TenantObjects>, { loaders }: Context): Promise<TenantObjects> {
  const { document, metadata } = tenant;
  return document === undefined || metadata === undefined ? loaders.objects.load(tenant) : { document, metadata };
}

/** The tenant that something belongs to; null when it is gone, and for what belongs to the whole installation. */
export async function tenantWithId(id: string | null, { loaders }: Context): Promise<TenantHead | null> {
  return id === null ? null : ((await loaders.lineage.load(id))?.at(-1) ?? null);
}

/** The tenant's lineage as it is for this request. A tenant that went meanwhile has only itself. */
export async function lineageOf(tenant: TenantHead, { loaders }: Context): Promise<Lineage> {
  return (await loaders.lineage.load(tenant.id)) ?? [{ ...tenant, treeRevision: tenant.revision, treeHash: '' }];
}

/** Where a tenant was written or listed first, others may have changed it before its lineage was read: then nothing newer was seen. */
async function treeRevisionOf(tenant: TenantHead, _args: unknown, context: Context): Promise<bigint> {
  const { revision, rootId, treeRevision } = tenantOf(await lineageOf(tenant, context));
  return revision === tenant.revision && rootId === tenant.rootId ? treeRevision : tenant.revision;
}

/** The tenant behind those of its ancestors that exist for the caller. Of a root there is nothing to load. */
async function visible(tenant: TenantHead, context: Context): Promise<readonly TenantHead[]> {
  return tenant.parentId === null ? [tenant] : visibleLineage(context.call, await lineageOf(tenant, context));
}

async function parentOf(tenant: TenantHead, context: Context): Promise<TenantHead | null> {
  return (await visible(tenant, context)).at(-2) ?? null;
}
