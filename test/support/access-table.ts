/** The table of the access matrix: one line for each field, kind of node and route, which is why it is long. */

import type { TenantStatus } from '../../src/db/generated/prisma/client.ts';
import type { ErrorCode } from '../../src/domain/errors.ts';
import type { Scope } from '../../src/domain/principal.ts';

/** What the requests of the matrix are about: a tenant, and one thing of each kind that belongs to it. */
export interface Target {
  readonly id: string;
  readonly slug: string;
  readonly childId: string;
  readonly parentId: string;
  readonly entryId: string;
  readonly policyId: string;
  readonly keyId: string;
  readonly roleId: string;
  readonly webhookId: string;
  /** One that failed. */
  readonly deliveryId: string;
  readonly regionId: string;
}

/** `seen` and `hidden` say whether a list or `node` shows the target. */
export type Verdict = 'ok' | 'seen' | 'hidden' | ErrorCode;

type ByStatus = Readonly<Record<TenantStatus, Verdict>>;

/** What a request comes to for somebody whose scope and home let them: by the status of the tenant it is about. */
export const always: ByStatus = { active: 'ok', suspended: 'ok', archived: 'ok', pending: 'ok' };
const shown: ByStatus = { active: 'seen', suspended: 'seen', archived: 'seen', pending: 'seen' };
const inUse: ByStatus = {
  active: 'ok',
  suspended: 'TENANT_SUSPENDED',
  archived: 'TENANT_ARCHIVED',
  pending: 'TENANT_INVALID_STATE',
};
const notArchived: ByStatus = { ...always, archived: 'TENANT_ARCHIVED' };
const withChild: ByStatus = {
  active: 'TENANT_HAS_CHILDREN',
  suspended: 'TENANT_HAS_CHILDREN',
  archived: 'TENANT_HAS_CHILDREN',
  pending: 'TENANT_HAS_CHILDREN',
};
const suspending: ByStatus = {
  active: 'TENANT_HAS_CHILDREN',
  suspended: 'TENANT_INVALID_STATE',
  archived: 'TENANT_INVALID_STATE',
  pending: 'TENANT_INVALID_STATE',
};
const resuming: ByStatus = {
  active: 'TENANT_INVALID_STATE',
  suspended: 'ok',
  archived: 'ok',
  pending: 'TENANT_INVALID_STATE',
};

/** One line of the matrix. */
export interface Row {
  /** Null for everybody who is let in. */
  readonly scope: Scope | null;
  readonly statuses: ByStatus;
  /** What it comes to where the target doesn't exist for the caller. */
  readonly missing: Verdict;
  /** Whether it is only for principals of the whole installation. */
  readonly installation?: boolean;
  /** Whether only administrators are shown it, and others what they are shown of what doesn't exist. */
  readonly administrators?: boolean;
  readonly request: (target: Target) => Request;
}

export interface Request {
  /** Of a document: a field with its arguments and selection. */
  readonly field?: string;
  /** Of REST: what stands in the place of the path's parameters and behind the path, and the body. */
  readonly path?: string;
  readonly body?: object;
}

type Missing = Verdict;

function row(scope: Scope | null, statuses: ByStatus, missing: Missing, field: (target: Target) => string): Row {
  return { scope, statuses, missing, request: (target) => ({ field: field(target) }) };
}

const q = JSON.stringify;
const tenant = 'TENANT_NOT_FOUND' as const;
const webhook = 'WEBHOOK_NOT_FOUND' as const;
const url = 'https://hooks.example.com/x';
const key = '{ apiKey { id } }';
let turn = 0;
const name = (): string => {
  turn += 1;
  return `matrix_${turn}`;
};
const nothing = 'ok' as const;

/** Every field that a document can begin with. */
export const fieldRows: Readonly<Record<string, Row>> = {
  'Query.viewer': row(null, always, nothing, () => 'viewer { id home { id } }'),
  'Query.tenant': row('read', always, tenant, ({ id }) => `tenant(id: ${q(id)}) { id }`),
  'Query.tenantBySlug': row('read', always, tenant, ({ slug }) => `tenantBySlug(slug: ${q(slug)}) { id }`),
  'Query.tenants': row(
    'read',
    shown,
    'hidden',
    () => 'tenants(first: 100, statuses: [active, pending, suspended, archived]) { nodes { id } }',
  ),
  'Query.node': row('read', shown, 'hidden', ({ id }) => `node(id: ${q(id)}) { id }`),
  'Query.nodes': row('read', shown, 'hidden', ({ id }) => `nodes(ids: [${q(id)}]) { id }`),
  'Query.configDiff': row(
    'read',
    notArchived,
    tenant,
    ({ id, childId }) => `configDiff(a: ${q(id)}, b: ${q(childId)}) { entries { key } }`,
  ),
  'Query.configDrift': row(
    'read',
    notArchived,
    tenant,
    ({ id, childId }) => `configDrift(parent: ${q(id)}, children: [${q(childId)}]) { summary { ok } }`,
  ),
  'Query.events': row('read', always, tenant, ({ id }) => `events(tenantId: ${q(id)}) { nodes { id } }`),
  'Query.exportTenant': row('admin', always, tenant, ({ id }) => `exportTenant(id: ${q(id)}) { tenant { id } }`),
  'Query.roles': row('read', always, tenant, ({ id }) => `roles(tenantId: ${q(id)}) { nodes { id } }`),
  'Query.role': row('read', always, 'NOT_FOUND', ({ roleId }) => `role(id: ${q(roleId)}) { id }`),
  'Query.apiKeys': row('admin', always, tenant, ({ id }) => `apiKeys(tenantId: ${q(id)}) { nodes { id } }`),
  'Query.dormantApiKeys': row('admin', shown, 'hidden', () => 'dormantApiKeys(first: 100) { nodes { id } }'),
  'Query.webhooks': row('read', always, tenant, ({ id }) => `webhooks(tenantId: ${q(id)}) { nodes { id } }`),
  'Query.webhook': row('read', always, webhook, ({ webhookId }) => `webhook(id: ${q(webhookId)}) { id }`),
  'Query.failedDeliveries': row('read', shown, 'hidden', () => 'failedDeliveries(first: 100) { nodes { id } }'),
  'Query.deliveryStatistics': row('read', always, nothing, () => 'deliveryStatistics { total }'),
  'Mutation.createTenant': row(
    'write',
    inUse,
    tenant,
    ({ id }) => `createTenant(input: { parentId: ${q(id)}, name: "M", slug: ${q(name())} }) { id }`,
  ),
  'Mutation.createTenants': row(
    'write',
    inUse,
    tenant,
    ({ id }) => `createTenants(tenants: [{ parentId: ${q(id)}, name: "M", slug: ${q(name())} }]) { id }`,
  ),
  'Mutation.updateTenant': row(
    'write',
    inUse,
    tenant,
    ({ id }) => `updateTenant(id: ${q(id)}, input: { name: ${q(name())} }) { id }`,
  ),
  'Mutation.moveTenant': row(
    'write',
    always,
    tenant,
    ({ id, childId }) => `moveTenant(id: ${q(childId)}, newParentId: ${q(id)}) { id }`,
  ),
  'Mutation.reorderTenant': row('write', always, tenant, ({ id }) => `reorderTenant(id: ${q(id)}, position: 0) { id }`),
  'Mutation.migrateTenantRegion': row(
    'admin',
    always,
    tenant,
    ({ id, regionId }) => `migrateTenantRegion(id: ${q(id)}, regionId: ${q(regionId)}) { id }`,
  ),
  'Mutation.suspendTenant': row('write', suspending, tenant, ({ id }) => `suspendTenant(id: ${q(id)}) { id }`),
  'Mutation.resumeTenant': row('write', resuming, tenant, ({ id }) => `resumeTenant(id: ${q(id)}) { id }`),
  'Mutation.archiveTenant': row(
    'write',
    { ...suspending, suspended: 'ok' },
    tenant,
    ({ id }) => `archiveTenant(id: ${q(id)}) { id }`,
  ),
  'Mutation.purgeTenant': row('admin', withChild, tenant, ({ id }) => `purgeTenant(id: ${q(id)}) { id }`),
  'Mutation.setConfig': row(
    'write',
    inUse,
    tenant,
    ({ id }) => `setConfig(tenantId: ${q(id)}, input: { key: ${q(name())}, value: 1 }) { id }`,
  ),
  'Mutation.setConfigs': row(
    'write',
    inUse,
    tenant,
    ({ id }) => `setConfigs(tenantId: ${q(id)}, entries: [{ key: ${q(name())}, value: 1 }]) { id }`,
  ),
  'Mutation.deleteConfig': row(
    'write',
    always,
    tenant,
    ({ id }) => `deleteConfig(tenantId: ${q(id)}, key: "color") { key }`,
  ),
  'Mutation.createPermission': row(
    'write',
    inUse,
    tenant,
    ({ id }) => `createPermission(tenantId: ${q(id)}, input: { key: ${q(name())} }) { id }`,
  ),
  'Mutation.updatePermission': row(
    'write',
    inUse,
    'PERMISSION_NOT_FOUND',
    ({ policyId }) => `updatePermission(id: ${q(policyId)}, input: { value: ${q(name())} }) { id }`,
  ),
  'Mutation.deletePermission': row(
    'write',
    always,
    'PERMISSION_NOT_FOUND',
    ({ policyId }) => `deletePermission(id: ${q(policyId)}) { id }`,
  ),
  'Mutation.createRole': row(
    'write',
    inUse,
    tenant,
    ({ id }) => `createRole(input: { tenantId: ${q(id)}, name: ${q(name())}, scopes: [read] }) { id }`,
  ),
  'Mutation.updateRole': row(
    'write',
    inUse,
    'NOT_FOUND',
    ({ roleId }) => `updateRole(id: ${q(roleId)}, input: { name: ${q(name())} }) { id }`,
  ),
  'Mutation.deleteRole': row('write', always, 'NOT_FOUND', ({ roleId }) => `deleteRole(id: ${q(roleId)}) { id }`),
  'Mutation.assignRole': row(
    'write',
    inUse,
    'NOT_FOUND',
    ({ keyId, roleId }) => `assignRole(keyId: ${q(keyId)}, roleId: ${q(roleId)}) { keyId }`,
  ),
  'Mutation.removeRole': row('write', always, 'NOT_FOUND', ({ keyId }) => `removeRole(keyId: ${q(keyId)}) { keyId }`),
  'Mutation.createApiKey': row(
    'admin',
    inUse,
    tenant,
    ({ id }) => `createApiKey(input: { tenantId: ${q(id)} }) ${key}`,
  ),
  'Mutation.rotateApiKey': row('admin', inUse, 'NOT_FOUND', ({ keyId }) => `rotateApiKey(id: ${q(keyId)}) ${key}`),
  'Mutation.revokeApiKey': row('admin', always, 'NOT_FOUND', ({ keyId }) => `revokeApiKey(id: ${q(keyId)}) { id }`),
  'Mutation.createWebhook': row(
    'write',
    inUse,
    tenant,
    ({ id }) => `createWebhook(input: { tenantId: ${q(id)}, url: ${q(url)}, events: ["*"] }) { webhook { id } }`,
  ),
  'Mutation.updateWebhook': row(
    'write',
    inUse,
    webhook,
    ({ webhookId }) => `updateWebhook(id: ${q(webhookId)}, input: { description: ${q(name())} }) { id }`,
  ),
  'Mutation.deleteWebhook': row(
    'write',
    always,
    webhook,
    ({ webhookId }) => `deleteWebhook(id: ${q(webhookId)}) { id }`,
  ),
  'Mutation.enableWebhook': row(
    'write',
    inUse,
    webhook,
    ({ webhookId }) => `enableWebhook(id: ${q(webhookId)}) { id }`,
  ),
  'Mutation.disableWebhook': row(
    'write',
    inUse,
    webhook,
    ({ webhookId }) => `disableWebhook(id: ${q(webhookId)}) { id }`,
  ),
  'Mutation.rotateWebhookSecret': row(
    'write',
    inUse,
    webhook,
    ({ webhookId }) => `rotateWebhookSecret(id: ${q(webhookId)}) { webhook { id } }`,
  ),
  'Mutation.testWebhook': row('write', inUse, webhook, ({ webhookId }) => `testWebhook(id: ${q(webhookId)}) { id }`),
  'Mutation.redeliver': row(
    'write',
    inUse,
    'NOT_FOUND',
    ({ deliveryId }) => `redeliver(deliveryId: ${q(deliveryId)}) { id }`,
  ),
  'Mutation.redeliverFailed': row(
    'write',
    inUse,
    webhook,
    ({ webhookId }) => `redeliverFailed(webhookId: ${q(webhookId)}) { count }`,
  ),
  'Mutation.redeliverSince': row(
    'write',
    inUse,
    webhook,
    ({ webhookId }) => `redeliverSince(webhookId: ${q(webhookId)}, revision: 1) { count }`,
  ),
  'Subscription.events': row('read', always, tenant, ({ id }) => `events(tenantId: ${q(id)}) { cursor }`),
  'Subscription.resolvedConfigChanged': row(
    'read',
    always,
    tenant,
    ({ id }) => `resolvedConfigChanged(tenantId: ${q(id)}) { key }`,
  ),
  'Subscription.resolvedPermissionsChanged': row(
    'read',
    always,
    tenant,
    ({ id }) => `resolvedPermissionsChanged(tenantId: ${q(id)}) { key }`,
  ),
};

/** Every kind of thing that `node` knows. */
export const nodeRows: Readonly<Record<string, Row>> = {
  Tenant: row('read', shown, 'hidden', ({ id }) => `node(id: ${q(id)}) { id }`),
  ConfigEntry: row('read', shown, 'hidden', ({ entryId }) => `node(id: ${q(entryId)}) { id }`),
  PermissionPolicy: row('read', shown, 'hidden', ({ policyId }) => `node(id: ${q(policyId)}) { id }`),
  Role: row('read', shown, 'hidden', ({ roleId }) => `node(id: ${q(roleId)}) { id }`),
  ApiKey: {
    ...row('read', shown, 'hidden', ({ keyId }) => `node(id: ${q(keyId)}) { id }`),
    administrators: true,
  },
  Webhook: row('read', shown, 'hidden', ({ webhookId }) => `node(id: ${q(webhookId)}) { id }`),
  WebhookDelivery: row('read', shown, 'hidden', ({ deliveryId }) => `node(id: ${q(deliveryId)}) { id }`),
};

/** Fields whose rows ask for what belongs to the whole installation; the same fields stand above for what belongs to a tenant. */
export const installationRows: Readonly<Record<string, Row>> = {
  createTenant: {
    ...row('write', always, nothing, () => `createTenant(input: { name: "M", slug: ${q(name())} }) { id }`),
    installation: true,
  },
  createApiKey: {
    ...row('admin', always, nothing, () => `createApiKey(input: { tenantId: null }) ${key}`),
    installation: true,
  },
  createRole: {
    ...row('write', always, nothing, () => `createRole(input: { name: ${q(name())}, scopes: [read] }) { id }`),
    installation: true,
  },
  createWebhook: {
    ...row(
      'write',
      always,
      nothing,
      () => `createWebhook(input: { url: ${q(url)}, events: ["*"] }) { webhook { id } }`,
    ),
    installation: true,
  },
  events: { ...row('read', always, nothing, () => 'events { nodes { id } }'), installation: true },
};

function rest(
  scope: Scope,
  statuses: ByStatus,
  missing: Missing,
  { path, body }: { path?: (target: Target) => string; body?: (target: Target) => object } = {},
): Row {
  return {
    scope,
    statuses,
    missing,
    request: (target) => ({ ...(path && { path: path(target) }), ...(body && { body: body(target) }) }),
  };
}

const policyPath = { path: ({ id, policyId }: Target) => `/tenants/${id}/permissions/${policyId}` };
const keyPath = (rest = '') => ({ path: ({ keyId }: Target) => `/api-keys/${keyId}${rest}` });
const rolePath = { path: ({ roleId }: Target) => `/roles/${roleId}` };
const webhookPath = (rest = '') => ({ path: ({ webhookId }: Target) => `/webhooks/${webhookId}${rest}` });
const assignPath = { path: ({ keyId }: Target) => `/roles/assign/${keyId}` };

/** Every route. Where no path is given, `:id` is the target. */
export const routeRows: Readonly<Record<string, Row>> = {
  'GET /tenants': rest(
    'read',
    { ...always, active: 'seen', suspended: 'hidden', archived: 'hidden', pending: 'hidden' },
    'hidden',
  ),
  'POST /tenants': rest('write', inUse, tenant, { body: ({ id }) => ({ parent_id: id, name: 'M', slug: name() }) }),
  'POST /tenants/batch': rest('write', inUse, tenant, {
    body: ({ id }) => ({ tenants: [{ parent_id: id, name: 'M', slug: name() }] }),
  }),
  'GET /tenants/:id': rest('read', inUse, tenant),
  'PATCH /tenants/:id': rest('write', inUse, tenant, { body: () => ({ name: name() }) }),
  'DELETE /tenants/:id': rest('write', { ...suspending, suspended: 'ok' }, tenant),
  'POST /tenants/:id/move': rest('write', always, tenant, {
    path: ({ childId }) => `/tenants/${childId}/move`,
    body: ({ id }) => ({ new_parent_id: id }),
  }),
  'POST /tenants/:id/reorder': rest('write', always, tenant, { body: () => ({ position: 0 }) }),
  'POST /tenants/:id/suspend': rest('write', suspending, tenant),
  'POST /tenants/:id/resume': rest('write', resuming, tenant),
  'POST /tenants/:id/archive': rest('write', { ...suspending, suspended: 'ok' }, tenant),
  'POST /tenants/:id/purge': rest('admin', withChild, tenant),
  'POST /tenants/:id/migrate-region': rest('admin', always, tenant, {
    body: ({ regionId }) => ({ region_id: regionId }),
  }),
  'GET /tenants/:id/ancestors': rest('read', always, tenant),
  'GET /tenants/:id/children': rest('read', always, tenant),
  'GET /tenants/:id/descendants': rest('read', always, tenant),
  'GET /tenants/:id/context': rest('read', inUse, tenant),
  'GET /tenants/:id/export': rest('admin', always, tenant),
  'GET /tenants/:id/config': rest('read', notArchived, tenant),
  'GET /tenants/:id/config/inheritance': rest('read', always, tenant),
  'PUT /tenants/:id/config/batch': rest('write', inUse, tenant, {
    body: () => ({ entries: [{ key: name(), value: 1 }] }),
  }),
  'PUT /tenants/:id/config/:key': rest('write', inUse, tenant, {
    path: ({ id }) => `/tenants/${id}/config/${name()}`,
    body: () => ({ value: 1 }),
  }),
  'DELETE /tenants/:id/config/:key': rest('write', always, tenant, { path: ({ id }) => `/tenants/${id}/config/color` }),
  'GET /config/diff': rest('read', notArchived, tenant, {
    path: ({ id, childId }) => `/config/diff?tenant_a=${id}&tenant_b=${childId}`,
  }),
  'GET /tenants/:id/permissions': rest('read', always, tenant),
  'POST /tenants/:id/permissions': rest('write', inUse, tenant, { body: () => ({ key: name() }) }),
  'PATCH /tenants/:id/permissions/:policyId': rest('write', inUse, 'PERMISSION_NOT_FOUND', {
    ...policyPath,
    body: () => ({ value: name() }),
  }),
  'DELETE /tenants/:id/permissions/:policyId': rest('write', always, 'PERMISSION_NOT_FOUND', policyPath),
  'POST /api-keys': rest('admin', inUse, tenant, { body: ({ id }) => ({ tenant_id: id }) }),
  'GET /api-keys': rest('admin', always, tenant, { path: ({ id }) => `/api-keys?tenant_id=${id}` }),
  'GET /api-keys/dormant': rest('admin', shown, 'hidden'),
  'POST /api-keys/:id/rotate': rest('admin', inUse, 'NOT_FOUND', keyPath('/rotate')),
  'DELETE /api-keys/:id': rest('admin', always, 'NOT_FOUND', keyPath()),
  'POST /roles': rest('write', inUse, tenant, {
    body: ({ id }) => ({ tenant_id: id, name: name(), scopes: ['read'] }),
  }),
  'GET /roles': rest('read', always, tenant, { path: ({ id }) => `/roles?tenant_id=${id}` }),
  'GET /roles/:id': rest('read', always, 'NOT_FOUND', rolePath),
  'PATCH /roles/:id': rest('write', inUse, 'NOT_FOUND', { ...rolePath, body: () => ({ name: name() }) }),
  'DELETE /roles/:id': rest('write', always, 'NOT_FOUND', rolePath),
  'POST /roles/assign/:keyId': rest('write', inUse, 'NOT_FOUND', {
    ...assignPath,
    body: ({ roleId }) => ({ role_id: roleId }),
  }),
  'DELETE /roles/assign/:keyId': rest('write', always, 'NOT_FOUND', assignPath),
  'POST /webhooks': rest('write', inUse, tenant, { body: ({ id }) => ({ tenant_id: id, url, events: ['*'] }) }),
  'GET /webhooks': rest('read', always, tenant, { path: ({ id }) => `/webhooks?tenant_id=${id}` }),
  'GET /webhooks/:id': rest('read', always, webhook, webhookPath()),
  'PATCH /webhooks/:id': rest('write', inUse, webhook, { ...webhookPath(), body: () => ({ description: name() }) }),
  'DELETE /webhooks/:id': rest('write', always, webhook, webhookPath()),
  'POST /webhooks/:id/rotate-secret': rest('write', inUse, webhook, webhookPath('/rotate-secret')),
  'POST /webhooks/:id/test': rest('write', inUse, webhook, webhookPath('/test')),
  'GET /webhooks/:id/deliveries': rest('read', always, webhook, webhookPath('/deliveries')),
  'GET /webhooks/deliveries/stats': rest('read', always, nothing),
  'GET /webhooks/deliveries/failed': rest('read', shown, 'hidden'),
  'POST /webhooks/deliveries/retry-all': rest('write', always, nothing),
  'POST /webhooks/deliveries/:deliveryId/retry': rest('write', inUse, 'NOT_FOUND', {
    path: ({ deliveryId }) => `/webhooks/deliveries/${deliveryId}/retry`,
  }),
};
