import type { Actor } from './actor.ts';
import type { NewRole, RolePatch } from './inputs.ts';
import type { Role } from './key-types.ts';
import type { Run } from './run.ts';
import { wasThere } from './was-there.ts';

export type RoleMethods = ReturnType<typeof roleMethods>;

/** Roles, and which keys have them. */
export function roleMethods(run: Run) {
  return {
    /** Makes a role of a tenant, or without one of the whole installation. */
    createRole: (input: NewRole, actor?: Actor) => run<Role>('POST /roles', { body: input }, actor),
    getRole: (id: string) => run<Role>('GET /roles/:id', { params: { id } }),
    /** Roles by name: those that keys of a tenant may have, or all. */
    listRoles: (tenantId?: string) => run<Role[]>('GET /roles', { query: { tenant_id: tenantId } }),
    /** Changes a role, and what all keys that have it may do. */
    updateRole: (id: string, patch: RolePatch, actor?: Actor) =>
      run<Role>('PATCH /roles/:id', { params: { id }, body: patch }, actor),
    /** Removes a role; false when there is none. */
    deleteRole: (id: string, actor?: Actor) => wasThere(run('DELETE /roles/:id', { params: { id } }, actor)),
    /** Gives a key a role; false when one of the two does not exist. */
    assignRoleToKey: (keyId: string, roleId: string, actor?: Actor) =>
      wasThere(run('POST /roles/assign/:keyId', { params: { keyId }, body: { role_id: roleId } }, actor)),
    /** Takes the role of a key away, if it has one; false when there is no such key. */
    removeRoleFromKey: (keyId: string, actor?: Actor) =>
      wasThere(run('DELETE /roles/assign/:keyId', { params: { keyId } }, actor)),
  };
}
