import { type ExecutionResult, getOperationAST, type OperationDefinitionNode, OperationTypeNode } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { invalidField } from '../domain/errors.ts';
import { findAnswer, keepAnswer } from '../domain/idempotency.ts';
import type { Context } from './context.ts';

/**
 * A change that comes with an `Idempotency-Key` is carried out once: a repetition is answered what the first was. The key itself is claimed in the
 * transaction of the change.
 * @param logFault Hears when the copy of an answer could not be kept; the change is made nevertheless.
 */
export function answerOnce<Incoming extends object>(
  logFault: (error: unknown, incoming: Incoming) => void,
): Plugin<Context & Incoming> {
  type Hook = NonNullable<Plugin<Context & Incoming>['onExecute']>;
  const once = async ({ args, setResultAndStopExecution }: Parameters<Hook>[0]): Promise<Awaited<ReturnType<Hook>>> => {
    const { call } = args.contextValue;
    const kept = await findAnswer(call);
    if (kept !== null) {
      setResultAndStopExecution(replayed(kept.body));
      return undefined;
    }
    return {
      onExecuteDone: async ({ result }) => {
        if (!isAsyncIterable(result) && (result.errors ?? []).length === 0) {
          const body = { data: result.data };
          await keepAnswer(call, { status: 200, body }).catch((error: unknown) => logFault(error, args.contextValue));
        }
      },
    };
  };
  return {
    onExecute: (asked) => {
      const { contextValue, document, operationName } = asked.args;
      if (contextValue.call.idempotency === undefined) {
        return undefined; // at once: most operations come without a key
      }
      const operation = getOperationAST(document, operationName);
      if (operation?.operation !== OperationTypeNode.MUTATION) {
        return undefined;
      }
      assertOneChange(operation);
      return once(asked);
    },
  };
}

/** A key stands for one transaction; two fields are two. */
function assertOneChange({ selectionSet: { selections } }: OperationDefinitionNode): void {
  if (selections.length !== 1 || selections[0]?.kind !== 'Field') {
    throw invalidField(
      'Idempotency-Key',
      'stands for one change: the mutation must have one field, and not in a fragment',
    );
  }
}

function replayed(body: unknown): ExecutionResult {
  const { data } = body as Pick<ExecutionResult, 'data'>; // as it was kept
  return { ...(data && { data }), extensions: { http: { headers: { 'Idempotency-Replayed': 'true' } } } };
}
