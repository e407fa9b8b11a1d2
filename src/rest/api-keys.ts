import {
  CreateApiKeyDocument,
  ListApiKeysDocument,
  ListDormantApiKeysDocument,
  RevokeApiKeyDocument,
  RotateApiKeyDocument,
} from '../operations/generated/graphql.ts';
import { issuedKey } from './bodies.ts';
import { type Route, route } from './route.ts';

const admin = { tag: 'API keys', scope: 'admin' } as const;

export const apiKeyRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/api-keys',
    summary: 'Issue an API key; the answer shows it for the only time',
    status: 201,
    document: CreateApiKeyDocument,
    body: issuedKey,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/api-keys',
    summary: 'API keys, newest first, those that have ended included',
    document: ListApiKeysDocument,
    list: 'apiKeys',
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/api-keys/dormant',
    summary: 'API keys that work and were not used for so many days, those that never were first',
    document: ListDormantApiKeysDocument,
    list: 'dormantApiKeys',
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/api-keys/:id/rotate',
    summary: 'Issue a key in place of another, with its scopes, role, limits and expiry',
    status: 201,
    document: RotateApiKeyDocument,
    body: issuedKey,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/api-keys/:id',
    summary: 'Revoke an API key',
    status: 204,
    document: RevokeApiKeyDocument,
  }),
];
