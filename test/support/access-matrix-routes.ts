import {
  archiving,
  freeKey,
  freeRole,
  freeWebhook,
  insideChild,
  inUse,
  list,
  name,
  newRoot,
  notArchived,
  of,
  rest,
  strongRole,
  tenant,
  top,
  toTop,
  type Variant,
  withSibling,
} from './access-matrix-rules.ts';
import { always } from './access-table.ts';

/** By route, and behind a comma what it is asked about. */
export const routeVariants: Readonly<Record<string, Variant>> = {
  'POST /tenants, a root': rest(
    newRoot,
    () => '/tenants',
    () => ({ name: 'M', slug: name() }),
  ),
  'POST /tenants/batch, a root': rest(
    newRoot,
    () => '/tenants/batch',
    () => ({ tenants: [{ name: 'M', slug: name() }] }),
  ),
  'POST /tenants/:id/move, to the top': rest(
    toTop,
    ({ id }) => `/tenants/${id}/move`,
    () => ({ new_parent_id: null }),
  ),
  'POST /tenants/:id/purge, without children': rest(
    of('admin', insideChild, tenant, always),
    ({ childId }) => `/tenants/${childId}/purge`,
  ),
  'DELETE /tenants/:id, without children': rest(
    of('write', insideChild, tenant, archiving),
    ({ childId }) => `/tenants/${childId}`,
  ),
  'GET /config/diff, as the other one': rest(
    of('read', withSibling, tenant, notArchived),
    ({ id, siblingId }) => `/config/diff?tenant_a=${siblingId}&tenant_b=${id}`,
  ),
  'DELETE /tenants/:id/permissions/:policyId, of another tenant': rest(
    of('write', [], 'PERMISSION_NOT_FOUND', always),
    ({ siblingId, policyId }) => `/tenants/${siblingId}/permissions/${policyId}`,
  ),
  'POST /api-keys, of the installation': rest(
    of('admin', top, 'FORBIDDEN', always),
    () => '/api-keys',
    () => ({ tenant_id: null }),
  ),
  'GET /api-keys, of everywhere': rest(
    list('admin', ({ strongKeyId }) => strongKeyId),
    () => '/api-keys',
  ),
  'DELETE /api-keys/:id, of the installation': rest(freeKey('admin'), ({ freeKeyId }) => `/api-keys/${freeKeyId}`),
  'POST /roles, of the installation': rest(
    newRoot,
    () => '/roles',
    () => ({ name: name(), scopes: ['read'] }),
  ),
  'GET /roles, of everywhere': rest(
    list('read', ({ roleId }) => roleId),
    () => '/roles',
  ),
  'PATCH /roles/:id, with more scopes': rest(
    strongRole(inUse),
    ({ strongRoleId }) => `/roles/${strongRoleId}`,
    () => ({ name: name() }),
  ),
  'PATCH /roles/:id, of the installation': rest(
    freeRole,
    ({ freeRoleId }) => `/roles/${freeRoleId}`,
    () => ({ name: name() }),
  ),
  'DELETE /roles/:id, of the installation': rest(freeRole, ({ freeRoleId }) => `/roles/${freeRoleId}`),
  'POST /roles/assign/:keyId, with more scopes': rest(
    strongRole(inUse),
    ({ keyId }) => `/roles/assign/${keyId}`,
    ({ strongRoleId }) => ({ role_id: strongRoleId }),
  ),
  'DELETE /roles/assign/:keyId, of a key with more scopes': rest(
    strongRole(always),
    ({ holderKeyId }) => `/roles/assign/${holderKeyId}`,
  ),
  'POST /webhooks, of the installation': rest(
    newRoot,
    () => '/webhooks',
    () => ({ url: 'https://hooks.example.com/x', events: ['*'] }),
  ),
  'GET /webhooks, of everywhere': rest(
    list('read', ({ webhookId }) => webhookId),
    () => '/webhooks',
  ),
  'GET /webhooks/:id, of the installation': rest(
    freeWebhook('read'),
    ({ freeWebhookId }) => `/webhooks/${freeWebhookId}`,
  ),
  'GET /webhooks/:id/deliveries, of the installation': rest(
    freeWebhook('read'),
    ({ freeWebhookId }) => `/webhooks/${freeWebhookId}/deliveries`,
  ),
  'PATCH /webhooks/:id, of the installation': rest(
    freeWebhook('write'),
    ({ freeWebhookId }) => `/webhooks/${freeWebhookId}`,
    () => ({ description: name() }),
  ),
  'DELETE /webhooks/:id, of the installation': rest(
    freeWebhook('write'),
    ({ freeWebhookId }) => `/webhooks/${freeWebhookId}`,
  ),
};
