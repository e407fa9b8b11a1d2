import type { Scope } from './key-types.ts';
import type { IsolationStrategy, PermissionMode, RevocationMode } from './types.ts';

/** A tenant to create. */
export interface NewTenant {
  /** 1 to 255 characters of any script. */
  name: string;
  /** Unique in the installation: `^[a-z][a-z0-9_]{0,62}$`. */
  slug: string;
  /** The tenant to create it under; without one it is a root. */
  parent_id?: string | null;
  /** A JSON object of your own. */
  config?: unknown;
  metadata?: unknown;
  isolation_strategy?: IsolationStrategy | null;
  /** Its parent's unless told. */
  region_id?: string | null;
}

/** A tenant of a batch. */
export interface NewTenantOfBatch extends NewTenant {
  /** Its parent, of the same batch or not, by its slug. */
  parent_slug?: string | null;
}

/** What to change of a tenant. */
export interface TenantPatch {
  name?: string | null;
  slug?: string | null;
  config?: unknown;
  metadata?: unknown;
}

/** What to set under a key. */
export interface ConfigValue {
  /** Any JSON of at most 64 KiB. It must be given: null is a value. */
  value: unknown;
  /** Whether tenants below may not override it. */
  locked?: boolean;
  /** Whether it is a secret. Left out, it stays what it was. */
  sensitive?: boolean | null;
}

/** Which keys to resolve, and whether secrets are shown. */
export interface ConfigSelection {
  keys?: string[];
  prefix?: string;
  /** Shows the values of sensitive entries. */
  reveal?: boolean;
}

/** A permission to set. */
export interface NewPermission {
  key: string;
  /** `true` unless told. */
  value?: unknown;
  mode?: PermissionMode;
  revocation_mode?: RevocationMode;
}

/** What to change of a permission. */
export interface PermissionPatch {
  value?: unknown;
  mode?: PermissionMode | null;
  revocation_mode?: RevocationMode | null;
}

/** A key to issue. The names that this had in camel case are understood too. */
export interface NewApiKey {
  name?: string | null;
  /** `read` and `write` unless told. */
  scopes?: Scope[];
  expires_at?: Date | string | null;
  rate_limit_max?: number | null;
  rate_limit_window?: string | null;
  expiresAt?: Date | string | null;
  rateLimitMax?: number | null;
  rateLimitWindow?: string | null;
}

/** A role to make. */
export interface NewRole {
  name: string;
  description?: string | null;
  scopes: Scope[];
  /** Without one it is a role of the whole installation. */
  tenant_id?: string | null;
}

/** What to change of a role. */
export interface RolePatch {
  name?: string | null;
  description?: string | null;
  scopes?: Scope[] | null;
}

/** A webhook to make. */
export interface NewWebhook {
  /** An http or https URL of a public host. */
  url: string;
  /** The types of events to tell of; `*` for all of them. */
  events: string[];
  /** 16 to 255 characters. One is made, and shown once, unless told. */
  secret?: string | null;
  /** Without one it is told of the whole installation. */
  tenant_id?: string | null;
  description?: string | null;
  /** Whether to tell of what happens below the tenant too; true unless told. */
  subtree?: boolean;
  /** Whether to send one delivery after the other; false unless told. */
  ordered?: boolean;
}

/** What to change of a webhook. */
export interface WebhookPatch {
  url?: string | null;
  events?: string[] | null;
  secret?: string | null;
  active?: boolean | null;
  description?: string | null;
  subtree?: boolean | null;
  ordered?: boolean | null;
}

/** A page to read. */
export interface PageOptions {
  /** 1 to 100; 50 unless told. */
  limit?: number;
  /** The `next_cursor` of the page before. */
  cursor?: string | null;
}

/** Which entries of the audit log to read, the latest first. */
export interface AuditQuery extends PageOptions {
  /** Without one: what belongs to no tenant, such as keys of the whole installation. */
  tenant_id?: string;
  /** What happened, such as `config.updated`. */
  action?: string;
  /** What kind of thing it happened to, such as `config`. */
  resource_type?: string;
  /** Who did it. */
  actor_id?: string;
  /** When it happened, in ISO 8601: not before the one, not after the other. */
  from?: string;
  to?: string;
  /** Whether to add what happened to the tenants below. */
  subtree?: boolean;
}
