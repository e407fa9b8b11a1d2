import { type ExecutionResult, GraphQLError, type GraphQLSchema, NoSchemaIntrospectionCustomRule } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import { answerOnce } from './answer-once.ts';
import type { Context } from './context.ts';
import { isFault, maskError, originOf } from './errors.ts';
import { type Asked, assertAffordable, costOf, parseWithinLimits, type Size, sizeOf, tooDeep } from './limits.ts';
import { type OperationObserver, observeOperations } from './observe.ts';
import { playgroundOptions, renderPlayground } from './playground.ts';
import { shareAnswers } from './shared-answers.ts';
import { onlyTrusted, type TrustedDocuments } from './trusted-documents.ts';

/** What serves the schema over HTTP. `Incoming` is whatever the server around it knows of a request. */
export interface YogaOptions<Incoming> {
  readonly schema: GraphQLSchema;
  /** Who calls, as a context to execute with; throws `UNAUTHORIZED`. */
  readonly openContext: (incoming: Incoming) => Context | Promise<Context>;
  /** Whether questions about the schema are answered. */
  readonly introspection: boolean;
  /** The only documents that are executed; null for any. */
  readonly trusted: TrustedDocuments | null;
  /** A playground for browsers, with the key that it begins with; null for none. */
  readonly playground: { readonly apiKey: string | null } | null;
  /** Hears of faults of ours, which callers are told nothing about. */
  readonly logFault: (error: unknown, incoming: Incoming) => void;
  /** Measures or traces what is carried out; null when nobody does. */
  readonly observer: OperationObserver<Incoming> | null;
}

/** Where the schema is served. */
export const graphqlPath = '/graphql';

/** GraphQL over HTTP. */
export function createYogaServer<Incoming extends object>({
  schema,
  openContext,
  introspection,
  trusted,
  playground,
  logFault,
  observer,
}: YogaOptions<Incoming>): YogaServerInstance<Incoming, Context> {
  return createYoga<Incoming, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    graphiql: playground === null ? false : playgroundOptions(playground.apiKey),
    renderGraphiQL: renderPlayground,
    landingPage: false,
    batching: false,
    cors: false,
    fetchAPI: { ReadableStream }, // begins at once: that of Yoga, left before it was read, fails unheard and ends nothing
    logging: false,
    parserAndValidationCache: { documentCache: memory(), errorCache: memory() },
    maskedErrors: { maskError: introspection ? maskError : withoutHint },
    plugins: [
      ...(observer === null ? [] : [observeOperations(observer)]),
      identify(openContext, logFault),
      shareAnswers,
      answerOnce(logFault),
      reportFaults(logFault),
      ...(trusted === null ? [] : [onlyTrusted(trusted)]),
      refuseInOurWords,
      readWithinLimits,
      refuseWhatIsTooMuch,
      ...(introspection ? [] : [withoutIntrospection]),
    ],
  });
}

/** Finds out who calls before anything is made of what they sent: of strangers nothing is parsed, checked or remembered. */
function identify<Incoming extends object>(
  openContext: YogaOptions<Incoming>['openContext'],
  logFault: YogaOptions<Incoming>['logFault'],
): Plugin<Context, Incoming> {
  return {
    onRequestParse: async ({ serverContext }) => {
      try {
        Object.assign(serverContext, await openContext(serverContext)); // Yoga executes with what it was passed
      } catch (error) {
        if (isFault(error)) {
          logFault(error, serverContext);
        }
        throw error;
      }
    },
  };
}

/** Sees what an operation failed with before it is masked. */
function reportFaults<Incoming extends object>(logFault: YogaOptions<Incoming>['logFault']): Plugin<Incoming> {
  // What the server passed in is part of the context.
  const report = ({ errors = [] }: ExecutionResult, incoming: unknown): void => {
    for (const error of errors.filter(isFault)) {
      logFault(originOf(error), incoming as Incoming);
    }
  };
  return {
    onExecute: ({ args }) => ({
      onExecuteDone: ({ result }) => (isAsyncIterable(result) ? undefined : report(result, args.contextValue)),
    }),
    onSubscribe: ({ args }) => ({
      onSubscribeResult: ({ result }) => {
        if (!isAsyncIterable(result)) {
          report(result, args.contextValue);
          return undefined;
        }
        return {
          onNext: (next) => (isAsyncIterable(next.result) ? undefined : report(next.result, args.contextValue)),
        };
      },
    }),
  };
}

/** What is remembered of documents by their text: the latest ones, up to 4 MiB of text. */
function memory<Value extends object>(): LRUCache<string, Value> {
  return new LRUCache({ max: 1_000, maxSize: 4 * 1024 * 1024, sizeCalculation: (_value, text) => text.length + 1 });
}

/** Refuses what can't be read or carried out in our own words. */
const refuseInOurWords: Plugin = {
  onRequestParse: ({ requestParser, setRequestParser }) => {
    if (requestParser !== undefined) {
      setRequestParser((request) => parsed(async () => requestParser(request)));
    }
  },
  onValidate: ({ validateFn, setValidationFn }) => {
    setValidationFn((...asked: Parameters<typeof validateFn>) => {
      try {
        return validateFn(...asked);
      } catch (error) {
        if (error instanceof RangeError) {
          return [tooDeep()]; // fragments that lead on and on
        }
        throw error;
      }
    });
    return ({ result, setResult }) => setResult(result.map(maskError));
  },
};

async function parsed<Parameters>(parse: () => Promise<Parameters>): Promise<Parameters> {
  try {
    return await parse();
  } catch (error) {
    throw error instanceof SyntaxError ? new GraphQLError('The parameters are not valid JSON') : error;
  }
}

/** Reads no more of a document than a person or a program would write. What was found wrong with it is remembered with its text. */
const readWithinLimits: Plugin = {
  onParse: ({ setParseFn }) => setParseFn(parseWithinLimits),
};

/** Refuses an operation before anything is read for it, and says with every answer what it cost and what it may. */
const refuseWhatIsTooMuch: Plugin = {
  onExecute: ({ args, setResultAndStopExecution }) => {
    const { refusal, cost } = weigh(args);
    if (refusal !== null) {
      setResultAndStopExecution(refusal);
      return undefined;
    }
    return {
      onExecuteDone: ({ result, setResult }) => {
        if (!isAsyncIterable(result)) {
          setResult({ ...result, extensions: { ...result.extensions, cost } });
        }
      },
    };
  },
  onSubscribe: ({ args, setResultAndStopExecution }) => {
    const { refusal } = weigh(args);
    if (refusal !== null) {
      setResultAndStopExecution(refusal);
    }
  },
};

/** What an operation costs, and what is answered in its place when that is too much. */
function weigh(asked: Asked): { readonly refusal: ExecutionResult | null; readonly cost?: object } {
  let size: Size | null = null;
  try {
    size = sizeOf(asked);
    assertAffordable(size);
    return { refusal: null, cost: costOf(size) };
  } catch (error) {
    const errors = [maskError(error instanceof RangeError ? tooDeep() : error)];
    return { refusal: { errors, ...(size && { extensions: { cost: costOf(size) } }) } };
  }
}

/** Keeps the schema to itself: no answers about it, and no hints at what it has. */
const withoutIntrospection: Plugin = {
  onValidate: ({ addValidationRule }) => {
    addValidationRule(NoSchemaIntrospectionCustomRule);
    return ({ result, setResult }) => setResult(result.map(withoutHint));
  },
};

function withoutHint(error: unknown): GraphQLError {
  const { message, nodes, path, extensions } = maskError(error);
  return new GraphQLError(message.replace(/ Did you mean .*\?$/s, ''), {
    nodes: nodes ?? null,
    path: path ?? null,
    extensions,
  });
}
