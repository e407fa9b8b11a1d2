/** The SDK, `stratum-graphql/sdk`: for programs on a server that serve requests of tenants. */

export { ApiError, TimeoutError, UnreachableError } from '../client/index.ts';
export {
  Refusal,
  type RefusalCode,
  TenantContextNotFoundError,
  TenantNotFoundError,
  UnauthorizedError,
} from './errors.ts';
export type { TenantVariables } from './hono.ts';
export type { CreateTenantInput, CreateWebhookInput, UpdateTenantInput, UpdateWebhookInput } from './inputs.ts';
export type { CacheStatus } from './live-copy.ts';
export type { Impersonation, Served, TenantResolver, TenantRules } from './rules.ts';
export { type CacheOptions, type StratumOptions, type StratumSdk, stratum } from './stratum.ts';
export { type ApiKey, StratumClient, type TenantNode, type Webhook } from './stratum-client.ts';
export {
  getTenantContext,
  type ResolvedConfig,
  type ResolvedPermission,
  runWithTenantContext,
  type TenantContext,
} from './tenant-context.ts';
