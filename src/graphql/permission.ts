import type { StoredPolicy } from '../domain/permissions/change.ts';
import type { OwnPolicy } from '../domain/permissions/policies.ts';
import {
  type PermissionExplanation,
  type PermissionLineage,
  type ResolvedPermission,
  resolvedPermissions,
  resolvedPermissionsMap,
} from '../domain/permissions/resolved.ts';
import type { TenantHead } from '../domain/tenants/rows.ts';
import { selectionArgs } from './arguments.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { OutcomeEnum, PermissionModeEnum, RevocationModeEnum, RuleEnum } from './enums.ts';
import { Node } from './node.ts';
import { TenantReferenceType } from './references.ts';
import { lineageOf, Tenant, tenantWithId } from './tenant.ts';

/** What applies to a tenant, ready to be resolved. */
async function permissionsOf(tenant: TenantHead, context: Context): Promise<PermissionLineage> {
  return context.loaders.permissions.load(await lineageOf(tenant, context));
}

/** A policy with the tenant that has set it. */
interface TenantPolicy extends OwnPolicy {
  readonly tenantId: string;
}

export const PermissionPolicy = builder.objectRef<TenantPolicy>('PermissionPolicy').implement({
  description: 'A permission that a tenant has set itself.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id.' }),
    tenantId: t.exposeID('tenantId', { description: 'The id of the tenant that set it.' }),
    key: t.exposeString('key', { description: 'Its key.' }),
    value: t.expose('value', { type: 'JSON', nullable: true, description: 'Its value: any JSON.' }),
    mode: t.expose('mode', { type: PermissionModeEnum, description: 'What tenants below may do with it.' }),
    revocationMode: t.expose('revocationMode', {
      type: RevocationModeEnum,
      description: 'What deleting it does below.',
    }),
    revision: t.expose('revision', {
      type: 'Revision',
      description: 'The revision of its tree at which it last changed.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description: 'The tenant that set it.',
      resolve: ({ tenantId }, _args, context) => tenantWithId(tenantId, context),
    }),
  }),
});

/** A policy as the schema shows it. */
export function policyOf({ tenant, ...policy }: StoredPolicy): TenantPolicy {
  return { ...policy, tenantId: tenant.id };
}

/** The policies that a tenant has set itself, in order of keys. */
export async function ownPoliciesOf(tenant: TenantHead, context: Context): Promise<TenantPolicy[]> {
  const { policies } = await permissionsOf(tenant, context);
  return (policies.at(-1) ?? []).map((policy) => ({ ...policy, tenantId: tenant.id }));
}

const PermissionCandidate = builder
  .objectRef<PermissionExplanation['candidates'][number]>('PermissionCandidate')
  .implement({
    description: 'One policy for a key on the way from the root to a tenant.',
    fields: (t) => ({
      tenant: t.expose('tenant', { type: TenantReferenceType, description: 'The tenant that set it.' }),
      policyId: t.exposeID('policyId', { description: 'The id of the policy.' }),
      value: t.expose('value', { type: 'JSON', nullable: true, description: 'Its value.' }),
      mode: t.expose('mode', { type: PermissionModeEnum, description: 'Its mode.' }),
      revision: t.expose('revision', {
        type: 'Revision',
        description: 'The revision of the tree at which it last changed.',
      }),
      outcome: t.expose('outcome', { type: OutcomeEnum, description: 'What became of it.' }),
    }),
  });

const PermissionExplanationType = builder.objectRef<PermissionExplanation>('PermissionExplanation').implement({
  description: 'Why a permission is what it is.',
  fields: (t) => ({
    candidates: t.expose('candidates', {
      type: [PermissionCandidate],
      description: 'Every policy for the key, root first.',
    }),
    rule: t.expose('rule', { type: RuleEnum, description: 'The rule that decided.' }),
    text: t.exposeString('text', { description: 'The same in a sentence.' }),
  }),
});

export const ResolvedPermissionType = builder.objectRef<ResolvedPermission>('ResolvedPermission').implement({
  description: 'A permission that applies to a tenant.',
  fields: (t) => ({
    policyId: t.exposeID('policyId', { description: 'The id of the policy that decides.' }),
    key: t.exposeString('key', { description: 'The key.' }),
    value: t.expose('value', { type: 'JSON', nullable: true, description: 'The value.' }),
    mode: t.expose('mode', { type: PermissionModeEnum, description: 'What tenants below may do with it.' }),
    revocationMode: t.expose('revocationMode', {
      type: RevocationModeEnum,
      description: 'What deleting it does below.',
    }),
    source: t.expose('source', { type: TenantReferenceType, description: 'The tenant that set it.' }),
    inherited: t.exposeBoolean('inherited', { description: 'Whether it was set above the tenant itself.' }),
    locked: t.exposeBoolean('locked', { description: 'Whether its mode is `LOCKED`.' }),
    delegated: t.exposeBoolean('delegated', { description: 'Whether its mode is `DELEGATED`.' }),
    revision: t.expose('revision', {
      type: 'Revision',
      description: 'The revision of the tree at which it last changed.',
    }),
    explanation: t.field({
      type: PermissionExplanationType,
      description: 'Why the permission is what it is.',
      resolve: ({ explain }) => explain(),
    }),
  }),
});

builder.objectFields(Tenant, (t) => ({
  permissions: t.field({
    type: [PermissionPolicy],
    description: 'The policies the tenant has set itself, in order of keys.',
    resolve: (tenant, _args, context) => ownPoliciesOf(tenant, context),
  }),
  resolvedPermissions: t.field({
    type: [ResolvedPermissionType],
    description: 'The permissions that apply to the tenant, its own and inherited, in order of keys.',
    args: selectionArgs,
    resolve: async (tenant, args, context) =>
      resolvedPermissions(context.call, await permissionsOf(tenant, context), args),
  }),
  resolvedPermission: t.field({
    type: ResolvedPermissionType,
    nullable: true,
    description: 'The permission that applies to the tenant under one key; null when none does.',
    args: { key: t.arg.string({ description: 'The key.' }) },
    resolve: async (tenant, { key }, context) =>
      resolvedPermissions(context.call, await permissionsOf(tenant, context), { keys: [key] })[0] ?? null,
  }),
  resolvedPermissionsMap: t.field({
    type: 'JSON',
    description: 'The same as `resolvedPermissions` for programs: one JSON object by key, in the shape of REST.',
    args: selectionArgs,
    resolve: async (tenant, args, context) => {
      const load = () => permissionsOf(tenant, context);
      return resolvedPermissionsMap(context.call, await lineageOf(tenant, context), { selection: args, load });
    },
  }),
}));
