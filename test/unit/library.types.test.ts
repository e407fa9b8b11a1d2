import { expectTypeOf, test } from 'vitest';
import type * as types from '../../src/index.ts';
import type * as inputs from '../../src/library/inputs.ts';
import type * as operations from '../../src/operations/generated/graphql.ts';

/** The name REST has for a field of the schema. */
type RestName<Name extends string> = Name extends 'document'
  ? 'config'
  : Name extends `${infer First}${infer Rest}`
    ? First extends Lowercase<First>
      ? `${First}${RestName<Rest>}`
      : `_${Lowercase<First>}${RestName<Rest>}`
    : Name;

/** An input of the schema as REST takes it. */
type RestInput<Input> = { [Name in keyof Input as RestName<Name & string>]: Input[Name] };

type Found<T> = NonNullable<T>;
type Given<T> = Required<{ [Name in keyof T]: Found<T[Name]> }>;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Optional<T> = { [Name in keyof T]-?: Record<never, never> extends Pick<T, Name> ? Name : never }[keyof T];

/** Whether an input of ours has the names of one of the schema, of which the same are optional, for the same values. */
type Fits<Ours, Theirs> = [
  Same<Given<Ours>, Given<RestInput<Theirs>>>,
  Same<Optional<Ours>, Optional<RestInput<Theirs>>>,
];
type Yes = [true, true];

test('what methods answer is what the stored operations select', () => {
  expectTypeOf<types.TenantNode>().toEqualTypeOf<operations.RestTenantFragment>();
  expectTypeOf<types.ConfigEntry>().toEqualTypeOf<operations.RestConfigEntryFragment>();
  expectTypeOf<types.ConfigDiff>().toEqualTypeOf<Found<operations.DiffConfigQuery['configDiff']>>();
  expectTypeOf<types.PermissionPolicy>().toEqualTypeOf<operations.RestPermissionFragment>();
  expectTypeOf<types.ApiKey>().toEqualTypeOf<operations.RestApiKeyFragment>();
  expectTypeOf<types.Role>().toEqualTypeOf<operations.RestRoleFragment>();
  expectTypeOf<types.Webhook>().toEqualTypeOf<operations.RestWebhookFragment>();
  expectTypeOf<types.WebhookDelivery>().toEqualTypeOf<operations.RestDeliveryFragment>();
  expectTypeOf<types.DeliveryStats>().toEqualTypeOf<
    Found<operations.GetDeliveryStatisticsQuery['deliveryStatistics']>
  >();
  expectTypeOf<types.AuditEntry>().toEqualTypeOf<operations.RestAuditEntryFragment>();
  type Drift = Found<operations.GetConfigDriftQuery['configDrift']>;
  expectTypeOf<types.ConfigDriftBatch['summary']>().toEqualTypeOf<Drift['summary']>();
  expectTypeOf<Omit<types.ConfigDrift, 'tenant_id' | 'tenant_name'>>().toEqualTypeOf<
    Omit<Drift['results'][number], 'tenant'>
  >();
  type Failed = Found<operations.ListFailedDeliveriesQuery['failedDeliveries']>['nodes'][number];
  expectTypeOf<Given<types.FailedDelivery>>().toEqualTypeOf<Given<Failed>>();
});

test('what methods are given is what the schema takes', () => {
  expectTypeOf<Fits<inputs.NewTenant, operations.CreateTenantInput>>().toEqualTypeOf<Yes>();
  expectTypeOf<Fits<inputs.NewTenantOfBatch, operations.CreateTenantsItem>>().toEqualTypeOf<Yes>();
  expectTypeOf<Fits<inputs.TenantPatch, operations.UpdateTenantInput>>().toEqualTypeOf<Yes>();
  expectTypeOf<
    Fits<Omit<inputs.ConfigValue, 'value'> & { key: string; value?: unknown }, operations.SetConfigInput>
  >().toEqualTypeOf<Yes>();
  expectTypeOf<Fits<inputs.NewPermission, operations.CreatePermissionInput>>().toEqualTypeOf<Yes>();
  expectTypeOf<Fits<inputs.PermissionPatch, operations.UpdatePermissionInput>>().toEqualTypeOf<Yes>();
  expectTypeOf<Fits<inputs.NewRole, operations.CreateRoleInput>>().toEqualTypeOf<Yes>();
  expectTypeOf<Fits<inputs.RolePatch, operations.UpdateRoleInput>>().toEqualTypeOf<Yes>();
  expectTypeOf<Fits<inputs.NewWebhook, operations.CreateWebhookInput>>().toEqualTypeOf<Yes>();
  expectTypeOf<Fits<inputs.WebhookPatch, operations.UpdateWebhookInput>>().toEqualTypeOf<Yes>();
  type Key = Omit<inputs.NewApiKey, 'expiresAt' | 'rateLimitMax' | 'rateLimitWindow' | 'expires_at'>;
  expectTypeOf<Fits<Key, Omit<operations.CreateApiKeyInput, 'tenantId' | 'expiresAt'>>>().toEqualTypeOf<Yes>();
});
