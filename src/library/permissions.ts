import type { Actor } from './actor.ts';
import type { NewPermission, PermissionPatch } from './inputs.ts';
import type { Run } from './run.ts';
import type { PermissionPolicy, ResolvedPermissions } from './types.ts';

export type PermissionMethods = ReturnType<typeof permissionMethods>;

/** Permissions that are delegated down the tree and revoked. */
export function permissionMethods(run: Run) {
  return {
    /** What permissions resolve to for a tenant of any status. */
    resolvePermissions: (id: string) => run<ResolvedPermissions>('GET /tenants/:id/permissions', { params: { id } }),
    /** Sets a permission. `PERMISSION_LOCKED` when a tenant above does not let it. */
    createPermission: (id: string, input: NewPermission, actor?: Actor) =>
      run<PermissionPolicy>('POST /tenants/:id/permissions', { params: { id }, body: input }, actor),
    updatePermission: (id: string, policyId: string, patch: PermissionPatch, actor?: Actor) =>
      run<PermissionPolicy>(
        'PATCH /tenants/:id/permissions/:policyId',
        { params: { id, policyId }, body: patch },
        actor,
      ),
    /** Removes a permission, and by its revocation mode those below it. */
    deletePermission: async (id: string, policyId: string, actor?: Actor) => {
      await run('DELETE /tenants/:id/permissions/:policyId', { params: { id, policyId } }, actor);
    },
  };
}
