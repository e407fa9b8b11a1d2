import type { ExecutionArgs, GraphQLError, GraphQLFormattedError } from 'graphql';
import { type Context as Connection, makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import type { YogaServerInstance } from 'graphql-yoga';
import { StratumError } from '../domain/errors.ts';
import type { Context } from './context.ts';
import { isFault, maskError, originOf } from './errors.ts';
import { type TrustedDocuments, trustedText } from './trusted-documents.ts';

export interface SocketServerOptions<Incoming extends object> {
  readonly yoga: YogaServerInstance<Incoming, Context>;
  /** Who calls, by what the connection began with and the credentials it was opened with; asked anew for every operation. */
  readonly openContext: (incoming: Incoming, credentials: Credentials) => Promise<Context>;
  readonly trusted: TrustedDocuments | null;
  readonly logFault: (error: unknown, incoming: Incoming) => void;
}

/** Headers that a browser can't send with a WebSocket: it puts them into the first message instead. */
export type Credentials = Readonly<Record<string, string>>;

/** So many operations may go on at a time over one connection. */
const maxOperations = 100;

/** What a refused connection is closed with: the statuses of HTTP, in the range that is left to applications. */
const closeCodes = { UNAUTHORIZED: 4401, RATE_LIMITED: 4429, SERVICE_UNAVAILABLE: 4503 } as const;

/**
 * GraphQL over WebSockets (the protocol graphql-transport-ws): the same documents, limits and rules as over HTTP. Each operation is a request of
 * its own, of whoever opened the connection.
 */
export function createSocketServer<Incoming extends object>({
  yoga,
  openContext,
  trusted,
  logFault,
}: SocketServerOptions<Incoming>): Server<SocketExtra<Incoming>> {
  /** What an open connection has to give back when it closes. */
  const lines = new WeakMap<object, () => void>();
  const closed = new WeakSet<object>();
  type Enveloped = ReturnType<typeof yoga.getEnveloped>;
  type Prepared = ExecutionArgs & Pick<Enveloped, 'execute' | 'subscribe'>;
  const refused = (error: unknown, incoming: Incoming): GraphQLError => {
    if (isFault(error)) {
      logFault(originOf(error), incoming);
    }
    return maskError(error);
  };
  const prepare = async (incoming: Incoming, credentials: Credentials, payload: SubscribePayload) => {
    const context = await openContext(incoming, credentials);
    const enveloped = yoga.getEnveloped({ ...incoming, ...context });
    const { parse, validate, schema, contextFactory, execute, subscribe } = enveloped;
    const document = parse(trusted === null ? payload.query : trustedText(trusted, payload));
    const errors = validate(schema, document);
    const { operationName, variables: variableValues } = payload;
    return errors.length > 0
      ? errors
      : { schema, document, operationName, variableValues, contextValue: await contextFactory(), execute, subscribe };
  };
  return makeServer<Record<string, unknown>, SocketExtra<Incoming>>({
    execute: (args) => (args as Prepared).execute(args),
    subscribe: (args) => (args as Prepared).subscribe(args),
    onConnect: async ({ extra, connectionParams }) => {
      try {
        const { call } = await openContext(extra.incoming, credentialsIn(connectionParams));
        if (!closed.has(extra)) {
          lines.set(extra, call.lines.open(call.principal));
        }
        return true;
      } catch (error) {
        const { message, extensions } = refused(error, extra.incoming);
        extra.close(closeCodes[extensions['code'] as keyof typeof closeCodes] ?? 4403, message.slice(0, 120));
        return false;
      }
    },
    onClose: ({ extra }) => {
      closed.add(extra);
      lines.get(extra)?.();
    },
    onSubscribe: async ({ extra, connectionParams, subscriptions }, _id, payload) => {
      try {
        if (Object.keys(subscriptions).length > maxOperations) {
          throw new StratumError(
            'RATE_LIMITED',
            `${maxOperations} operations go on over this connection; open another`,
          );
        }
        return (await prepare(extra.incoming, credentialsIn(connectionParams), payload)) as ExecutionArgs;
      } catch (error) {
        const refusal = refused(error, extra.incoming);
        if (refusal.extensions['code'] === 'UNAUTHORIZED') {
          extra.close(closeCodes.UNAUTHORIZED, refusal.message.slice(0, 120)); // it has no other credential to offer
        }
        return [refusal];
      }
    },
    onError: (_context, _id, _payload, errors) => errors.map(withoutHttp),
    onNext: (_context, _id, _payload, _args, { errors, data, extensions }) =>
      errors && {
        errors: errors.map(withoutHttp),
        ...(data !== undefined && { data }),
        ...(extensions && { extensions }),
      },
  });
}

export interface SocketExtra<Incoming> extends Record<PropertyKey, unknown> {
  readonly incoming: Incoming;
  /** Closes the connection with a code and a reason. */
  readonly close: (code: number, reason: string) => void;
}

/** What Yoga answers requests with, and takes out of what it sends, has no place here. */
function withoutHttp(error: GraphQLError | GraphQLFormattedError): GraphQLFormattedError {
  const { extensions = {}, ...rest } = 'toJSON' in error ? error.toJSON() : error;
  const { http: _http, ...kept } = extensions;
  return { ...rest, extensions: kept };
}

const names: Readonly<Record<string, string>> = {
  authorization: 'authorization',
  'x-api-key': 'x-api-key',
  apikey: 'x-api-key',
};

/** The credentials in the first message of a connection, under the names of headers. */
function credentialsIn(parameters: Connection['connectionParams']): Credentials {
  const found = Object.entries(parameters ?? {}).flatMap(([name, value]) => {
    const header = names[name.toLowerCase()];
    return header === undefined || typeof value !== 'string' ? [] : [[header, value] as const];
  });
  return Object.fromEntries(found);
}
