import { brandWithType } from '@pothos/core';
import { invalid } from '../domain/errors.ts';
import type { Owner } from '../domain/owners.ts';
import { maxPageSize } from '../domain/page.ts';
import { canSee, hasScope, type Scope } from '../domain/principal.ts';
import { tenantOf } from '../domain/tenants/lineage.ts';
import { builder } from './builder.ts';
import { ownConfigOf } from './config.ts';
import type { Context } from './context.ts';
import { Node } from './node.ts';
import { ownPoliciesOf } from './permission.ts';

/** What it takes to see a thing of each kind. */
const scopeByKind: Readonly<Record<Owner['kind'], Scope>> = {
  Tenant: 'read',
  ConfigEntry: 'read',
  PermissionPolicy: 'read',
  Role: 'read',
  ApiKey: 'admin',
  Webhook: 'read',
  WebhookDelivery: 'read',
};

/** The thing with this id, or null when there is none for the caller. */
async function findNode(id: string, context: Context): Promise<{ readonly id: string } | null> {
  const { call, loaders } = context;
  const owner = await loaders.owner.load(id);
  if (owner === null || !hasScope(call.principal, scopeByKind[owner.kind])) {
    return null;
  }
  switch (owner.kind) {
    case 'Role':
      return branded(owner.kind, await loaders.role.load(id));
    case 'ApiKey':
      return branded(owner.kind, await loaders.apiKey.load(id));
    case 'Webhook':
      return branded(owner.kind, await loaders.webhook.load(id));
    case 'WebhookDelivery':
      return branded(owner.kind, await loaders.delivery.load(id));
    default:
      return findOfTenant(id, owner, context);
  }
}

/** Something that a tenant is or has set. */
async function findOfTenant(
  id: string,
  { kind, tenantId }: Owner,
  context: Context,
): Promise<{ readonly id: string } | null> {
  const lineage = tenantId === null ? null : await context.loaders.lineage.load(tenantId);
  const tenant = lineage === null ? null : tenantOf(lineage);
  if (tenant === null || !canSee(context.call.principal, tenant.path)) {
    return null;
  }
  const own = { ConfigEntry: ownConfigOf, PermissionPolicy: ownPoliciesOf }[kind as 'ConfigEntry' | 'PermissionPolicy'];
  if (own === undefined) {
    return branded(kind, tenant);
  }
  return branded(
    kind,
    (await own(tenant, context)).find((thing) => thing.id === id),
  );
}

/** Says of a thing which type it is of; a copy, since the things themselves are shared. */
function branded<Thing extends { readonly id: string }>(type: string, thing: Thing | null | undefined): Thing | null {
  if (!thing) {
    return null;
  }
  const copy = { ...thing };
  brandWithType(copy, type as never); // the types of the schema are known by their names here
  return copy;
}

builder.queryFields((t) => ({
  node: t.field({
    type: Node,
    nullable: true,
    description: 'Anything by its id; null when there is no such thing for the caller.',
    authScopes: { read: true },
    args: { id: t.arg.id({ description: 'The id.' }) },
    resolve: (_root, { id }, context) => findNode(id, context),
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description: 'The same for up to 100 ids, in their order.',
    authScopes: { read: true },
    args: { ids: t.arg.idList({ description: 'The ids.' }) },
    resolve: (_root, { ids }, context) => {
      if (ids.length > maxPageSize) {
        throw invalid([{ path: ['ids'], message: `must have at most ${maxPageSize} items`, code: 'too_big' }]);
      }
      return Promise.all(ids.map((id) => findNode(id, context)));
    },
  }),
}));
