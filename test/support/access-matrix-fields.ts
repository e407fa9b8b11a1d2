import {
  archiving,
  field,
  freeKey,
  freeRole,
  freeRoleSeen,
  freeWebhook,
  inside,
  insideChild,
  inUse,
  list,
  name,
  newRoot,
  notArchived,
  of,
  other,
  q,
  refused,
  resuming,
  shown,
  strong,
  strongRole,
  suspending,
  tenant,
  top,
  toTop,
  type Variant,
  withSibling,
} from './access-matrix-rules.ts';
import { always } from './access-table.ts';
import { homes } from './access-world.ts';

/** By field, and behind a comma what it is asked about. */
export const fieldVariants: Readonly<Record<string, Variant>> = {
  'Query.tenant, of certain statuses': field(
    of('read', inside, tenant, inUse),
    ({ id }) => `tenant(id: ${q(id)}, statuses: [active]) { id }`,
  ),
  'Query.tenantBySlug, of certain statuses': field(
    of('read', inside, tenant, inUse),
    ({ slug }) => `tenantBySlug(slug: ${q(slug)}, statuses: [active]) { id }`,
  ),
  'Query.tenants, by search': field(
    { ...list('read', ({ id }) => id), statuses: { ...shown, archived: 'hidden' } },
    ({ slug }) => `tenants(search: ${q(slug)}) { nodes { id } }`,
  ),
  'Query.apiKeys, of everywhere': field(
    list('admin', ({ strongKeyId }) => strongKeyId),
    () => 'apiKeys(first: 100) { nodes { id } }',
  ),
  'Query.apiKeys, of the installation': field(
    { ...list('admin', ({ freeKeyId }) => freeKeyId), reach: top },
    () => 'apiKeys(first: 100) { nodes { id } }',
  ),
  'Query.roles, of everywhere': field(
    list('read', ({ roleId }) => roleId),
    () => 'roles(first: 100) { nodes { id } }',
  ),
  'Query.roles, of the installation': field(freeRoleSeen, () => 'roles(first: 100) { nodes { id } }'),
  'Query.node, a role of the installation': field(
    freeRoleSeen,
    ({ freeRoleId }) => `node(id: ${q(freeRoleId)}) { id }`,
  ),
  'Query.node, a key of the installation': field(
    { ...list('read', ({ freeKeyId }) => freeKeyId), reach: top, ...strong, uncovered: 'hidden' },
    ({ freeKeyId }) => `node(id: ${q(freeKeyId)}) { id }`,
  ),
  'Query.role, of the installation': field(
    of('read', homes, other, always),
    ({ freeRoleId }) => `role(id: ${q(freeRoleId)}) { id }`,
  ),
  'Query.configDiff, as the other one': field(
    of('read', withSibling, tenant, notArchived),
    ({ id, siblingId }) => `configDiff(a: ${q(siblingId)}, b: ${q(id)}) { entries { key } }`,
  ),
  'Query.configDrift, as the other one': field(
    of('read', withSibling, tenant, notArchived),
    ({ id, siblingId }) => `configDrift(parent: ${q(siblingId)}, children: [${q(id)}]) { summary { ok } }`,
  ),
  'Mutation.createTenants, by slug': field(
    of('write', inside, tenant, inUse),
    ({ slug }) => `createTenants(tenants: [{ parentSlug: ${q(slug)}, name: "M", slug: ${q(name())} }]) { id }`,
  ),
  'Mutation.createTenants, a root': field(
    newRoot,
    () => `createTenants(tenants: [{ name: "M", slug: ${q(name())} }]) { id }`,
  ),
  'Mutation.moveTenant, elsewhere': field(
    of('write', withSibling, tenant, always),
    ({ id, siblingId }) => `moveTenant(id: ${q(id)}, newParentId: ${q(siblingId)}) { id }`,
  ),
  'Mutation.moveTenant, under it': field(
    of('write', withSibling, tenant, inUse),
    ({ id, siblingId }) => `moveTenant(id: ${q(siblingId)}, newParentId: ${q(id)}) { id }`,
  ),
  'Mutation.moveTenant, to the top': field(toTop, ({ id }) => `moveTenant(id: ${q(id)}, newParentId: null) { id }`),
  'Mutation.suspendTenant, without children': field(
    of('write', insideChild, tenant, suspending),
    ({ childId }) => `suspendTenant(id: ${q(childId)}) { id }`,
  ),
  'Mutation.archiveTenant, without children': field(
    of('write', insideChild, tenant, archiving),
    ({ childId }) => `archiveTenant(id: ${q(childId)}) { id }`,
  ),
  'Mutation.resumeTenant, under one out of use': field(
    of('write', insideChild, tenant, resuming),
    ({ childId }) => `resumeTenant(id: ${q(childId)}) { id }`,
  ),
  'Mutation.purgeTenant, without children': field(
    of('admin', insideChild, tenant, always),
    ({ childId }) => `purgeTenant(id: ${q(childId)}) { id }`,
  ),
  'Mutation.updatePermission, of another tenant': field(
    of('write', [], 'PERMISSION_NOT_FOUND', always),
    ({ siblingId, policyId }) =>
      `updatePermission(id: ${q(policyId)}, tenantId: ${q(siblingId)}, input: { value: 1 }) { id }`,
  ),
  'Mutation.createRole, with more scopes': field(
    of('admin', inside, tenant, inUse),
    ({ id }) => `createRole(input: { tenantId: ${q(id)}, name: ${q(name())}, scopes: [admin] }) { id }`,
  ),
  'Mutation.updateRole, with more scopes': field(
    strongRole(inUse),
    ({ strongRoleId }) => `updateRole(id: ${q(strongRoleId)}, input: { name: ${q(name())} }) { id }`,
  ),
  'Mutation.updateRole, to more scopes': field(
    strongRole(inUse),
    ({ roleId }) => `updateRole(id: ${q(roleId)}, input: { scopes: [admin] }) { id }`,
  ),
  'Mutation.updateRole, of the installation': field(
    freeRole,
    ({ freeRoleId }) => `updateRole(id: ${q(freeRoleId)}, input: { name: ${q(name())} }) { id }`,
  ),
  'Mutation.deleteRole, with more scopes': field(
    strongRole(always),
    ({ strongRoleId }) => `deleteRole(id: ${q(strongRoleId)}) { id }`,
  ),
  'Mutation.deleteRole, of a key with more scopes': field(
    strongRole(always),
    ({ heldRoleId }) => `deleteRole(id: ${q(heldRoleId)}) { id }`,
  ),
  'Mutation.deleteRole, of the installation': field(
    freeRole,
    ({ freeRoleId }) => `deleteRole(id: ${q(freeRoleId)}) { id }`,
  ),
  'Mutation.assignRole, with more scopes': field(
    strongRole(inUse),
    ({ keyId, strongRoleId }) => `assignRole(keyId: ${q(keyId)}, roleId: ${q(strongRoleId)}) { keyId }`,
  ),
  'Mutation.assignRole, to a key with more scopes': field(
    strongRole(inUse),
    ({ strongKeyId, roleId }) => `assignRole(keyId: ${q(strongKeyId)}, roleId: ${q(roleId)}) { keyId }`,
  ),
  'Mutation.assignRole, of the installation': field(
    of('write', inside, other, inUse),
    ({ keyId, freeRoleId }) => `assignRole(keyId: ${q(keyId)}, roleId: ${q(freeRoleId)}) { keyId }`,
  ),
  'Mutation.assignRole, to a key of the installation': field(
    of('write', top, other, refused),
    ({ freeKeyId, roleId }) => `assignRole(keyId: ${q(freeKeyId)}, roleId: ${q(roleId)}) { keyId }`,
  ),
  'Mutation.assignRole, to a key of another tenant': field(
    of('write', withSibling, other, refused),
    ({ siblingKeyId, roleId }) => `assignRole(keyId: ${q(siblingKeyId)}, roleId: ${q(roleId)}) { keyId }`,
  ),
  'Mutation.removeRole, of a key with more scopes': field(
    strongRole(always),
    ({ holderKeyId }) => `removeRole(keyId: ${q(holderKeyId)}) { keyId }`,
  ),
  'Mutation.removeRole, of a key of the installation': field(
    freeKey('write'),
    ({ freeKeyId }) => `removeRole(keyId: ${q(freeKeyId)}) { keyId }`,
  ),
  'Mutation.rotateApiKey, of the installation': field(
    freeKey('admin'),
    ({ freeKeyId }) => `rotateApiKey(id: ${q(freeKeyId)}) { apiKey { id } }`,
  ),
  'Mutation.revokeApiKey, of the installation': field(
    freeKey('admin'),
    ({ freeKeyId }) => `revokeApiKey(id: ${q(freeKeyId)}) { id }`,
  ),
  'Query.webhooks, of everywhere': field(
    list('read', ({ webhookId }) => webhookId),
    () => 'webhooks(first: 100) { nodes { id } }',
  ),
  'Query.webhooks, of the installation': field(
    { ...list('read', ({ freeWebhookId }) => freeWebhookId), reach: top },
    () => 'webhooks(first: 100) { nodes { id } }',
  ),
  'Query.webhook, of the installation': field(
    freeWebhook('read'),
    ({ freeWebhookId }) => `webhook(id: ${q(freeWebhookId)}) { id }`,
  ),
  'Query.node, a webhook of the installation': field(
    { ...list('read', ({ freeWebhookId }) => freeWebhookId), reach: top },
    ({ freeWebhookId }) => `node(id: ${q(freeWebhookId)}) { id }`,
  ),
  'Query.node, a delivery of the installation': field(
    { ...list('read', ({ freeDeliveryId }) => freeDeliveryId), reach: top },
    ({ freeDeliveryId }) => `node(id: ${q(freeDeliveryId)}) { id }`,
  ),
  'Query.failedDeliveries, of the installation': field(
    { ...list('read', ({ freeDeliveryId }) => freeDeliveryId), reach: top },
    () => 'failedDeliveries(first: 100) { nodes { id } }',
  ),
  'Mutation.updateWebhook, of the installation': field(
    freeWebhook('write'),
    ({ freeWebhookId }) => `updateWebhook(id: ${q(freeWebhookId)}, input: { description: ${q(name())} }) { id }`,
  ),
  'Mutation.deleteWebhook, of the installation': field(
    freeWebhook('write'),
    ({ freeWebhookId }) => `deleteWebhook(id: ${q(freeWebhookId)}) { id }`,
  ),
  'Mutation.rotateWebhookSecret, of the installation': field(
    freeWebhook('write'),
    ({ freeWebhookId }) => `rotateWebhookSecret(id: ${q(freeWebhookId)}) { webhook { id } }`,
  ),
  'Mutation.testWebhook, of the installation': field(
    freeWebhook('write'),
    ({ freeWebhookId }) => `testWebhook(id: ${q(freeWebhookId)}) { id }`,
  ),
  'Mutation.redeliver, of the installation': field(
    of('write', top, other, always),
    ({ freeDeliveryId }) => `redeliver(deliveryId: ${q(freeDeliveryId)}) { id }`,
  ),
  'Mutation.redeliverFailed, of everywhere': field(
    of('write', homes, other, always),
    () => 'redeliverFailed { count }',
  ),
  'Mutation.redeliverSince, of the installation': field(
    freeWebhook('write'),
    ({ freeWebhookId }) =>
      `redeliverSince(webhookId: ${q(freeWebhookId)}, revision: 1, ledgerId: "00000000-0000-0000-0000-000000000000") { count }`,
  ),
  'Subscription.events, of the installation': field(
    { ...of('read', homes, 'ok', always), installation: true },
    () => 'events { cursor }',
  ),
};
