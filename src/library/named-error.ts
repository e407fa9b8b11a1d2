import { type ErrorCode, StratumError } from '../domain/errors.ts';
import * as errors from './errors.ts';

/** Codes that have a class of their own; all others are of `StratumError` itself. */
const classes: Partial<Record<ErrorCode, typeof StratumError>> = {
  VALIDATION_ERROR: errors.ValidationError,
  UNAUTHORIZED: errors.UnauthorizedError,
  FORBIDDEN: errors.ForbiddenError,
  NOT_FOUND: errors.NotFoundError,
  TENANT_NOT_FOUND: errors.TenantNotFoundError,
  TENANT_ALREADY_EXISTS: errors.TenantAlreadyExistsError,
  TENANT_HAS_CHILDREN: errors.TenantHasChildrenError,
  TENANT_CYCLE_DETECTED: errors.TenantCycleDetectedError,
  TENANT_DEPTH_EXCEEDED: errors.TenantDepthExceededError,
  TENANT_INVALID_STATE: errors.TenantInvalidStateError,
  TENANT_SUSPENDED: errors.TenantSuspendedError,
  TENANT_ARCHIVED: errors.TenantArchivedError,
  CONFIG_LOCKED: errors.ConfigLockedError,
  CONFIG_NOT_FOUND: errors.ConfigNotFoundError,
  PERMISSION_LOCKED: errors.PermissionLockedError,
  PERMISSION_NOT_FOUND: errors.PermissionNotFoundError,
  PERMISSION_ALREADY_EXISTS: errors.PermissionAlreadyExistsError,
  PERMISSION_REVOCATION_DENIED: errors.PermissionRevocationDeniedError,
  ROLE_ALREADY_EXISTS: errors.RoleAlreadyExistsError,
  WEBHOOK_NOT_FOUND: errors.WebhookNotFoundError,
  REVISION_MISMATCH: errors.RevisionMismatchError,
  SERVICE_UNAVAILABLE: errors.ServiceUnavailableError,
};

/** What a refusal is made of. */
export type Refusal = ReturnType<StratumError['toJSON']>;

/** A refusal as an error of its own class, so that `instanceof` tells which it is. */
export function errorOf({ code, message, details, issues }: Refusal, cause?: unknown): StratumError {
  const Named = classes[code] ?? StratumError;
  return new Named(code, message, { ...(details && { details }), ...(issues && { issues }), cause });
}

/** Whatever was thrown; a refusal in its own class. */
export function named(error: unknown): unknown {
  return error instanceof StratumError && error.constructor === StratumError ? errorOf(error.toJSON(), error) : error;
}
