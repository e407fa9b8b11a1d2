import { type ErrorCode, StratumError } from '../domain/errors.ts';

export class ValidationError extends StratumError {}
export class UnauthorizedError extends StratumError {}
export class ForbiddenError extends StratumError {}
export class NotFoundError extends StratumError {}
export class TenantNotFoundError extends StratumError {}
export class TenantAlreadyExistsError extends StratumError {}
export class TenantHasChildrenError extends StratumError {}
export class TenantCycleDetectedError extends StratumError {}
export class TenantDepthExceededError extends StratumError {}
export class TenantInvalidStateError extends StratumError {}
export class TenantSuspendedError extends StratumError {}
export class TenantArchivedError extends StratumError {}
export class ConfigLockedError extends StratumError {}
export class ConfigNotFoundError extends StratumError {}
export class PermissionLockedError extends StratumError {}
export class PermissionNotFoundError extends StratumError {}
export class PermissionAlreadyExistsError extends StratumError {}
export class PermissionRevocationDeniedError extends StratumError {}
export class RoleAlreadyExistsError extends StratumError {}
export class WebhookNotFoundError extends StratumError {}
export class RevisionMismatchError extends StratumError {}
export class ServiceUnavailableError extends StratumError {}

/** Codes that have a class of their own; all others are of `StratumError` itself. */
const classes: Partial<Record<ErrorCode, typeof StratumError>> = {
  VALIDATION_ERROR: ValidationError,
  UNAUTHORIZED: UnauthorizedError,
  FORBIDDEN: ForbiddenError,
  NOT_FOUND: NotFoundError,
  TENANT_NOT_FOUND: TenantNotFoundError,
  TENANT_ALREADY_EXISTS: TenantAlreadyExistsError,
  TENANT_HAS_CHILDREN: TenantHasChildrenError,
  TENANT_CYCLE_DETECTED: TenantCycleDetectedError,
  TENANT_DEPTH_EXCEEDED: TenantDepthExceededError,
  TENANT_INVALID_STATE: TenantInvalidStateError,
  TENANT_SUSPENDED: TenantSuspendedError,
  TENANT_ARCHIVED: TenantArchivedError,
  CONFIG_LOCKED: ConfigLockedError,
  CONFIG_NOT_FOUND: ConfigNotFoundError,
  PERMISSION_LOCKED: PermissionLockedError,
  PERMISSION_NOT_FOUND: PermissionNotFoundError,
  PERMISSION_ALREADY_EXISTS: PermissionAlreadyExistsError,
  PERMISSION_REVOCATION_DENIED: PermissionRevocationDeniedError,
  ROLE_ALREADY_EXISTS: RoleAlreadyExistsError,
  WEBHOOK_NOT_FOUND: WebhookNotFoundError,
  REVISION_MISMATCH: RevisionMismatchError,
  SERVICE_UNAVAILABLE: ServiceUnavailableError,
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
