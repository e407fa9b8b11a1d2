import { type GraphQLSchema, NoSchemaIntrospectionCustomRule } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Context } from './context.ts';
import { isFault, maskError, originOf } from './errors.ts';

/** What serves the schema over HTTP. `Incoming` is whatever the server around it knows of a request. */
export interface YogaOptions<Incoming> {
  readonly schema: GraphQLSchema;
  /** Who calls, as a context to execute with; throws `UNAUTHORIZED`. */
  readonly openContext: (incoming: Incoming) => Context | Promise<Context>;
  /** Whether questions about the schema are answered. */
  readonly introspection: boolean;
  /** Whether a browser is shown a playground. */
  readonly playground: boolean;
  /** Hears of faults of ours, which callers are told nothing about. */
  readonly logFault: (error: unknown, incoming: Incoming) => void;
}

const firstQuery = `# Stratum: tenants inside tenants, and what applies to each of them, and why.
# Say who you are under "Headers": { "X-API-Key": "…" }

query WhatThereIs {
  tenants(first: 10, roots: true) {
    nodes {
      name
      slug
      descendantCount
    }
  }
}
`;

/** GraphQL over HTTP, with SSE for what is live, at `/graphql`. */
export function createYogaServer<Incoming extends object>({
  schema,
  openContext,
  introspection,
  playground,
  logFault,
}: YogaOptions<Incoming>): YogaServerInstance<Incoming, Context> {
  return createYoga<Incoming, Context>({
    schema,
    context: openContext,
    graphqlEndpoint: '/graphql',
    graphiql: playground && {
      title: 'Stratum',
      defaultQuery: firstQuery,
      shouldPersistHeaders: true,
      defaultTabs: [{ query: firstQuery, headers: '{ "X-API-Key": "" }' }],
    },
    landingPage: false,
    batching: false,
    cors: false,
    logging: false,
    maskedErrors: { maskError },
    plugins: [reportFaults(logFault), ...(introspection ? [] : [withoutIntrospection])],
  });
}

/** Sees what an operation failed with before it is masked. */
function reportFaults<Incoming extends object>(logFault: YogaOptions<Incoming>['logFault']): Plugin<Incoming> {
  return {
    onExecute: ({ args }) => ({
      onExecuteDone: ({ result }) => {
        const { errors = [] } = isAsyncIterable(result) ? {} : result;
        for (const error of errors.filter(isFault)) {
          logFault(originOf(error), args.contextValue as Incoming); // what the server passed in is part of it
        }
      },
    }),
  };
}

const withoutIntrospection: Plugin = {
  onValidate: ({ addValidationRule }) => addValidationRule(NoSchemaIntrospectionCustomRule),
};
