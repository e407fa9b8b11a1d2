import type { AuditEntry, Webhook } from './event-types.ts';
import type { ApiKey } from './key-types.ts';

/** One of the four states of a tenant. */
export type TenantStatus = 'pending' | 'active' | 'suspended' | 'archived';

/** How the own data of a tenant is kept apart from that of others. */
export type IsolationStrategy = 'SHARED_RLS' | 'SCHEMA_PER_TENANT' | 'DB_PER_TENANT';

/** What tenants below may do with a permission. */
export type PermissionMode = 'LOCKED' | 'INHERITED' | 'DELEGATED';

/** What deleting a permission does below. */
export type RevocationMode = 'CASCADE' | 'SOFT' | 'PERMANENT';

/** A tenant. Dates here and everywhere are ISO 8601 in UTC, with milliseconds. */
export interface TenantNode {
  id: string;
  parent_id: string | null;
  /** The ids of its ancestors, root first, each behind a slash; `/` for a root. */
  ancestry_path: string;
  /** The slugs of its ancestors and its own, with dots between them. */
  ancestry_ltree: string;
  /** How many ancestors it has. */
  depth: number;
  name: string;
  slug: string;
  /** A JSON object of your own; it is not its config entries. */
  config: unknown;
  metadata: unknown;
  isolation_strategy: IsolationStrategy;
  status: TenantStatus;
  /** When it was archived. */
  deleted_at: string | null;
  created_at: string;
  updated_at: string;
  /** Always null. */
  connection_config: unknown;
  region_id: string | null;
  sort_order: number;
}

/** A page, and where the next one begins. */
export interface Page<Item> {
  data: Item[];
  /** Null on the last page. */
  next_cursor: string | null;
  has_more: boolean;
}

/** All a program needs to know of a tenant. */
export interface TenantContext {
  tenant: TenantNode;
  config: ResolvedConfig;
  permissions: ResolvedPermissions;
  /** Root first. */
  ancestors: TenantNode[];
  /** The revision of its tree that this was read at. */
  revision: number;
}

/** What a tenant itself has set under a key. */
export interface ConfigEntry {
  id: string;
  tenant_id: string;
  key: string;
  /** Any JSON value; null while `masked`. */
  value: unknown;
  inherited: boolean;
  source_tenant_id: string;
  /** Whether tenants below may not override it. */
  locked: boolean;
  sensitive: boolean;
  /** Whether the value is withheld. */
  masked: boolean;
  created_at: string;
  updated_at: string;
}

/** What applies to a tenant under a key. */
export interface ResolvedConfigEntry {
  key: string;
  /** Any JSON value; null while `masked`. */
  value: unknown;
  source_tenant_id: string;
  /** Whether it was set above the tenant itself. */
  inherited: boolean;
  locked: boolean;
  /** Only there when true: the value is a secret. */
  sensitive?: boolean;
  /** Only there for a secret: whether its value is withheld. */
  masked?: boolean;
}

/** By key. */
export type ResolvedConfig = Record<string, ResolvedConfigEntry>;

/** What became of a batch of config entries: all of them were written, or none. */
export interface ConfigBatch {
  results: (
    | { key: string; status: 'ok'; entry: ConfigEntry }
    | { key: string | null; status: 'error'; error: string }
  )[];
  succeeded: number;
  failed: number;
  /** Only there when the batch was refused. */
  rolled_back?: true;
}

/** What a batch of tenants came to: all of them were created, or none, and why. */
export interface TenantBatch {
  created: TenantNode[];
  errors: { index: number; slug: string | null; error: string }[];
}

/** How one of two tenants comes by a value. */
export interface ConfigDiffSide {
  value: unknown;
  status: 'own' | 'inherited' | 'locked';
  /** The id of the tenant that set it. */
  source: string;
  sensitive: boolean;
  masked: boolean;
}

/** The config of two tenants side by side, in order of keys, equal ones included. */
export interface ConfigDiff {
  tenant_a: { id: string; name: string };
  tenant_b: { id: string; name: string };
  diff: { key: string; tenant_a: ConfigDiffSide | null; tenant_b: ConfigDiffSide | null }[];
}

/** From the best to the worst: as the parent, with an own value, without one, with another although the parent locks it. */
export type DriftStatus = 'ok' | 'override' | 'missing' | 'conflict';

/** How far the config of a tenant is from its parent's. */
export interface ConfigDrift {
  tenant_id: string;
  tenant_name: string | null;
  /** The worst of all keys. */
  status: DriftStatus;
  overrides: number;
  missing: number;
  conflicts: number;
  details: { key: string; status: DriftStatus; parentValue: unknown; childValue: unknown; locked: boolean }[];
}

/** The same for many, and in numbers. */
export interface ConfigDriftBatch {
  parent_id: string;
  parent_name: string;
  results: ConfigDrift[];
  summary: Record<DriftStatus, number>;
}

/** A permission that a tenant itself has set. */
export interface PermissionPolicy {
  id: string;
  tenant_id: string;
  key: string;
  value: unknown;
  mode: PermissionMode;
  revocation_mode: RevocationMode;
  source_tenant_id: string;
  created_at: string;
  updated_at: string;
}

/** The permission that applies to a tenant under a key. */
export interface ResolvedPermission {
  policy_id: string;
  key: string;
  value: unknown;
  mode: PermissionMode;
  source_tenant_id: string;
  locked: boolean;
  delegated: boolean;
}

/** By key. */
export type ResolvedPermissions = Record<string, ResolvedPermission>;

/** All that is kept of a tenant, secrets withheld. */
export interface TenantExport {
  tenant: TenantNode;
  config_entries: ConfigEntry[];
  permission_policies: PermissionPolicy[];
  api_keys: ApiKey[];
  webhooks: Webhook[];
  webhook_events: never[];
  webhook_deliveries: never[];
  consent_records: never[];
  audit_logs: AuditEntry[];
}
