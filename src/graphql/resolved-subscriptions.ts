import { followConfig } from '../domain/config/follow.ts';
import type { ResolvedEntry } from '../domain/config/resolved.ts';
import type { ResolvedChange } from '../domain/ledger/follow-resolved.ts';
import { followPermissions } from '../domain/permissions/follow.ts';
import type { ResolvedPermission } from '../domain/permissions/resolved.ts';
import { builder } from './builder.ts';
import { ResolvedConfigEntry } from './config.ts';
import { Event } from './event.ts';
import { follow, passOn } from './followed.ts';
import { ResolvedPermissionType } from './permission.ts';

const described = {
  key: 'The key.',
  before: 'What applied before; null when nothing did.',
  after: 'What applies now; null when nothing does.',
  event: 'The event that caused it; the last one that touched the key, when several came at once.',
};

const ResolvedConfigChange = builder.objectRef<ResolvedChange<ResolvedEntry>>('ResolvedConfigChange').implement({
  description: 'What applies to a tenant under a key has changed.',
  fields: (t) => ({
    key: t.exposeString('key', { description: described.key }),
    before: t.expose('before', { type: ResolvedConfigEntry, nullable: true, description: described.before }),
    after: t.expose('after', { type: ResolvedConfigEntry, nullable: true, description: described.after }),
    event: t.expose('event', { type: Event, description: described.event }),
  }),
});

const ResolvedPermissionChange = builder
  .objectRef<ResolvedChange<ResolvedPermission>>('ResolvedPermissionChange')
  .implement({
    description: 'What a tenant is permitted under a key has changed.',
    fields: (t) => ({
      key: t.exposeString('key', { description: described.key }),
      before: t.expose('before', { type: ResolvedPermissionType, nullable: true, description: described.before }),
      after: t.expose('after', { type: ResolvedPermissionType, nullable: true, description: described.after }),
      event: t.expose('event', { type: Event, description: described.event }),
    }),
  });

builder.subscriptionFields((t) => ({
  resolvedConfigChanged: t.field({
    type: ResolvedConfigChange,
    nullable: true,
    description:
      'Tells of every key whose value for a tenant really changes, whoever changed it and however far above: its value, its lock, whether it is a secret, or who set it.',
    authScopes: { read: true },
    args: {
      tenantId: t.arg.id({ description: 'The id of the tenant.' }),
      keys: t.arg.stringList({ required: false, description: 'Only these keys.' }),
    },
    subscribe: (_root, { tenantId, keys }, { call }) => follow(call, () => followConfig(call, tenantId, keys ?? null)),
    resolve: (item, _args, context) => passOn(item, context),
  }),
  resolvedPermissionsChanged: t.field({
    type: ResolvedPermissionChange,
    nullable: true,
    description: 'The same of permissions.',
    authScopes: { read: true },
    args: {
      tenantId: t.arg.id({ description: 'The id of the tenant.' }),
      keys: t.arg.stringList({ required: false, description: 'Only these keys.' }),
    },
    subscribe: (_root, { tenantId, keys }, { call }) =>
      follow(call, () => followPermissions(call, tenantId, keys ?? null)),
    resolve: (item, _args, context) => passOn(item, context),
  }),
}));
