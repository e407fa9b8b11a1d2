import {
  AssignRoleDocument,
  CreateRoleDocument,
  DeleteRoleDocument,
  GetRoleDocument,
  ListRolesDocument,
  RemoveRoleDocument,
  UpdateRoleDocument,
} from '../operations/generated/graphql.ts';
import { succeeded } from './bodies.ts';
import { type Route, route } from './route.ts';

const read = { tag: 'Roles', scope: 'read' } as const;
const write = { tag: 'Roles', scope: 'write' } as const;

export const roleRoutes: readonly Route[] = [
  route({
    ...write,
    method: 'POST',
    path: '/roles',
    summary: 'Make a role of a tenant, or without one of the whole installation',
    status: 201,
    document: CreateRoleDocument,
    body: 'createRole',
    location: '/roles/:id',
  }),
  route({
    ...read,
    method: 'GET',
    path: '/roles',
    summary: 'Roles by name, those of the installation included',
    document: ListRolesDocument,
    list: 'roles',
  }),
  route({
    ...read,
    method: 'GET',
    path: '/roles/:id',
    summary: 'A role',
    document: GetRoleDocument,
    body: 'role',
  }),
  route({
    ...write,
    method: 'PATCH',
    path: '/roles/:id',
    summary: 'Change a role, and what all keys that have it may do',
    document: UpdateRoleDocument,
    body: 'updateRole',
  }),
  route({
    ...write,
    method: 'DELETE',
    path: '/roles/:id',
    summary: 'Remove a role; keys that have it may do what their own scopes say',
    status: 204,
    document: DeleteRoleDocument,
  }),
  route({
    ...write,
    method: 'POST',
    path: '/roles/assign/:keyId',
    summary: 'Give a key a role',
    document: AssignRoleDocument,
    body: succeeded,
  }),
  route({
    ...write,
    method: 'DELETE',
    path: '/roles/assign/:keyId',
    summary: 'Take the role of a key away, if it has one',
    document: RemoveRoleDocument,
    body: succeeded,
  }),
];
