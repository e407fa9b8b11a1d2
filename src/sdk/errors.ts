import { ApiError } from '../client/index.ts';

/** What a request can be refused with, the status it gets, and what its sender is told: nothing that the control plane said. */
export const refusals = {
  MISSING_TENANT: [400, 'The request names no tenant'],
  UNAUTHORIZED: [401, 'The token is not accepted'],
  TENANT_SUSPENDED: [403, 'The tenant is suspended'],
  IMPERSONATION_DENIED: [403, 'Acting for this tenant is not allowed'],
  TENANT_NOT_FOUND: [404, 'There is no such tenant'],
  TENANT_ARCHIVED: [410, 'The tenant is archived'],
  SERVICE_UNAVAILABLE: [503, 'Tenants can not be looked up at the moment'],
} as const;

export type RefusalCode = keyof typeof refusals;

/** Why a request isn't served. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly statusCode: number;

  constructor(code: RefusalCode, options?: ErrorOptions) {
    const [status, message] = refusals[code];
    super(message, options);
    this.code = code;
    this.statusCode = status;
  }

  /** The body of the answer, in the shape of all errors of Stratum. */
  toJSON(): { error: { code: RefusalCode; message: string } } {
    return { error: { code: this.code, message: this.message } };
  }
}

/** There is no such tenant for the key of this program. */
export class TenantNotFoundError extends ApiError {}

/** The key of this program is not accepted. */
export class UnauthorizedError extends ApiError {}

const classes: Readonly<Record<string, typeof ApiError>> = {
  TENANT_NOT_FOUND: TenantNotFoundError,
  UNAUTHORIZED: UnauthorizedError,
};

/** An error of the control plane in the class that programs look for. */
export function named(error: unknown): unknown {
  const Class = error instanceof ApiError ? classes[error.code] : undefined;
  return error instanceof ApiError && Class !== undefined ? new Class(error.code, error.message, error) : error;
}

/** Nothing runs for a tenant here: the code is outside of what the middleware or `runWithTenantContext` wraps. */
export class TenantContextNotFoundError extends Error {
  override readonly name = 'TenantContextNotFoundError';
  readonly code = 'TENANT_CONTEXT_NOT_FOUND';

  constructor() {
    super('No tenant context here: use the middleware, or runWithTenantContext');
  }
}

/** Codes of the control plane that say something about the tenant which was asked for. */
const aboutTenants = ['TENANT_NOT_FOUND', 'TENANT_SUSPENDED', 'TENANT_ARCHIVED'] as const;

/** What a request is answered when its tenant can't be read. Whatever is not the tenant's is the service's own trouble, a refused key too. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) {
    return error;
  }
  const code = error instanceof ApiError ? aboutTenants.find((one) => one === error.code) : undefined;
  return new Refusal(code ?? 'SERVICE_UNAVAILABLE', { cause: error });
}
