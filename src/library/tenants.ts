import type { Actor } from './actor.ts';
import type { NewTenant, NewTenantOfBatch, PageOptions, TenantPatch } from './inputs.ts';
import { errorOf, type Refusal } from './named-error.ts';
import {
  getRoot,
  getTenantContext,
  listDescendants,
  listRoots,
  lookUpTenant,
  lookUpTenantBySlug,
} from './own-routes.ts';
import type { Run } from './run.ts';
import type { Page, TenantBatch, TenantContext, TenantExport, TenantNode } from './types.ts';

/** The statuses that are answered: only an active tenant, unless told. */
const shown = (includeArchived: boolean) => (includeArchived ? {} : { statuses: ['active'] });

export type TenantMethods = ReturnType<typeof tenantMethods>;

/** Tenants, their tree and their lifecycle. */
export function tenantMethods(run: Run) {
  const createTenant = (input: NewTenant, actor?: Actor) => run<TenantNode>('POST /tenants', { body: input }, actor);
  const getTenant = (id: string, includeArchived = false) =>
    run<TenantNode>(lookUpTenant, { query: { id, ...shown(includeArchived) } });
  return {
    /** Creates a tenant, as a root when it names no parent. */
    createTenant,
    /** A tenant. `TENANT_SUSPENDED` or `TENANT_ARCHIVED` when it is not active, unless `includeArchived` asks for any. */
    getTenant,
    /** The same by its slug. */
    getTenantBySlug: (slug: string, includeArchived = false) =>
      run<TenantNode>(lookUpTenantBySlug, { query: { slug, ...shown(includeArchived) } }),
    /** Active tenants, oldest first. */
    listTenants: (page: PageOptions = {}) => run<Page<TenantNode>>('GET /tenants', { query: { ...page } }),
    /** Creates a root. */
    createOrganization: (input: Omit<NewTenant, 'parent_id'>, actor?: Actor) =>
      createTenant({ ...input, parent_id: null }, actor),
    getOrganization: (id: string) => getTenant(id),
    /** Active roots, oldest first. */
    listOrganizations: (page: PageOptions = {}) => run<Page<TenantNode>>(listRoots, { query: { ...page } }),
    updateTenant: (id: string, patch: TenantPatch, actor?: Actor) =>
      run<TenantNode>('PATCH /tenants/:id', { params: { id }, body: patch }, actor),
    /** @deprecated The same as `archiveTenant`, without an answer. */
    deleteTenant: async (id: string, actor?: Actor) => {
      await run('DELETE /tenants/:id', { params: { id } }, actor);
    },
    /** Suspends an active tenant that has no active children. */
    suspendTenant: (id: string, actor?: Actor) =>
      run<TenantNode>('POST /tenants/:id/suspend', { params: { id } }, actor),
    /** Makes a suspended or archived tenant active again. */
    resumeTenant: (id: string, actor?: Actor) => run<TenantNode>('POST /tenants/:id/resume', { params: { id } }, actor),
    /** Archives a tenant that has no active children. */
    archiveTenant: (id: string, actor?: Actor) =>
      run<TenantNode>('POST /tenants/:id/archive', { params: { id } }, actor),
    /** Moves a tenant with its subtree under another; null makes it a root. */
    moveTenant: (id: string, newParentId: string | null, actor?: Actor) =>
      run<TenantNode>('POST /tenants/:id/move', { params: { id }, body: { new_parent_id: newParentId } }, actor),
    /** Puts a tenant at a position among its active siblings. */
    reorderTenant: (id: string, position: number, actor?: Actor) =>
      run<TenantNode>('POST /tenants/:id/reorder', { params: { id }, body: { position } }, actor),
    /** The ancestors of a tenant, root first, of any status. */
    getAncestors: (id: string) => run<TenantNode[]>('GET /tenants/:id/ancestors', { params: { id } }),
    /** The root of the tree a tenant is in: itself, when it is one. */
    getRoot: (id: string) => run<TenantNode>(getRoot, { query: { id } }),
    /** Everything below a tenant, each parent before its children; only what is active, unless `includeArchived` asks for all. */
    getDescendants: (id: string, includeArchived = false) => {
      const statuses = includeArchived ? ['pending', 'active', 'suspended', 'archived'] : ['active'];
      return run<TenantNode[]>(listDescendants, { query: { id, statuses } });
    },
    /** The active children of a tenant in their order. */
    getChildren: (id: string) => run<TenantNode[]>('GET /tenants/:id/children', { params: { id } }),
    /**
     * Creates up to 100 tenants, all or none: when one is refused, the answer says which and why. Throws when the batch as a whole could
     * not be carried out.
     */
    batchCreateTenants: async (inputs: NewTenantOfBatch[], actor?: Actor): Promise<TenantBatch> => {
      const { error, ...batch } = await run<TenantBatch & { error?: Refusal }>(
        'POST /tenants/batch',
        { body: { tenants: inputs } },
        actor,
      );
      if (error !== undefined && batch.errors.length === 0) {
        throw errorOf(error);
      }
      return batch;
    },
    /** What applies to an active tenant, and where it stands. */
    getTenantContext: (id: string) => run<TenantContext>(getTenantContext, { query: { id } }),
    /** Removes a tenant without children, and all it owns, for good. */
    purgeTenant: async (id: string, actor?: Actor) => {
      await run('POST /tenants/:id/purge', { params: { id } }, actor);
    },
    /** All that is kept of a tenant, secrets withheld. */
    exportTenantData: (id: string) => run<TenantExport>('GET /tenants/:id/export', { params: { id } }),
    /** Puts a tenant into another region; those below it stay in theirs. */
    migrateRegion: async (id: string, regionId: string, actor?: Actor) => {
      await run('POST /tenants/:id/migrate-region', { params: { id }, body: { region_id: regionId } }, actor);
    },
  };
}
