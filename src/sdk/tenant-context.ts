import { AsyncLocalStorage } from 'node:async_hooks';
import { TenantContextNotFoundError } from './errors.ts';

/** A config key as it applies to a tenant. */
export interface ResolvedConfig {
  readonly key: string;
  /** Null for a secret that isn't shown. */
  readonly value: unknown;
  readonly source_tenant_id: string;
  /** Whether it was set above the tenant. */
  readonly inherited: boolean;
  readonly locked: boolean;
  readonly sensitive?: boolean;
  /** Whether `value` is withheld. */
  readonly masked?: boolean;
}

/** A permission as it applies to a tenant. */
export interface ResolvedPermission {
  readonly policy_id: string;
  readonly key: string;
  readonly value: unknown;
  readonly mode: 'LOCKED' | 'INHERITED' | 'DELEGATED';
  readonly source_tenant_id: string;
  readonly locked: boolean;
  readonly delegated: boolean;
}

/** What a program has to know about a tenant to serve a request of it. Frozen, since many requests share it. */
export interface TenantContext {
  readonly tenant_id: string;
  /** The ids of its ancestors, root first, each behind a slash; `/` for a root. */
  readonly ancestry_path: string;
  /** How many ancestors it has. */
  readonly depth: number;
  readonly isolation_strategy: string;
  readonly resolved_config: Readonly<Record<string, ResolvedConfig>>;
  readonly resolved_permissions: Readonly<Record<string, ResolvedPermission>>;
  /** How far the ledger of its tree had come when this was read. */
  readonly revision: number;
}

/** The tenant and those above it that the key of the program may see, root first. */
export function lineageOf({ ancestry_path, tenant_id }: TenantContext): readonly string[] {
  return [...ancestry_path.split('/').filter((id) => id !== ''), tenant_id];
}

const current = new AsyncLocalStorage<TenantContext>();

/** The context of the tenant that the running request is for; undefined outside of one. */
export function findTenantContext(): TenantContext | undefined {
  return current.getStore();
}

/** The same. @throws {TenantContextNotFoundError} Outside of a request of a tenant. */
export function getTenantContext(): TenantContext {
  const context = findTenantContext();
  if (context === undefined) {
    throw new TenantContextNotFoundError();
  }
  return context;
}

/** Runs something, and all it calls and waits for, for a tenant: for jobs and scripts what the middleware is for requests. */
export function runWithTenantContext<Result>(context: TenantContext, work: () => Result): Result {
  return current.run(context, work);
}
