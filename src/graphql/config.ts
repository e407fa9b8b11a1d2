import { type OwnConfigEntry, ownConfig } from '../domain/config/own.ts';
import {
  type ConfigExplanation,
  type ConfigLineage,
  type ResolvedEntry,
  resolvedConfig,
  resolvedConfigMap,
} from '../domain/config/resolved.ts';
import type { TenantHead } from '../domain/tenants/rows.ts';
import { revealArg, selectionArgs } from './arguments.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { OutcomeEnum, RuleEnum } from './enums.ts';
import { Node } from './node.ts';
import { TenantReferenceType } from './references.ts';
import { lineageOf, Tenant, tenantWithId } from './tenant.ts';

/** What applies to a tenant, ready to be resolved. */
export async function configOf(tenant: TenantHead, context: Context): Promise<ConfigLineage> {
  return context.loaders.config.load(await lineageOf(tenant, context));
}

const shown = {
  value: 'The value: any JSON. Null while it is masked.',
  sensitive: 'Whether the value is a secret.',
  masked: 'Whether the value is withheld.',
  locked: 'Whether tenants below may not override it.',
};

export const ConfigEntry = builder.objectRef<OwnConfigEntry>('ConfigEntry').implement({
  description: 'A config entry that a tenant has set itself.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id.' }),
    tenantId: t.exposeID('tenantId', { description: 'The id of the tenant that set it.' }),
    key: t.exposeString('key', { description: 'Its key.' }),
    value: t.expose('value', { type: 'JSON', nullable: true, description: shown.value }),
    sensitive: t.exposeBoolean('sensitive', { description: shown.sensitive }),
    masked: t.exposeBoolean('masked', { description: shown.masked }),
    locked: t.exposeBoolean('locked', { description: shown.locked }),
    inherited: t.boolean({
      description: 'Always false: it is the own entry of its tenant. Kept for REST v1.',
      resolve: () => false,
    }),
    revision: t.expose('revision', {
      type: 'Revision',
      description: 'The revision of its tree at which it last changed.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the key was first set.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description: 'The tenant that set it.',
      resolve: ({ tenantId }, _args, context) => tenantWithId(tenantId, context),
    }),
  }),
});

/** The entries that a tenant has set itself, in order of keys. */
export async function ownConfigOf(tenant: TenantHead, context: Context): Promise<OwnConfigEntry[]> {
  return ownConfig(context.call, await configOf(tenant, context));
}

const ConfigCandidate = builder.objectRef<ConfigExplanation['candidates'][number]>('ConfigCandidate').implement({
  description: 'One entry for a key on the way from the root to a tenant.',
  fields: (t) => ({
    tenant: t.expose('tenant', { type: TenantReferenceType, description: 'The tenant that set it.' }),
    value: t.expose('value', { type: 'JSON', nullable: true, description: shown.value }),
    sensitive: t.exposeBoolean('sensitive', { description: shown.sensitive }),
    masked: t.exposeBoolean('masked', { description: shown.masked }),
    locked: t.exposeBoolean('locked', { description: shown.locked }),
    revision: t.expose('revision', {
      type: 'Revision',
      description: 'The revision of the tree at which it last changed.',
    }),
    outcome: t.expose('outcome', { type: OutcomeEnum, description: 'What became of it.' }),
  }),
});

const ConfigExplanationType = builder.objectRef<ConfigExplanation>('ConfigExplanation').implement({
  description: 'Why a value is what it is.',
  fields: (t) => ({
    candidates: t.expose('candidates', {
      type: [ConfigCandidate],
      description: 'Every entry for the key, root first.',
    }),
    rule: t.expose('rule', { type: RuleEnum, description: 'The rule that decided.' }),
    text: t.exposeString('text', { description: 'The same in a sentence.' }),
  }),
});

export const ResolvedConfigEntry = builder.objectRef<ResolvedEntry>('ResolvedConfigEntry').implement({
  description: 'What applies to a tenant under one key.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'The key.' }),
    value: t.expose('value', { type: 'JSON', nullable: true, description: shown.value }),
    sensitive: t.exposeBoolean('sensitive', { description: shown.sensitive }),
    masked: t.exposeBoolean('masked', { description: shown.masked }),
    locked: t.exposeBoolean('locked', { description: shown.locked }),
    inherited: t.exposeBoolean('inherited', { description: 'Whether it was set above the tenant itself.' }),
    source: t.expose('source', { type: TenantReferenceType, description: 'The tenant that set it.' }),
    revision: t.expose('revision', {
      type: 'Revision',
      description: 'The revision of the tree at which it last changed.',
    }),
    explanation: t.field({
      type: ConfigExplanationType,
      description: 'Why the value is what it is.',
      resolve: ({ explain }) => explain(),
    }),
  }),
});

builder.objectFields(Tenant, (t) => ({
  config: t.field({
    type: [ConfigEntry],
    description: 'The entries the tenant has set itself, in order of keys.',
    resolve: (tenant, _args, context) => ownConfigOf(tenant, context),
  }),
  resolvedConfig: t.field({
    type: [ResolvedConfigEntry],
    description: 'What applies to the tenant, its own and inherited, in order of keys.',
    args: { ...selectionArgs, ...revealArg },
    resolve: async (tenant, args, context) => resolvedConfig(context.call, await configOf(tenant, context), args),
  }),
  resolvedValue: t.field({
    type: ResolvedConfigEntry,
    nullable: true,
    description: 'What applies to the tenant under one key; null when nothing does.',
    args: { key: t.arg.string({ description: 'The key.' }), ...revealArg },
    resolve: async (tenant, { key, revealSensitive }, context) => {
      const selection = { keys: [key], revealSensitive };
      return resolvedConfig(context.call, await configOf(tenant, context), selection)[0] ?? null;
    },
  }),
  resolvedConfigMap: t.field({
    type: 'JSON',
    description: 'The same as `resolvedConfig` for programs: one JSON object by key, in the shape of REST.',
    args: { ...selectionArgs, ...revealArg },
    resolve: async (tenant, args, context) => {
      const load = () => configOf(tenant, context);
      return resolvedConfigMap(context.call, await lineageOf(tenant, context), { selection: args, load });
    },
  }),
}));
