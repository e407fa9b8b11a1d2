import type {
  CreateApiKeyMutation,
  ExportTenantQuery,
  GetTenantContextQuery,
  ListTenantsQuery,
} from '../operations/generated/graphql.ts';
import { type JsonSchema, nullable, object, reference } from './json-schema.ts';
import type { Present } from './route.ts';

/** One page of tenants with the way to the next. */
export const tenantPage = {
  of: ({ tenants: { data, page } }: ListTenantsQuery) => ({
    data,
    next_cursor: page.has_more ? page.next_cursor : null,
    has_more: page.has_more,
  }),
  schema: (at: (path: 'tenants.data' | 'tenants.page.has_more') => JsonSchema) =>
    object({
      data: at('tenants.data'),
      next_cursor: nullable({ type: 'string', format: 'uuid' }),
      has_more: at('tenants.page.has_more'),
    }),
};

/** The flat context that programs ask for on every request, and the whole tenant beside it. */
export const contextBody = {
  of: ({ tenant: found }: Present<GetTenantContextQuery>) => {
    const {
      tagRoot: _,
      tagRevision: revision,
      tenant_id,
      resolved_config,
      resolved_permissions,
      ancestors,
      ...tenant
    } = found;
    const { ancestry_path, depth, isolation_strategy } = tenant;
    const position = { tenant_id, ancestry_path, depth, isolation_strategy };
    return { ...position, resolved_config, resolved_permissions, tenant, ancestors, revision };
  },
  schema: (at: (path: `tenant.${keyof Present<GetTenantContextQuery>['tenant'] & string}`) => JsonSchema) =>
    object({
      tenant_id: at('tenant.tenant_id'),
      ancestry_path: at('tenant.ancestry_path'),
      depth: at('tenant.depth'),
      isolation_strategy: at('tenant.isolation_strategy'),
      resolved_config: at('tenant.resolved_config'),
      resolved_permissions: at('tenant.resolved_permissions'),
      tenant: reference('Tenant'),
      ancestors: at('tenant.ancestors'),
      revision: at('tenant.tagRevision'),
    }),
};

/** The answer to a change that clients of v1 only ask to have succeeded. */
export const succeeded = {
  of: () => ({ success: true }),
  schema: () => object({ success: { const: true } }),
};

/** What there is to say of a key that nobody has used or revoked yet: what it has, and what it may lack. */
const always = ['id', 'key_prefix', 'scopes', 'created_at'] as const;
const perhaps = ['tenant_id', 'name', 'role_id', 'rate_limit_max', 'rate_limit_window', 'expires_at'] as const;
const ofNewKey = [...always, ...perhaps];

/** A new key in clear, beside all else about it. */
export const issuedKey = {
  of: ({ issued: { apiKey, plaintext_key } }: Present<CreateApiKeyMutation>) => ({
    ...Object.fromEntries(ofNewKey.map((name) => [name, apiKey[name]])),
    plaintext_key,
  }),
  schema: (at: (path: `issued.apiKey.${(typeof ofNewKey)[number]}` | 'issued.plaintext_key') => JsonSchema) => {
    const there = always.map((name) => [name, at(`issued.apiKey.${name}`)] as const);
    const orNull = perhaps.map((name) => [name, nullable(at(`issued.apiKey.${name}`))] as const);
    return object({ ...Object.fromEntries([...there, ...orNull]), plaintext_key: at('issued.plaintext_key') });
  },
};

/** Kinds of things that clients of v1 look for in an export, and that this version keeps none of. */
const none = { webhook_events: [], webhook_deliveries: [], consent_records: [] };

/** All that is kept of a tenant, its audit log last, which may be of any length. */
export const exportBody = {
  field: 'audit_logs',
  of: ({ exportTenant }: Present<ExportTenantQuery>) => ({
    tenant: exportTenant.tenant,
    config_entries: exportTenant.config,
    permission_policies: exportTenant.permissions,
    api_keys: exportTenant.apiKeys,
    webhooks: exportTenant.webhooks,
    ...none,
  }),
  schema: (
    at: (path: `exportTenant.${'config' | 'permissions' | 'apiKeys' | 'webhooks' | 'events.nodes'}`) => JsonSchema,
  ) =>
    object({
      tenant: reference('Tenant'),
      config_entries: at('exportTenant.config'),
      permission_policies: at('exportTenant.permissions'),
      api_keys: at('exportTenant.apiKeys'),
      webhooks: at('exportTenant.webhooks'),
      ...Object.fromEntries(Object.keys(none).map((kind) => [kind, { type: 'array', maxItems: 0 }])),
      audit_logs: at('exportTenant.events.nodes'),
    }),
};
