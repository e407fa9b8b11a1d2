import { apiKeyRoutes } from './api-keys.ts';
import { configRoutes } from './config.ts';
import { permissionRoutes } from './permissions.ts';
import { roleRoutes } from './roles.ts';
import type { Route } from './route.ts';
import { tenantRoutes } from './tenants.ts';
import { webhookRoutes } from './webhooks.ts';

/** The whole table: every route of `/api/v1` that runs a stored operation. */
export const routes: readonly Route[] = [
  ...tenantRoutes,
  ...configRoutes,
  ...permissionRoutes,
  ...apiKeyRoutes,
  ...roleRoutes,
  ...webhookRoutes,
];
