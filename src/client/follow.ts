import { Buffer } from './buffer.ts';
import { cancelledBy, onAbort } from './deadline.ts';
import { cursorVariableOf } from './documents.ts';
import { ApiError, UnreachableError } from './errors.ts';
import { backOffMs, longestWaitMs } from './retry.ts';
import { errorOf, type Failure } from './send.ts';
import type { Socket } from './socket.ts';

/** How a subscription is getting on. */
export interface SubscriptionStatus {
  readonly state: 'connected' | 'disconnected';
  /**
   * Whether something may have happened that will never be told: true after an interruption when there is no cursor to go on from. Then read anew what is
   * followed.
   */
  readonly gap: boolean;
  /** Why there is no connection; it is tried again. */
  readonly reason?: Error;
}

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  /** The cursor of the last answer that is known already. */
  readonly after?: string | undefined;
  readonly onStatus?: ((status: SubscriptionStatus) => void) | undefined;
}

export interface Followed extends FollowOptions {
  readonly url: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** So many answers wait for a consumer that is slow. Then the subscription is let go of, and taken up again when all were taken. */
const maxWaiting = 1_000;

/** What ends a subscription only for the moment. */
const passing = new Set(['SUBSCRIBER_TOO_SLOW', 'SERVICE_UNAVAILABLE', 'RATE_LIMITED']);

/** Follows what a subscription tells, over as many connections as it takes. */
export class Follower<Data> implements AsyncIterableIterator<Data, undefined> {
  readonly #socket: Socket;
  readonly #followed: Followed;
  readonly #cursorVariable: string | undefined;
  readonly #buffer: Buffer<Data>;
  #forgetSignal: (() => void) | null = null;
  readonly #onEnd: () => void;
  #cursor: unknown;
  #unsubscribe: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #connectedAt: number | null = null;
  #wasConnected = false;
  #isOver = false;

  constructor(socket: Socket, followed: Followed, onEnd: () => void) {
    this.#socket = socket;
    this.#followed = followed;
    this.#onEnd = onEnd;
    this.#cursorVariable = cursorVariableOf(followed.query);
    if (followed.after !== undefined && this.#cursorVariable === undefined) {
      throw new TypeError('This subscription takes no cursor: its document has no argument after with a variable');
    }
    this.#cursor = followed.after ?? (this.#cursorVariable && followed.variables[this.#cursorVariable]);
    this.#buffer = new Buffer(maxWaiting, () => this.#resume());
    const { signal } = followed;
    this.#subscribe();
    this.#forgetSignal = signal ? onAbort(signal, () => this.end(cancelledBy(signal))) : null;
  }

  next(): Promise<IteratorResult<Data, undefined>> {
    return this.#buffer.take();
  }

  async return(): Promise<IteratorResult<Data, undefined>> {
    this.end();
    this.#buffer.discard();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends it; what has come can still be taken, then an error is thrown, if there is one. */
  end(error: unknown = null): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#letGo();
      this.#forgetSignal?.();
      this.#buffer.end(error);
      this.#onEnd();
    }
  }

  #subscribe(): void {
    const { url } = this.#followed;
    let isCurrent = true;
    const whileCurrent = (act: () => void): void => (isCurrent ? act() : undefined);
    const stop = this.#socket.subscribe<Data, unknown>(this.#question(), {
      next: ({ data, errors }) => whileCurrent(() => this.#receive(data, errors)),
      error: (error) => whileCurrent(() => this.#lose(reasonOf(error, url))),
      complete: () => whileCurrent(() => this.end()),
    });
    const stopWaiting = this.#socket.onConnected(() => this.#connect());
    this.#unsubscribe = () => {
      isCurrent = false;
      stopWaiting();
      stop();
    };
  }

  /** After a connection that was closed in order the library asks again by itself: then, too, from where we are. */
  #question(): { query: string; readonly variables: Record<string, unknown> } {
    const { query, variables } = this.#followed;
    const place = () => (this.#cursorVariable && this.#cursor ? { [this.#cursorVariable]: this.#cursor } : {});
    return {
      query,
      get variables() {
        return { ...variables, ...place() };
      },
    };
  }

  #connect(): void {
    this.#tell({ state: 'connected', gap: this.#wasConnected && !this.#knowsPlace });
    this.#wasConnected = true;
    this.#connectedAt = performance.now();
  }

  #receive(data: Data | null | undefined, errors: readonly Failure[] | undefined): void {
    if (errors?.[0] !== undefined || data == null) {
      this.#lose(errorOf(errors?.[0] ?? { message: 'The answer is empty' }));
      return;
    }
    this.#tries = 0;
    this.#cursor = cursorIn(data) ?? this.#cursor;
    this.#buffer.put(data);
    if (this.#buffer.isFull) {
      this.#letGo();
      this.#tell({ state: 'disconnected', gap: !this.#knowsPlace });
    }
  }

  /** What is for the moment is waited for; anything else ends it. */
  #lose(reason: Error): void {
    if (reason instanceof ApiError && !passing.has(reason.code)) {
      this.end(reason);
      return;
    }
    if (reason instanceof ApiError && this.#cursorVariable !== undefined) {
      this.#cursor ??= reason.details['after']; // the server knows where it stopped
    }
    const wasSteady = this.#connectedAt !== null && performance.now() - this.#connectedAt > longestWaitMs;
    this.#tries = wasSteady ? 0 : this.#tries;
    this.#letGo();
    this.#tell({ state: 'disconnected', gap: this.#wasConnected && !this.#knowsPlace, reason });
    this.#timer = setTimeout(() => this.#subscribe(), Math.max(backOffMs(this.#tries), waitAskedBy(reason)));
    this.#tries += 1;
  }

  #resume(): void {
    if (!this.#isOver && this.#unsubscribe === null && this.#timer === undefined) {
      this.#subscribe();
    }
  }

  #letGo(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#connectedAt = null;
  }

  get #knowsPlace(): boolean {
    return this.#cursorVariable !== undefined && typeof this.#cursor === 'string';
  }

  /** Whatever a listener throws is its own fault, and none of the connection's. */
  #tell(status: SubscriptionStatus): void {
    const { onStatus } = this.#followed;
    if (onStatus !== undefined) {
      queueMicrotask(() => onStatus(status));
    }
  }
}

/** The cursor beside what the one field of a subscription tells. */
function cursorIn(data: unknown): unknown {
  const [told] = Object.values(data as Record<string, unknown>); // an answer is an object of fields
  return (told as { readonly cursor?: unknown } | null)?.cursor;
}

function waitAskedBy(reason: Error): number {
  const seconds = reason instanceof ApiError ? Number(reason.details['retry_after_seconds'] ?? 0) : 0;
  return Number.isFinite(seconds) ? seconds * 1_000 : 0;
}

/** What a closed connection says of why, for those closings that no repetition will change. */
const codesOfClosings: Readonly<Record<number, string>> = {
  4400: 'VALIDATION_ERROR',
  4401: 'UNAUTHORIZED',
  4403: 'FORBIDDEN',
};

/** Of what a connection is lost by: the errors of an answer, a closing, or an event that says nothing. */
function reasonOf(error: unknown, url: string): Error {
  if (Array.isArray(error)) {
    return errorOf(error[0] as Failure); // so the protocol has it
  }
  const { code, reason, message } = (error ?? {}) as { code?: unknown; reason?: unknown; message?: unknown };
  const fatal = typeof code === 'number' ? codesOfClosings[code] : undefined;
  if (fatal !== undefined) {
    return new ApiError(fatal, String(reason || fatal));
  }
  const why = [code, reason || message].filter((word) => word !== undefined && word !== '').join(' ');
  return new UnreachableError(url, `The connection to ${url} is lost${why === '' ? '' : ` (${why})`}`, {
    cause: error,
  });
}
