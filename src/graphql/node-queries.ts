import { brandWithType } from '@pothos/core';
import { invalid } from '../domain/errors.ts';
import { maxPageSize } from '../domain/page.ts';
import { canSee } from '../domain/principal.ts';
import { tenantOf } from '../domain/tenants/lineage.ts';
import { builder } from './builder.ts';
import { ownConfigOf } from './config.ts';
import type { Context } from './context.ts';
import { Node } from './node.ts';
import { ownPoliciesOf } from './permission.ts';

/** The thing with this id, or null when there is none for the caller. */
async function findNode(id: string, context: Context): Promise<{ readonly id: string } | null> {
  const { call, loaders } = context;
  const owner = await loaders.owner.load(id);
  const lineage = owner === null ? null : await loaders.lineage.load(owner.tenantId);
  const tenant = lineage === null ? null : tenantOf(lineage);
  if (owner === null || tenant === null || !canSee(call.principal, tenant.path)) {
    return null;
  }
  switch (owner.kind) {
    case 'Tenant':
      return branded(owner.kind, tenant);
    case 'ConfigEntry':
      return branded(
        owner.kind,
        (await ownConfigOf(tenant, context)).find((entry) => entry.id === id),
      );
    case 'PermissionPolicy':
      return branded(
        owner.kind,
        (await ownPoliciesOf(tenant, context)).find((policy) => policy.id === id),
      );
  }
}

/** Says of a thing which type it is of; a copy, since the things themselves are shared. */
function branded<Thing extends { readonly id: string }>(type: string, thing: Thing | undefined): Thing | null {
  if (thing === undefined) {
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
