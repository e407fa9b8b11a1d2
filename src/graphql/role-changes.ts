import type { ApiKey } from '../domain/api-keys/rows.ts';
import { assignRole, removeRole } from '../domain/roles/assign.ts';
import { createRole } from '../domain/roles/create.ts';
import { deleteRole } from '../domain/roles/delete.ts';
import type { Role as RoleRow } from '../domain/roles/rows.ts';
import { updateRole } from '../domain/roles/update.ts';
import { builder } from './builder.ts';
import { changing } from './context.ts';
import { ScopeEnum } from './enums.ts';
import { Role } from './role.ts';

const CreateRoleInput = builder.inputType('CreateRoleInput', {
  description: 'A role to make.',
  fields: (t) => ({
    tenantId: t.id({
      required: false,
      description:
        'The tenant where it is at home: keys there and below may have it. Without one it is for the whole installation.',
    }),
    name: t.string({ description: 'Its name, unique in its home: 1 to 100 characters.' }),
    description: t.string({ required: false, description: 'What it is for: at most 500 characters.' }),
    scopes: t.field({
      type: [ScopeEnum],
      description: 'What keys that have it may do: nothing that the caller may not do.',
    }),
  }),
});

const UpdateRoleInput = builder.inputType('UpdateRoleInput', {
  description: 'What to change of a role; what is left out stays as it is.',
  fields: (t) => ({
    name: t.string({ required: false, description: 'Its name.' }),
    description: t.string({ required: false, description: 'What it is for; null for nothing in particular.' }),
    scopes: t.field({ type: [ScopeEnum], required: false, description: 'What keys that have it may do.' }),
  }),
});

const DeletedRole = builder.objectRef<RoleRow>('DeletedRole').implement({
  description: 'What is left of a role that was deleted.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id it had.' }),
    name: t.exposeString('name', { description: 'The name it had.' }),
  }),
});

/** Of a key no more than its role: to see all of it takes an administrator. */
const RoleAssignment = builder.objectRef<ApiKey>('RoleAssignment').implement({
  description: 'A key and the role it has.',
  fields: (t) => ({
    keyId: t.exposeID('id', { description: 'The id of the key.' }),
    roleId: t.exposeID('roleId', { nullable: true, description: 'The id of its role; null for none.' }),
    effectiveScopes: t.expose('effectiveScopes', { type: [ScopeEnum], description: 'What the key may do now.' }),
  }),
});

const idArg = builder.args((t) => ({ id: t.id({ description: 'The id of the role.' }) }));
const keyArg = builder.args((t) => ({ keyId: t.id({ description: 'The id of the key.' }) }));

builder.mutationFields((t) => ({
  createRole: t.field({
    type: Role,
    nullable: true,
    description: 'Makes a role of an active tenant or of the whole installation.',
    authScopes: { write: true },
    args: { input: t.arg({ type: CreateRoleInput, description: 'The role.' }) },
    resolve: changing(createRole),
  }),
  updateRole: t.field({
    type: Role,
    nullable: true,
    description: 'Changes a role, and what all keys that have it may do from their next request on.',
    authScopes: { write: true },
    args: { ...idArg, input: t.arg({ type: UpdateRoleInput, description: 'What to change.' }) },
    resolve: changing(updateRole),
  }),
  deleteRole: t.field({
    type: DeletedRole,
    nullable: true,
    description: 'Removes a role. Keys that have it may do what their own scopes say.',
    authScopes: { write: true },
    args: idArg,
    resolve: changing(deleteRole),
  }),
  assignRole: t.field({
    type: RoleAssignment,
    nullable: true,
    description:
      'Gives a key a role in place of the one it has: of the installation, of its tenant or of a tenant above it.',
    authScopes: { write: true },
    args: { ...keyArg, roleId: t.arg.id({ description: 'The id of the role.' }) },
    resolve: changing(assignRole),
  }),
  removeRole: t.field({
    type: RoleAssignment,
    nullable: true,
    description: 'Takes the role of a key away, if it has one: it may do what its own scopes say.',
    authScopes: { write: true },
    args: keyArg,
    resolve: changing(removeRole),
  }),
}));
