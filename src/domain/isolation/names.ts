/** What is made in the database of a product so that its rows are kept apart. */
export const schemaName = 'stratum_isolation';
/** The role that policies name. Logins of programs that serve tenants are members of it. */
export const tenantRole = 'stratum_tenant';
/** The role that sees the rows of all tenants: for migrations and back offices. */
export const operatorRole = 'stratum_operator';
/** The setting of a transaction that says, and proves, whose it is. */
export const settingName = 'stratum.tenant';
/** Every isolated table has this column. */
export const columnName = 'tenant_id';

/** How far a tenant reads: its own rows, or those of its subtree too. It writes its own rows alone. */
export const scopes = ['exact', 'subtree'] as const;
export type IsolationScope = (typeof scopes)[number];

/** Empty tables that are protected as those of the product are: what they are compared with, and where a check may write. */
export function canaryOf(scope: IsolationScope): string {
  return `${schemaName}.canary_${scope}`;
}

/** The tables of Stratum itself, which no tenant's login may touch. */
export const ownTables: readonly string[] = [
  'api_keys',
  'config_entries',
  'events',
  'idempotency_keys',
  'ledgers',
  'permission_policies',
  'regions',
  'roles',
  'tenants',
  'webhook_attempts',
  'webhook_deliveries',
  'webhook_places',
  'webhook_secrets',
  'webhooks',
];
