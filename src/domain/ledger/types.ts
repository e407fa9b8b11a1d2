import { z } from 'zod';

/** What can happen, as the ledger, webhooks and subscriptions name it. Public API: add, never rename. */
export const eventTypes = [
  'tenant.created',
  'tenant.updated',
  'tenant.moved',
  'tenant.reordered',
  'tenant.region_migrated',
  'tenant.suspended',
  'tenant.resumed',
  'tenant.archived',
  'tenant.purged',
  'config.updated',
  'config.deleted',
  'permission.created',
  'permission.updated',
  'permission.deleted',
  'role.created',
  'role.updated',
  'role.deleted',
  'api_key.created',
  'api_key.rotated',
  'api_key.revoked',
  'api_key.role_assigned',
  'api_key.role_removed',
  'webhook.created',
  'webhook.updated',
  'webhook.deleted',
  'webhook.enabled',
  'webhook.disabled',
  'webhook.secret_rotated',
  'encryption.key_rotated',
] as const;

export type EventType = (typeof eventTypes)[number];

/** A selection of them, as a caller names it. */
export const eventTypeList = z.array(z.enum(eventTypes, 'is not the type of any event'));

/** The kinds of things that something can happen to: how types begin. */
export const resourceTypes = [...new Set(eventTypes.map((type) => type.slice(0, type.indexOf('.'))))];

/** A selection of them, as a caller names it. */
export const resourceTypeList = z.array(z.enum(resourceTypes, 'is not a kind of thing that events are about'));
