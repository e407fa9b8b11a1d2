import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';

/** Hears of the end of a statement, with the error that it ended in. */
export type StatementEnd = (error?: unknown) => void;

/** Hears of a statement before it is sent, by its text; what it gives back hears of its end. */
export type StatementObserver = (text: string) => StatementEnd | undefined;

/**
 * Lets observers hear of every statement that is sent over the pools, whoever sends it: Prisma, a transaction or the pool itself. The pools
 * stay as they are until the first observer comes. Connections are observed from the next time on that somebody takes them.
 */
export function createObservable(pools: readonly pg.Pool[]): (observer: StatementObserver) => void {
  const observers: StatementObserver[] = [];
  return (observer) => {
    if (observers.push(observer) === 1) {
      for (const pool of pools) {
        watchPool(pool, observers);
      }
    }
  };
}

type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, done: () => void) => void;

/** Everything takes its connection through `connect`, `pool.query` too. */
function watchPool(pool: pg.Pool, observers: readonly StatementObserver[]): void {
  const connect = pool.connect.bind(pool) as (connected?: Connected) => Promise<pg.PoolClient>;
  const known = new WeakSet<pg.PoolClient>();
  const watched = (client: pg.PoolClient): pg.PoolClient => {
    if (!known.has(client)) {
      known.add(client);
      watchClient(client, observers);
    }
    return client;
  };
  const observing = (connected?: Connected) => {
    if (connected === undefined) {
      return connect().then(watched);
    }
    // Who waited for a connection is called by who gave it back: it must not be taken for that one.
    const bound = AsyncLocalStorage.bind(connected);
    return connect((error, client, done) => bound(error, client && watched(client), done));
  };
  pool.connect = observing as typeof pool.connect; // both of its forms
}

type Args = unknown[];

function watchClient(client: pg.PoolClient, observers: readonly StatementObserver[]): void {
  const send = client.query.bind(client) as (...args: Args) => unknown;
  const observing = (...args: Args) => {
    const text = textOf(args[0]);
    const ends = observers.flatMap((observer) => observer(text) ?? []);
    if (ends.length === 0) {
      return send(...args);
    }
    return sendThen(send, args, (error) => {
      for (const end of ends) {
        end(error);
      }
    });
  };
  client.query = observing as typeof client.query; // all of its forms
}

function textOf(statement: unknown): string {
  return typeof statement === 'string' ? statement : String((statement as { text?: string }).text ?? '');
}

/** Answers come by a callback when one is given last, else by a promise. */
function sendThen(send: (...args: Args) => unknown, args: Args, end: StatementEnd): unknown {
  const last = args.at(-1);
  if (typeof last === 'function') {
    const told = (error: unknown, ...rest: Args) => {
      end(error ?? undefined);
      last(error, ...rest);
    };
    return send(...args.slice(0, -1), told);
  }
  const answer = send(...args);
  if (answer instanceof Promise) {
    answer.then(() => end(), end); // whoever sent it hears of its failure too
  } else {
    end();
  }
  return answer;
}
