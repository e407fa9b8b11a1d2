/** Every code a caller can receive, with the HTTP status of the doors that have one. Codes are public API: add, never rename. */
export const statusByCode = {
  VALIDATION_ERROR: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  DOCUMENT_NOT_TRUSTED: 403,
  TENANT_SUSPENDED: 403,
  CONFIG_LOCKED: 403,
  PERMISSION_LOCKED: 403,
  PERMISSION_REVOCATION_DENIED: 403,
  NOT_FOUND: 404,
  TENANT_NOT_FOUND: 404,
  CONFIG_NOT_FOUND: 404,
  PERMISSION_NOT_FOUND: 404,
  WEBHOOK_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  TENANT_ALREADY_EXISTS: 409,
  TENANT_HAS_CHILDREN: 409,
  TENANT_CYCLE_DETECTED: 409,
  TENANT_DEPTH_EXCEEDED: 409,
  TENANT_INVALID_STATE: 409,
  PERMISSION_ALREADY_EXISTS: 409,
  ROLE_ALREADY_EXISTS: 409,
  IDEMPOTENCY_KEY_IN_USE: 409,
  TENANT_ARCHIVED: 410,
  CURSOR_EXPIRED: 410,
  REVISION_MISMATCH: 412,
  IDEMPOTENCY_KEY_REUSED: 422,
  RATE_LIMITED: 429,
  SUBSCRIBER_TOO_SLOW: 429,
  INTERNAL_SERVER_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
} as const;

export type ErrorCode = keyof typeof statusByCode;

/** One thing wrong with an input: where (names and indexes from the outside in), what, and a stable word for it. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly code: string;
}

/** What every door prints of an error. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly issues?: readonly Issue[];
}

/** A failure the caller is meant to see. Anything else that is thrown is a fault of ours and answered as `INTERNAL_SERVER_ERROR`. */
export class StratumError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly issues: readonly Issue[] | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    { details, issues, cause }: { details?: Record<string, unknown>; issues?: readonly Issue[]; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.details = details;
    this.issues = issues;
  }

  /** The HTTP status of this code. */
  get statusCode(): number {
    return statusByCode[this.code];
  }

  toJSON(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      ...(this.details && { details: this.details }),
      ...(this.issues && { issues: this.issues }),
    };
  }
}

/** An input that can't be accepted, with every misfit found. */
export function invalid(issues: readonly Issue[], message = 'Validation failed'): StratumError {
  return new StratumError('VALIDATION_ERROR', message, { issues });
}

/** The single-field form of {@link invalid}. */
export function invalidField(field: string, message: string, code = 'invalid'): StratumError {
  return invalid([{ path: [field], message, code }]);
}

export function tenantNotFound(): StratumError {
  return new StratumError('TENANT_NOT_FOUND', 'No such tenant');
}

/** The same error, with what is wrong beneath a path: rules don't know where their input stands. */
export function beneathPath(error: StratumError, path: Issue['path']): StratumError {
  const issues = error.issues?.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
  return new StratumError(error.code, error.message, {
    ...(error.details && { details: error.details }),
    ...(issues && { issues }),
    cause: error,
  });
}

/** The same error, saying which item of a batch it is about. */
export function atIndex(error: StratumError, index: number): StratumError {
  return new StratumError(error.code, error.message, {
    details: { ...error.details, index },
    ...(error.issues && { issues: error.issues }),
    cause: error,
  });
}
