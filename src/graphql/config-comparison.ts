import { type DiffEntry, type DiffSide, diffConfig } from '../domain/config/diff.ts';
import {
  assertDriftChildren,
  configDrift,
  type Drift,
  type DriftStatus,
  driftStatuses,
  type KeyDrift,
} from '../domain/config/drift.ts';
import type { ConfigLineage } from '../domain/config/resolved.ts';
import { requireTenant } from '../domain/tenants/lineage.ts';
import type { TenantHead } from '../domain/tenants/rows.ts';
import { builder } from './builder.ts';
import { configOf } from './config.ts';
import type { Context } from './context.ts';
import { DiffStatusEnum, DriftStatusEnum } from './enums.ts';
import { TenantReferenceType } from './references.ts';
import { Tenant } from './tenant.ts';

/** What applies to a tenant that isn't archived. */
async function loadConfig(id: string, context: Context): Promise<{ tenant: TenantHead; config: ConfigLineage }> {
  const lineage = await context.loaders.lineage.load(id);
  const tenant = requireTenant(context.call, lineage, ['pending', 'active', 'suspended']);
  return { tenant, config: await configOf(tenant, context) };
}

const ConfigDiffSide = builder.objectRef<DiffSide>('ConfigDiffSide').implement({
  description: 'What applies to one of two tenants under a key.',
  fields: (t) => ({
    value: t.expose('value', { type: 'JSON', nullable: true, description: 'The value; null while it is masked.' }),
    sensitive: t.exposeBoolean('sensitive', { description: 'Whether the value is a secret.' }),
    masked: t.exposeBoolean('masked', { description: 'Whether the value is withheld.' }),
    status: t.expose('status', { type: DiffStatusEnum, description: 'How the tenant comes by it.' }),
    sourceId: t.exposeID('sourceId', { description: 'The id of the tenant that set it.' }),
  }),
});

const ConfigDiffEntry = builder.objectRef<DiffEntry>('ConfigDiffEntry').implement({
  description: 'One key of two tenants.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'The key.' }),
    equal: t.exposeBoolean('equal', {
      nullable: true,
      description: 'Whether the same value applies to both; null where one of them is withheld.',
    }),
    a: t.expose('a', {
      type: ConfigDiffSide,
      nullable: true,
      description: 'The first one; null where nothing applies.',
    }),
    b: t.expose('b', {
      type: ConfigDiffSide,
      nullable: true,
      description: 'The other one; null where nothing applies.',
    }),
  }),
});

interface Diff {
  readonly a: TenantHead;
  readonly b: TenantHead;
  readonly entries: readonly DiffEntry[];
}

const ConfigDiff = builder.objectRef<Diff>('ConfigDiff').implement({
  description: 'What applies to two tenants, side by side.',
  fields: (t) => ({
    a: t.expose('a', { type: Tenant, description: 'The first tenant.' }),
    b: t.expose('b', { type: Tenant, description: 'The other tenant.' }),
    entries: t.field({
      type: [ConfigDiffEntry],
      description: 'Every key that applies to one of them, in order, equal ones included.',
      resolve: ({ entries }) => [...entries],
    }),
  }),
});

const ConfigKeyDrift = builder.objectRef<KeyDrift>('ConfigKeyDrift').implement({
  description: 'One key of a parent and a child.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'The key.' }),
    status: t.expose('status', { type: DriftStatusEnum, description: 'How far the child has gone.' }),
    parentValue: t.expose('parentValue', { type: 'JSON', nullable: true, description: 'What applies to the parent.' }),
    childValue: t.expose('childValue', { type: 'JSON', nullable: true, description: 'What applies to the child.' }),
    locked: t.exposeBoolean('locked', { description: "Whether the parent's entry is locked." }),
  }),
});

/** Fields that count the keys of a status. */
function countOf(status: DriftStatus): (drift: Drift) => number {
  return ({ details }) => details.filter((detail) => detail.status === status).length;
}

const ConfigDriftResult = builder.objectRef<Drift>('ConfigDriftResult').implement({
  description: 'How far one child has gone from its parent.',
  fields: (t) => ({
    tenant: t.expose('tenant', { type: TenantReferenceType, description: 'The child.' }),
    status: t.expose('status', { type: DriftStatusEnum, description: 'The worst of all keys.' }),
    overrides: t.int({ description: 'How many keys have a value of their own.', resolve: countOf('override') }),
    missing: t.int({ description: 'How many keys the child lacks.', resolve: countOf('missing') }),
    conflicts: t.int({ description: 'How many keys differ against a lock.', resolve: countOf('conflict') }),
    details: t.field({
      type: [ConfigKeyDrift],
      description: 'Every key, in order.',
      resolve: ({ details }) => [...details],
    }),
  }),
});

type Summary = Readonly<Record<DriftStatus, number>>;

const ConfigDriftSummary = builder.objectRef<Summary>('ConfigDriftSummary').implement({
  description: 'How many children there are of each status.',
  fields: (t) => ({
    ok: t.exposeInt('ok', { description: 'As their parent.' }),
    override: t.exposeInt('override', { description: 'With values of their own.' }),
    missing: t.exposeInt('missing', { description: 'Without something their parent has.' }),
    conflict: t.exposeInt('conflict', { description: 'Different against a lock.' }),
  }),
});

interface DriftReport {
  readonly parent: TenantHead;
  readonly results: readonly Drift[];
}

const ConfigDrift = builder.objectRef<DriftReport>('ConfigDrift').implement({
  description: 'How far children have gone from their parent.',
  fields: (t) => ({
    parent: t.expose('parent', { type: Tenant, description: 'The parent.' }),
    results: t.field({
      type: [ConfigDriftResult],
      description: 'One for each child, in the order asked for.',
      resolve: ({ results }) => [...results],
    }),
    summary: t.field({ type: ConfigDriftSummary, description: 'All of them in numbers.', resolve: summarize }),
  }),
});

function summarize({ results }: DriftReport): Summary {
  const count = (status: DriftStatus): number => results.filter((result) => result.status === status).length;
  return Object.fromEntries(driftStatuses.map((status) => [status, count(status)])) as Record<DriftStatus, number>; // of all statuses
}

builder.queryFields((t) => ({
  configDiff: t.field({
    type: ConfigDiff,
    nullable: true,
    description: 'What applies to two tenants, side by side.',
    authScopes: { read: true },
    args: {
      a: t.arg.id({ description: 'The id of the first tenant.' }),
      b: t.arg.id({ description: 'The id of the other one.' }),
    },
    resolve: async (_root, { a, b }, context) => {
      const [left, right] = await Promise.all([loadConfig(a, context), loadConfig(b, context)]);
      return { a: left.tenant, b: right.tenant, entries: diffConfig(context.call, left.config, right.config) };
    },
  }),
  configDrift: t.field({
    type: ConfigDrift,
    nullable: true,
    description: 'How far tenants have gone from another one, key by key.',
    authScopes: { read: true },
    args: {
      parent: t.arg.id({ description: 'The id of the tenant to compare with.' }),
      children: t.arg.idList({ description: 'The ids of up to 100 tenants to compare.' }),
    },
    resolve: async (_root, { parent, children }, context) => {
      assertDriftChildren(children);
      const above = await loadConfig(parent, context);
      const below = await Promise.all(children.map((id) => loadConfig(id, context)));
      return {
        parent: above.tenant,
        results: below.map(({ config }) => configDrift(context.call, above.config, config)),
      };
    },
  }),
}));
