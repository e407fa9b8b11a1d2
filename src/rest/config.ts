import {
  DeleteConfigDocument,
  DiffConfigDocument,
  GetConfigDocument,
  GetConfigInheritanceDocument,
  SetConfigDocument,
  SetConfigsDocument,
} from '../operations/generated/graphql.ts';
import { refusedEntries, writtenEntries } from './batches.ts';
import { type Route, route } from './route.ts';

const read = { tag: 'Config', scope: 'read' } as const;
const write = { tag: 'Config', scope: 'write' } as const;

export const configRoutes: readonly Route[] = [
  route({
    ...read,
    method: 'GET',
    path: '/tenants/:id/config',
    summary: 'What config resolves to for a tenant, by key',
    document: GetConfigDocument,
    body: 'tenant.config',
  }),
  route({
    ...read,
    method: 'GET',
    path: '/tenants/:id/config/inheritance',
    summary: 'The same for a tenant of any status',
    document: GetConfigInheritanceDocument,
    body: 'tenant.config',
  }),
  route({
    ...write,
    method: 'PUT',
    path: '/tenants/:id/config/batch',
    summary: 'Write up to 200 config entries, all or none',
    document: SetConfigsDocument,
    bind: { id: 'tenantId' },
    body: writtenEntries,
    refusal: refusedEntries,
  }),
  route({
    ...write,
    method: 'PUT',
    path: '/tenants/:id/config/:key',
    summary: "Write a tenant's own entry of a key",
    document: SetConfigDocument,
    bind: { id: 'tenantId', key: 'input.key' },
    body: 'setConfig',
  }),
  route({
    ...write,
    method: 'DELETE',
    path: '/tenants/:id/config/:key',
    summary: "Remove a tenant's own entry of a key",
    status: 204,
    document: DeleteConfigDocument,
    bind: { id: 'tenantId' },
  }),
  route({
    ...read,
    method: 'GET',
    path: '/config/diff',
    summary: 'The resolved config of two tenants side by side',
    document: DiffConfigDocument,
    body: 'configDiff',
  }),
];
