import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type DocumentNode, print } from 'graphql';

export * from '../operations/generated/graphql.ts';

export interface ClientOptions {
  /** Where Stratum answers, e.g. `http://127.0.0.1:3001`; the client adds `/graphql`. */
  readonly url: string;
  readonly apiKey: string;
  readonly fetch?: typeof globalThis.fetch;
}

/** Sends typed operations and gives back their typed data; throws {@link ApiError} or {@link UnreachableError}. */
export interface Client {
  query<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data>;
  mutate<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data>;
}

/** A failure the server reported; `code` is one of the documented error codes. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Nothing, or something that isn't Stratum, answers at `url`. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  readonly url: string;

  constructor(url: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.url = url;
  }
}

/** Give it a typed operation and its variables, get its typed data. Runs in a browser as well. */
export function createClient({ url, apiKey, fetch = globalThis.fetch }: ClientOptions): Client {
  const endpoint = new URL('graphql', url.endsWith('/') ? url : `${url}/`).href;
  const headers = {
    accept: 'application/graphql-response+json, application/json',
    'content-type': 'application/json',
    'x-api-key': apiKey,
  };
  const send: Client['query'] = async (document, variables) => {
    const body = JSON.stringify({ query: textOf(document), variables });
    const response = await fetch(endpoint, { method: 'POST', headers, body }).catch((error: unknown) => {
      throw new UnreachableError(url, `Nothing answers at ${url}${reasonOf(error)}`, { cause: error });
    });
    const answer = await readAnswer(response, url);
    throwFirst(answer);
    // A result without errors has the shape that the document's type says.
    return answer.data as never;
  };
  return { query: send, mutate: send };
}

/** `fetch` itself only says that it failed. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const { code, message } =
    cause instanceof Error ? { code: '', ...cause, message: cause.message } : { code: '', message: '' };
  const reason = code || message;
  return reason === '' ? '' : ` (${reason})`;
}

const texts = new WeakMap<object, string>();

/** Stored operations are few and sent often: each is printed once. */
function textOf(document: DocumentNode): string {
  const text = texts.get(document) ?? print(document);
  texts.set(document, text);
  return text;
}

interface Failure {
  readonly message: string;
  readonly code?: string;
  readonly details?: Record<string, unknown>;
  readonly extensions?: { readonly code?: string; readonly details?: Record<string, unknown> };
}

/** A GraphQL result, or the body of a refusal that never got as far as GraphQL. */
interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly Failure[];
  readonly error?: Failure;
}

async function readAnswer(response: Response, url: string): Promise<Answer> {
  const answer: unknown = await response.json().catch(() => null);
  if (isAnswer(answer)) {
    return answer;
  }
  throw new UnreachableError(url, `What answers at ${url} is not Stratum: HTTP status ${response.status}`);
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && ('data' in value || 'errors' in value || 'error' in value);
}

function throwFirst({ errors = [], error }: Answer): void {
  const first = errors[0] ?? error;
  if (first !== undefined) {
    const { code, details } = first.extensions ?? first;
    throw new ApiError(code ?? 'INTERNAL_SERVER_ERROR', first.message, details);
  }
}
