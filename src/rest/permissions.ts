import {
  CreatePermissionDocument,
  DeletePermissionDocument,
  GetPermissionsDocument,
  UpdatePermissionDocument,
} from '../operations/generated/graphql.ts';
import { type Route, route } from './route.ts';

const read = { tag: 'Permissions', scope: 'read' } as const;
const write = { tag: 'Permissions', scope: 'write' } as const;

export const permissionRoutes: readonly Route[] = [
  route({
    ...read,
    method: 'GET',
    path: '/tenants/:id/permissions',
    summary: 'What permissions resolve to for a tenant, by key',
    document: GetPermissionsDocument,
    body: 'tenant.permissions',
  }),
  route({
    ...write,
    method: 'POST',
    path: '/tenants/:id/permissions',
    summary: 'Create a permission policy of a tenant',
    status: 201,
    document: CreatePermissionDocument,
    bind: { id: 'tenantId' },
    body: 'createPermission',
    location: '/tenants/:tenant_id/permissions/:id',
  }),
  route({
    ...write,
    method: 'PATCH',
    path: '/tenants/:id/permissions/:policyId',
    summary: 'Change value, mode or revocation of a policy',
    document: UpdatePermissionDocument,
    bind: { id: 'tenantId', policyId: 'id' },
    body: 'updatePermission',
  }),
  route({
    ...write,
    method: 'DELETE',
    path: '/tenants/:id/permissions/:policyId',
    summary: 'Remove a policy, and by its revocation mode those below it',
    status: 204,
    document: DeletePermissionDocument,
    bind: { id: 'tenantId', policyId: 'id' },
  }),
];
