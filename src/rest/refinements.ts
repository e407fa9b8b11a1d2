import { errorCodes } from './error-statuses.ts';
import { type JsonSchema, object, reference } from './json-schema.ts';

const anyObject: JsonSchema = { type: 'object', additionalProperties: true };
const id: JsonSchema = { type: 'string', format: 'uuid' };
const flag: JsonSchema = { type: 'boolean' };
const text: JsonSchema = { type: 'string' };
const entryKey: JsonSchema = { minLength: 1, maxLength: 255 };
const tenantName: JsonSchema = { minLength: 1, maxLength: 255 };
const slug: JsonSchema = { pattern: '^[a-z][a-z0-9_]{0,62}$' };

const newTenant = (type: string): Record<string, JsonSchema> => ({
  [`${type}.name`]: tenantName,
  [`${type}.slug`]: slug,
  [`${type}.document`]: anyObject,
  [`${type}.metadata`]: anyObject,
});

/** What the types of the schema can't say about a field, an input field or a variable (`$limit`), for the document only. */
export const refinements: Readonly<Record<string, JsonSchema>> = {
  'Tenant.document': anyObject,
  'Tenant.metadata': anyObject,
  'Tenant.connectionConfig': { type: 'null' },
  'Tenant.resolvedConfigMap': reference('ResolvedConfig'),
  'Tenant.resolvedPermissionsMap': reference('ResolvedPermissions'),
  ...newTenant('CreateTenantInput'),
  ...newTenant('CreateTenantsItem'),
  'CreateTenantsItem.parentSlug': slug,
  ...newTenant('UpdateTenantInput'),
  'SetConfigInput.key': entryKey,
  'CreatePermissionInput.key': entryKey,
  $key: entryKey,
  $limit: { minimum: 1, maximum: 100 },
  $tenants: { minItems: 1, maxItems: 100 },
  $entries: { minItems: 1, maxItems: 200 },
};

/** Fields whose GraphQL type lets them be absent, so that their absence can be told from null, but which must be there. */
export const requiredFields: ReadonlySet<string> = new Set(['SetConfigInput.value', '$newParentId']);

/** Schemas that no type of the schema has: the maps by key, and the error. */
export const ownComponents: Readonly<Record<string, JsonSchema>> = {
  ResolvedConfig: {
    type: 'object',
    description: 'Entries by key.',
    additionalProperties: reference('ResolvedConfigEntry'),
  },
  ResolvedConfigEntry: {
    type: 'object',
    properties: {
      key: text,
      value: { description: 'Any JSON value; null while `masked`.' },
      source_tenant_id: { ...id, description: 'The tenant that set it.' },
      inherited: { ...flag, description: 'Whether it was set above the tenant itself.' },
      locked: { ...flag, description: 'Whether tenants below the source may not override it.' },
      sensitive: { ...flag, description: 'Only there when true: the value is a secret.' },
      masked: { ...flag, description: 'Only there for a secret: whether its value is withheld.' },
    },
    required: ['key', 'value', 'source_tenant_id', 'inherited', 'locked'],
  },
  ResolvedPermissions: {
    type: 'object',
    description: 'Policies by key.',
    additionalProperties: reference('ResolvedPermission'),
  },
  ResolvedPermission: object({
    policy_id: id,
    key: text,
    value: { description: 'Any JSON value.' },
    mode: reference('PermissionMode'),
    source_tenant_id: { ...id, description: 'The tenant whose policy decides.' },
    locked: { ...flag, description: 'Whether the mode is LOCKED.' },
    delegated: { ...flag, description: 'Whether the mode is DELEGATED.' },
  }),
  Error: {
    type: 'object',
    properties: {
      code: { type: 'string', enum: errorCodes, description: 'Stable: codes are added, never renamed.' },
      message: { ...text, description: 'For a person to read.' },
      details: { ...anyObject, description: 'What the refusal is about.' },
      issues: { type: 'array', items: reference('Issue'), description: 'Everything that is wrong with the request.' },
    },
    required: ['code', 'message'],
  },
  Issue: object({
    path: {
      type: 'array',
      items: { type: ['string', 'integer'] },
      description: 'Names and indexes from the outside in.',
    },
    message: text,
    code: text,
  }),
  ErrorAnswer: object({ error: reference('Error') }),
};
