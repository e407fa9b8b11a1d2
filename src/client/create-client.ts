/// <reference lib="esnext.disposable" preserve="true" />
import { OperationTypeNode } from 'graphql';
import * as operations from '../operations/generated/graphql.ts';
import { type Credentials, identifyBy } from './credentials.ts';
import { within } from './deadline.ts';
import { type Document, kindOf, textOf } from './documents.ts';
import { CancelledError } from './errors.ts';
import { Follower, type FollowOptions } from './follow.ts';
import { type NamedOperations, namedDocuments } from './named-operations.ts';
import { retrying } from './retry.ts';
import { type Door, type Operation, send } from './send.ts';
import { openSocket, type Socket, type WebSocketConstructor } from './socket.ts';

export type ClientOptions = Credentials & {
  /** Where Stratum answers, e.g. `http://127.0.0.1:3001`; the client adds `/graphql`. */
  readonly url: string;
  readonly fetch?: typeof globalThis.fetch;
  /** What opens WebSockets where there are none, or others are wanted, such as `WebSocket` of `ws`. */
  readonly webSocket?: WebSocketConstructor;
  /** How long a call may take, with all its repetitions, and how long a connection may be silent when it is asked. 30 seconds. */
  readonly timeoutMs?: number;
  /** How often a call that may be repeated is repeated. Twice. */
  readonly retries?: number;
};

export interface QueryOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface MutateOptions extends QueryOptions {
  /** By which the server knows a repetition: with one, a change is repeated like a question, and made once. */
  readonly idempotencyKey?: string | undefined;
}

export type SubscribeOptions = FollowOptions;

/** Sends documents and gives back their data, both typed. */
export interface Calls {
  /**
   * Asks.
   * @throws {ApiError} What the server refused.
   * @throws {UnreachableError} Nothing answered.
   * @throws {TimeoutError}
   * @throws {CancelledError}
   */
  query<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
    options?: QueryOptions,
  ): Promise<Data>;
  query<Data>(document: Document<Data, Record<string, never>>): Promise<Data>;
  /** Changes. It is repeated only when nothing can have come of the try before, or with an `idempotencyKey`. Throws what `query` throws. */
  mutate<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
    options?: MutateOptions,
  ): Promise<Data>;
  mutate<Data>(document: Document<Data, Record<string, never>>): Promise<Data>;
  /**
   * Follows, and goes on when the connection comes back: from the last `cursor` when the document selects it and gives its argument `after` a variable,
   * otherwise `onStatus` tells of the gap. Ends when the server ends it, the signal is aborted, the loop is left, or the client is closed.
   * @throws {ApiError} What the server refused; out of the iterator, as the others.
   * @throws {CancelledError}
   */
  subscribe<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
    options?: SubscribeOptions,
  ): AsyncIterableIterator<Data>;
  subscribe<Data>(document: Document<Data, Record<string, never>>): AsyncIterableIterator<Data>;
  /** Ends what is followed, cancels what is asked, and closes the connection. */
  close(): void;
  [Symbol.dispose](): void;
}

/** {@link Calls}, and every stored operation as a function of its name: `client.getTenant({ id })`. */
export type Client = Calls & NamedOperations<MutateOptions, SubscribeOptions>;

/** A client of a control plane. Nothing is sent before something is asked. Runs in browsers and Node. */
export function createClient(options: ClientOptions): Client {
  const calls = createCalls(options);
  const named = namedDocuments(operations).map(([name, document]) => [name, functionOf(calls, document)]);
  // What the names stand for is worked out from the same documents.
  return Object.assign(calls, Object.fromEntries(named) as NamedOperations<MutateOptions, SubscribeOptions>);
}

type Verb = (document: object, variables: object, options?: object) => unknown;

function functionOf(calls: Calls, document: Parameters<typeof kindOf>[0]): unknown {
  const verbs = {
    [OperationTypeNode.QUERY]: calls.query,
    [OperationTypeNode.MUTATION]: calls.mutate,
    [OperationTypeNode.SUBSCRIPTION]: calls.subscribe,
  };
  const verb = verbs[kindOf(document) ?? OperationTypeNode.QUERY] as Verb; // what it gives back is of no concern here
  return (variables: object = {}, options?: object) => verb(document, variables, options);
}

interface Settings extends MutateOptions {
  readonly isRepeatable: boolean;
}

function createCalls(options: ClientOptions): Calls {
  const { url, fetch = globalThis.fetch, webSocket, timeoutMs = 30_000, retries = 2 } = options;
  const endpoint = new URL('graphql', url.endsWith('/') ? url : `${url}/`).href;
  const door: Door = { url, endpoint, fetch, identify: identifyBy(options) };
  const closed = new AbortController();
  const followers = new Set<Follower<never>>();
  let socket: Socket | undefined;

  const call = async (document: object | string, variables: unknown, settings: Settings): Promise<never> => {
    const { signal, isRepeatable, idempotencyKey } = settings;
    const operation: Operation = { query: textOf(document), variables, idempotencyKey };
    const limits = { timeoutMs: settings.timeoutMs ?? timeoutMs, signals: [closed.signal, signal] };
    const data = await within(limits, (limited) =>
      retrying({ retries, isRepeatable }, limited, () => send(door, operation, limited.signal)),
    );
    return data as never; // a result without errors has the shape that the document's type says
  };

  const calls: Calls = {
    query: (document: object | string, variables?: unknown, options: QueryOptions = {}) =>
      call(document, variables, { ...options, isRepeatable: true }),
    mutate: (document: object | string, variables?: unknown, options: MutateOptions = {}) =>
      call(document, variables, { ...options, isRepeatable: options.idempotencyKey !== undefined }),
    subscribe: (document: object | string, variables?: unknown, options: SubscribeOptions = {}) => {
      closed.signal.throwIfAborted();
      socket ??= openSocket({ ...door, webSocket, patienceMs: timeoutMs });
      const followed = {
        ...options,
        url,
        query: textOf(document),
        variables: { ...(variables as object | undefined) },
      };
      const follower: Follower<never> = new Follower<never>(socket, followed, () => followers.delete(follower));
      followers.add(follower);
      return follower;
    },
    close: () => {
      closed.abort(new CancelledError('The client is closed'));
      for (const follower of followers) {
        follower.end();
      }
      socket?.close();
    },
    [Symbol.dispose]: () => calls.close(),
  };
  return calls;
}
