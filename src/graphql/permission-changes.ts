import { createPermission } from '../domain/permissions/create.ts';
import { type DeletedPermission, deletePermission } from '../domain/permissions/delete.ts';
import { updatePermission } from '../domain/permissions/update.ts';
import { ifRevisionArg } from './arguments.ts';
import { builder } from './builder.ts';
import { changing } from './context.ts';
import { PermissionModeEnum, RevocationModeEnum } from './enums.ts';
import { PermissionPolicy, policyOf } from './permission.ts';

const CreatePermissionInput = builder.inputType('CreatePermissionInput', {
  description: 'A permission to set.',
  fields: (t) => ({
    key: t.string({ description: 'Any text of 1 to 255 characters.' }),
    value: t.field({ type: 'JSON', required: false, defaultValue: true, description: 'Any JSON of at most 64 KiB.' }),
    mode: t.field({
      type: PermissionModeEnum,
      defaultValue: 'INHERITED',
      description: 'What tenants below may do with it.',
    }),
    revocationMode: t.field({
      type: RevocationModeEnum,
      defaultValue: 'CASCADE',
      description: 'What deleting it does below.',
    }),
  }),
});

const UpdatePermissionInput = builder.inputType('UpdatePermissionInput', {
  description: 'What to change of a policy; what is left out stays as it is.',
  fields: (t) => ({
    value: t.field({ type: 'JSON', required: false, description: 'Any JSON of at most 64 KiB.' }),
    mode: t.field({ type: PermissionModeEnum, required: false, description: 'What tenants below may do with it.' }),
    revocationMode: t.field({
      type: RevocationModeEnum,
      required: false,
      description: 'What deleting it does below.',
    }),
  }),
});

const DeletedPermissionType = builder.objectRef<DeletedPermission>('DeletedPermission').implement({
  description: 'What is left of a policy that was deleted.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id it had.' }),
    tenantId: t.exposeID('tenantId', { description: 'The tenant it was set on.' }),
    key: t.exposeString('key', { description: 'Its key.' }),
    deletedCount: t.exposeInt('deletedCount', { description: 'How many policies went, those below included.' }),
    revision: t.expose('revision', { type: 'Revision', description: 'The revision of the tree at which they went.' }),
  }),
});

const target = builder.args((t) => ({
  id: t.id({ description: 'The id of the policy.' }),
  tenantId: t.id({ required: false, description: 'When given, the policy must be of this tenant.' }),
  ...ifRevisionArg,
}));

builder.mutationFields((t) => ({
  createPermission: t.field({
    type: PermissionPolicy,
    nullable: true,
    description: 'Sets a permission on an active tenant. `PERMISSION_LOCKED` when a tenant above does not let it.',
    authScopes: { write: true },
    args: {
      tenantId: t.arg.id({ description: 'The id of the tenant.' }),
      input: t.arg({ type: CreatePermissionInput, description: 'The permission.' }),
    },
    resolve: changing(async (call, args) => policyOf(await createPermission(call, args))),
  }),
  updatePermission: t.field({
    type: PermissionPolicy,
    nullable: true,
    description: 'Changes value, mode or revocation mode of a policy. What is permanent stays permanent.',
    authScopes: { write: true },
    args: { ...target, input: t.arg({ type: UpdatePermissionInput, description: 'What to change.' }) },
    resolve: changing(async (call, args) => policyOf(await updatePermission(call, args))),
  }),
  deletePermission: t.field({
    type: DeletedPermissionType,
    nullable: true,
    description: 'Revokes a policy, and those below it as its revocation mode says.',
    authScopes: { write: true },
    args: target,
    resolve: changing(deletePermission),
  }),
}));
