import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type DocumentNode, execute, getOperationAST, OperationTypeNode, parse, subscribe, validate } from 'graphql';
import { LRUCache } from 'lru-cache';
import { type ErrorCode, type Issue, invalidField, StratumError } from '../domain/errors.ts';
import type { Context } from './context.ts';
import { maskError } from './errors.ts';
import { schema } from './schema.ts';

/** Executes a stored operation in this process. @throws {StratumError} The first thing that was refused. */
export async function runOperation<Data, Variables extends Record<string, unknown>>(
  contextValue: Context,
  document: TypedDocumentNode<Data, Variables>,
  variableValues: Variables,
): Promise<Data> {
  if (getOperationAST(document)?.operation === OperationTypeNode.SUBSCRIPTION) {
    throw invalidField('document', 'is a subscription, which has more than one answer: it can be followed');
  }
  const { data, errors } = await execute({ schema, document, contextValue, variableValues });
  if (errors?.[0] !== undefined || !data) {
    throw refusalOf(errors?.[0]);
  }
  return data as Data; // as the type of the document says
}

/** Follows a subscription in this process, event by event, until the signal, also while it waits for one. @throws {StratumError} What was refused, at the start or on the way. */
export async function* followOperation<Data, Variables extends Record<string, unknown>>(
  contextValue: Context,
  document: TypedDocumentNode<Data, Variables>,
  variableValues: Variables,
  signal: AbortSignal,
): AsyncGenerator<Data, void> {
  const answer = await subscribe({ schema, document, contextValue, variableValues });
  if (!(Symbol.asyncIterator in answer)) {
    throw refusalOf(answer.errors?.[0]);
  }
  const leave = (): void => void answer.return();
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) {
    leave();
  }
  for await (const { data, errors } of answer) {
    if (errors?.[0] !== undefined || !data) {
      throw refusalOf(errors?.[0]);
    }
    yield data as Data; // as the type of the document says
  }
}

const read = new LRUCache<string, DocumentNode>({ max: 1_000 });
const valid = new WeakSet<DocumentNode>();

/** A document, or the text of one, that fits the schema. @throws {StratumError} `VALIDATION_ERROR` when it doesn't. */
export function readOperation<Data, Variables>(
  document: TypedDocumentNode<Data, Variables> | string,
): TypedDocumentNode<Data, Variables> {
  try {
    const node = typeof document === 'string' ? (read.get(document) ?? parse(document)) : document;
    const [fault] = valid.has(node) ? [] : validate(schema, node);
    if (fault !== undefined) {
      throw fault;
    }
    valid.add(node);
    if (typeof document === 'string') {
      read.set(document, node);
    }
    return node;
  } catch (error) {
    throw refusalOf(error);
  }
}

function refusalOf(error: unknown): StratumError {
  const { message, extensions } = maskError(error);
  // maskError lets nothing pass but what the domain has said.
  const { code, issues, details } = extensions as {
    code: ErrorCode;
    issues?: readonly Issue[];
    details?: Record<string, unknown>;
  };
  const named = issues?.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');
  return new StratumError(code, named || message, {
    ...(issues && { issues }),
    ...(details && { details }),
    cause: error,
  });
}
