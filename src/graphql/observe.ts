import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Tracing } from '../telemetry/tracing.ts';
import { maskError } from './errors.ts';
import type { createOperationNames, NamedOperation } from './operation-names.ts';

/** What is to be known of an operation and its answer. */
export interface Noted {
  readonly operation?: string;
  /** `ok`, or the code of the first error. */
  readonly code?: string;
  /** How long it took to carry out, until a subscription was open. */
  readonly seconds?: number;
}

export interface OperationObserver<Incoming> {
  readonly nameOf: ReturnType<typeof createOperationNames>;
  /** Null when nothing is traced. */
  readonly tracing: Tracing | null;
  /** Hears what is known of a request's operation, as it becomes known. */
  readonly note: (incoming: Incoming, noted: Noted) => void;
}

/** Tells which operations are carried out and what comes of them, by names and codes alone. */
export function observeOperations<Incoming extends object>({
  nameOf,
  tracing,
  note,
}: OperationObserver<Incoming>): Plugin<Incoming, Incoming> {
  const begin = (incoming: Incoming, operation: string) => {
    const begunAt = performance.now();
    note(incoming, { operation });
    return (result: unknown) =>
      note(incoming, { operation, code: codeOf(result), seconds: (performance.now() - begunAt) / 1000 });
  };
  return {
    onExecute: ({ args, executeFn, setExecuteFn }) => {
      const named = nameOf(args.document, args.operationName);
      const done = begin(args.contextValue, named.label); // what the server passed in is part of it
      if (tracing !== null) {
        setExecuteFn((given) => traced(tracing, named, () => executeFn(given)));
      }
      return { onExecuteDone: ({ result }) => done(result) };
    },
    onSubscribe: ({ args }) => {
      const done = begin(args.contextValue, nameOf(args.document, args.operationName).label);
      return { onSubscribeResult: ({ result }) => done(result) };
    },
    onResultProcess: ({ result, serverContext }) => note(serverContext, { code: codeOf(result) }),
  };
}

async function traced(tracing: Tracing, { label, type, isKnown }: NamedOperation, execute: () => unknown) {
  const attributes = {
    'stratum.operation': label,
    'graphql.operation.type': type,
    ...(isKnown && { 'graphql.operation.name': label }),
  };
  const span = tracing.span({ name: 'graphql.execute', attributes });
  try {
    const result = await span.within(execute);
    const code = codeOf(result);
    span.end(undefined, code === ok ? undefined : code);
    return result;
  } catch (error) {
    span.end(undefined, 'INTERNAL_SERVER_ERROR');
    throw error;
  }
}

const ok = 'ok';

/** Errors get their code when they are masked, which those of a span are not yet. */
function codeOf(result: unknown): string {
  if (typeof result !== 'object' || result === null || isAsyncIterable(result) || !('errors' in result)) {
    return ok;
  }
  const [error] = (result.errors ?? []) as readonly { readonly extensions?: { readonly code?: unknown } }[];
  return error === undefined ? ok : String(error.extensions?.code ?? maskError(error).extensions['code']);
}
