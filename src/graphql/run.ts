import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { execute } from 'graphql';
import { type ErrorCode, type Issue, StratumError } from '../domain/errors.ts';
import type { Context } from './context.ts';
import { maskError } from './errors.ts';
import { schema } from './schema.ts';

/** Executes a stored operation in this process. @throws {StratumError} The first thing that was refused. */
export async function runOperation<Data, Variables extends Record<string, unknown>>(
  contextValue: Context,
  document: TypedDocumentNode<Data, Variables>,
  variableValues: Variables,
): Promise<Data> {
  const { data, errors } = await execute({ schema, document, contextValue, variableValues });
  if (errors?.[0] !== undefined || !data) {
    throw refusalOf(errors?.[0]);
  }
  return data as Data; // as the type of the document says
}

function refusalOf(error: unknown): StratumError {
  const { message, extensions } = maskError(error);
  // maskError lets nothing pass but what the domain has said.
  const { code, issues } = extensions as { code: ErrorCode; issues?: readonly Issue[] };
  const named = issues?.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');
  return new StratumError(code, named || message, { ...(issues && { issues }), cause: error });
}
