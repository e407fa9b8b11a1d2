import { createClient as createSseClient } from 'graphql-sse';
import { createClient, type Client as SocketClient } from 'graphql-ws';
import WebSocket from 'ws';
import { developmentKey } from '../../src/config.ts';
import type { Json } from './graphql-world.ts';

/** What a subscription was sent, taken one by one. */
export interface Following {
  /** The next answer; fails when there is none within ten seconds, or nothing more will come. */
  next(): Promise<Json>;
  /** So many answers. */
  take(count: number): Promise<Json[]>;
  /** Whether nothing comes for so long: for what must not be sent. */
  isQuiet(forMs: number): Promise<boolean>;
  /** Comes when the server has ended it. */
  readonly ended: Promise<void>;
  stop(): void;
}

export type Follow = (query: string, variables?: Readonly<Record<string, unknown>>, apiKey?: string) => Following;

export interface Transport {
  readonly follow: Follow;
  close(): Promise<void>;
}

/** The public client of GraphQL over WebSockets; one connection for each key. */
export function overSockets(url: string): Transport {
  const clients = new Map<string, SocketClient>();
  const clientOf = (apiKey: string): SocketClient => {
    const known = clients.get(apiKey);
    const client =
      known ??
      createClient({
        url: `${url.replace(/^http/, 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { apiKey },
        retryAttempts: 0,
        lazyCloseTimeout: 200,
        onNonLazyError: () => {},
      });
    clients.set(apiKey, client);
    return client;
  };
  return {
    follow: (query, variables = {}, apiKey = developmentKey) =>
      collect((sink) => clientOf(apiKey).subscribe({ query, variables }, sink)),
    close: async () => {
      await Promise.all([...clients.values()].map((client) => client.dispose()));
    },
  };
}

/** The public client of GraphQL over server-sent events; a request for each subscription. */
export function overEvents(url: string): Transport {
  const clients: ReturnType<typeof createSseClient>[] = [];
  return {
    follow: (query, variables = {}, apiKey = developmentKey) => {
      const client = createSseClient({ url: `${url}/graphql`, headers: { 'X-API-Key': apiKey }, retryAttempts: 0 });
      clients.push(client);
      return collect((sink) => client.subscribe({ query, variables }, sink));
    },
    close: async () => {
      for (const client of clients) {
        client.dispose();
      }
    },
  };
}

interface Sink {
  next(value: Json): void;
  error(error: unknown): void;
  complete(): void;
}

const patienceMs = 10_000;

function collect(subscribe: (sink: Sink) => () => void): Following {
  const answers: Json[] = [];
  let failure: unknown = null;
  let wake = (): void => {};
  const end = Promise.withResolvers<void>();
  let isOver = false;
  const over = (error: unknown): void => {
    isOver = true;
    failure = error;
    end.resolve();
    wake();
  };
  const stop = subscribe({
    next: (answer) => {
      answers.push(answer);
      wake();
    },
    error: over,
    complete: () => over(null),
  });
  const arrived = (withinMs: number) =>
    new Promise<boolean>((resolve) => {
      if (answers.length > 0 || isOver) {
        resolve(answers.length > 0);
        return;
      }
      const timer = setTimeout(() => resolve(false), withinMs);
      wake = () => {
        clearTimeout(timer);
        resolve(answers.length > 0);
      };
    });
  const next = async (): Promise<Json> => {
    if (!(await arrived(patienceMs))) {
      throw new Error(isOver ? `it is over: ${describe(failure)}` : `nothing came within ${patienceMs} ms`);
    }
    return answers.shift();
  };
  return {
    next,
    take: async (count) => {
      const taken: Json[] = [];
      while (taken.length < count) {
        taken.push(await next());
      }
      return taken;
    },
    isQuiet: async (forMs) => !(await arrived(forMs)),
    ended: end.promise,
    stop,
  };
}

function describe(failure: unknown): string {
  return failure instanceof Error ? failure.message : JSON.stringify(failure);
}
