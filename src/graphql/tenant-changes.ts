import { createTenant, createTenants } from '../domain/tenants/create.ts';
import { moveTenant } from '../domain/tenants/move.ts';
import { type PurgedTenant, purgeTenant } from '../domain/tenants/purge.ts';
import { migrateTenantRegion } from '../domain/tenants/region.ts';
import { reorderTenant } from '../domain/tenants/reorder.ts';
import { archiveTenant, resumeTenant, suspendTenant } from '../domain/tenants/transition.ts';
import { updateTenant } from '../domain/tenants/update.ts';
import { ifRevisionArg } from './arguments.ts';
import { builder } from './builder.ts';
import { changing } from './context.ts';
import { IsolationStrategyEnum } from './enums.ts';
import { Tenant } from './tenant.ts';

const CreateTenantInput = builder.inputType('CreateTenantInput', {
  description: 'A tenant to create.',
  fields: (t) => newTenant(t),
});

const CreateTenantsItem = builder.inputType('CreateTenantsItem', {
  description: 'A tenant to create together with others.',
  fields: (t) => ({
    ...newTenant(t),
    parentSlug: t.string({
      required: false,
      description: 'The parent by its slug in place of its id: an earlier item, or a tenant that exists.',
    }),
  }),
});

type InputFields = PothosSchemaTypes.InputFieldBuilder<(typeof builder)['$inferSchemaTypes'], 'InputObject'>;

function newTenant(t: InputFields) {
  return {
    parentId: t.id({ required: false, description: 'The tenant to create it under; without one it is a root.' }),
    name: t.string({ description: 'The name people see: 1 to 255 characters of any script.' }),
    slug: t.string({ description: 'A short name, unique in the installation: `^[a-z][a-z0-9_]{0,62}$`.' }),
    document: t.field({ type: 'JSON', required: false, description: 'A JSON object of at most 64 KiB.' }),
    metadata: t.field({ type: 'JSON', required: false, description: 'A JSON object of at most 64 KiB.' }),
    isolationStrategy: t.field({
      type: IsolationStrategyEnum,
      required: false,
      description: 'How its own data is kept apart; `SHARED_RLS` unless told.',
    }),
    regionId: t.id({ required: false, description: "The region to put it in; its parent's unless told." }),
  };
}

const UpdateTenantInput = builder.inputType('UpdateTenantInput', {
  description: 'What to change of a tenant; what is left out stays as it is.',
  fields: (t) => ({
    name: t.string({ required: false, description: 'The name people see.' }),
    slug: t.string({ required: false, description: 'The short name.' }),
    document: t.field({
      type: 'JSON',
      required: false,
      description: 'A JSON object, in place of the whole one before.',
    }),
    metadata: t.field({
      type: 'JSON',
      required: false,
      description: 'A JSON object, in place of the whole one before.',
    }),
  }),
});

const PurgedTenantType = builder.objectRef<PurgedTenant>('PurgedTenant').implement({
  description: 'What is left of a tenant that was purged.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id it had.' }),
    revision: t.expose('revision', { type: 'Revision', description: 'The revision of the tree at which it went.' }),
  }),
});

const target = builder.args((t) => ({ id: t.id({ description: 'The id of the tenant.' }), ...ifRevisionArg }));

builder.mutationFields((t) => ({
  createTenant: t.field({
    type: Tenant,
    nullable: true,
    description: 'Creates a tenant, active at once, behind its siblings.',
    authScopes: { write: true },
    args: { input: t.arg({ type: CreateTenantInput, description: 'The tenant.' }) },
    resolve: changing((call, { input }) => createTenant(call, input)),
  }),
  createTenants: t.field({
    type: [Tenant],
    nullable: true,
    description: 'Creates up to 100 tenants, all or none.',
    authScopes: { write: true },
    args: { tenants: t.arg({ type: [CreateTenantsItem], description: 'The tenants, parents before their children.' }) },
    resolve: changing((call, { tenants }) => createTenants(call, tenants)),
  }),
  updateTenant: t.field({
    type: Tenant,
    nullable: true,
    description: 'Changes name, slug, document or metadata. What is equal already is no change.',
    authScopes: { write: true },
    args: { ...target, input: t.arg({ type: UpdateTenantInput, description: 'What to change.' }) },
    resolve: changing(updateTenant),
  }),
  moveTenant: t.field({
    type: Tenant,
    nullable: true,
    description: 'Moves a tenant with everything below it under an active tenant of any tree.',
    authScopes: { write: true },
    args: {
      ...target,
      newParentId: t.arg.id({ required: false, description: 'The tenant to move it under; null makes it a root.' }),
    },
    resolve: changing(moveTenant),
  }),
  reorderTenant: t.field({
    type: Tenant,
    nullable: true,
    description: 'Puts a tenant at a position among its active siblings.',
    authScopes: { write: true },
    args: { ...target, position: t.arg.int({ description: 'From 0; beyond the last one means last.' }) },
    resolve: changing(reorderTenant),
  }),
  migrateTenantRegion: t.field({
    type: Tenant,
    nullable: true,
    description: 'Puts a tenant of any status into another region. Those below it stay in theirs.',
    authScopes: { admin: true },
    args: { ...target, regionId: t.arg.id({ description: 'An active region.' }) },
    resolve: changing(migrateTenantRegion),
  }),
  suspendTenant: t.field({
    type: Tenant,
    nullable: true,
    description: '`active` becomes `suspended`. Refused while a child is active.',
    authScopes: { write: true },
    args: target,
    resolve: changing(suspendTenant),
  }),
  resumeTenant: t.field({
    type: Tenant,
    nullable: true,
    description: '`suspended` or `archived` becomes `active`. Needs an active parent.',
    authScopes: { write: true },
    args: target,
    resolve: changing(resumeTenant),
  }),
  archiveTenant: t.field({
    type: Tenant,
    nullable: true,
    description: '`active` or `suspended` becomes `archived`. Refused while a child is active.',
    authScopes: { write: true },
    args: target,
    resolve: changing(archiveTenant),
  }),
  purgeTenant: t.field({
    type: PurgedTenantType,
    nullable: true,
    description: 'Removes a tenant without children, and all it owns, for good. The ledger remembers it.',
    authScopes: { admin: true },
    args: target,
    resolve: changing(purgeTenant),
  }),
}));
