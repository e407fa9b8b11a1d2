/** What the server says of an error besides its code and message. */
export interface ApiErrorOptions {
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly issues?: readonly ApiIssue[] | undefined;
  /** The status of the answer; undefined over a WebSocket. */
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** One thing wrong with what was sent: where (names and indexes from the outside in), what, and a stable word for it. */
export interface ApiIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly code: string;
}

/** A failure the server reported; `code` is one of the documented error codes. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly issues: readonly ApiIssue[];
  readonly status: number | undefined;
  /** Names the request in the server's log. */
  readonly requestId: string | undefined;
  /** How long the server asks to wait before the next try. */
  readonly retryAfterMs: number | undefined;

  constructor(code: string, message: string, options: ApiErrorOptions = {}) {
    super(message);
    this.code = code;
    this.details = options.details ?? {};
    this.issues = options.issues ?? [];
    this.status = options.status;
    this.requestId = options.requestId;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export interface UnreachableErrorOptions extends ErrorOptions {
  readonly wasSent?: boolean;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** Nothing, or something that isn't Stratum, answers at `url`; or the connection was lost on the way. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  readonly code = 'UNREACHABLE';
  readonly url: string;
  /** False when there was never a connection: then nothing can have been carried out. */
  readonly wasSent: boolean;
  /** The status of what answered, when something did. */
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(url: string, message: string, options: UnreachableErrorOptions = {}) {
    super(message, options);
    this.url = url;
    this.wasSent = options.wasSent ?? true;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** There was no answer in time. A change may have been made nevertheless. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
  readonly code = 'TIMEOUT';
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`There was no answer within ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

/** The caller gave up: by its signal, whose reason is the `cause`, or by closing the client. A change may have been made nevertheless. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  readonly code = 'CANCELLED';
}
