import { Client } from 'undici';

/** A connection for one exchange: nobody else uses it meanwhile. */
export interface Connection {
  readonly client: Client;
  /** Whether it has served before: the other side may have closed it by now. */
  readonly isKept: boolean;
  /** Keeps it for the next exchange. */
  keep(): void;
  /** Takes it down. */
  end(): Promise<void>;
}

export interface KeptConnections {
  /** A connection to an origin: one that was kept, or a new one, which `fresh` asks for. */
  open(origin: string, options?: { readonly fresh?: boolean }): Connection;
  /** Takes down what is kept. */
  close(): Promise<void>;
}

/** So many connections wait for their next exchange at most; the one that has waited for longest makes room. */
const maxKept = 64;

/** How long one waits; receivers commonly close what was quiet for five seconds. */
const idleMs = 4_000;

/** How long one serves: who has moved to another address is followed there. */
const lifetimeMs = 30_000;

interface Kept {
  readonly client: Client;
  readonly origin: string;
  readonly endsAt: number;
  readonly timer: NodeJS.Timeout;
}

/** Keeps connections for a moment, because to make one costs more than what is said over it. Each is of one exchange at a time, so nobody waits behind others. */
export function keepConnections(options: Client.Options): KeptConnections {
  const kept = new Set<Kept>();
  const drop = (one: Kept): Promise<void> => {
    clearTimeout(one.timer);
    kept.delete(one);
    return one.client.destroy();
  };
  const take = (origin: string): Kept | undefined => {
    const one = [...kept].findLast((each) => each.origin === origin);
    if (one !== undefined) {
      clearTimeout(one.timer);
      kept.delete(one);
    }
    return one;
  };
  const keep = (client: Client, origin: string, endsAt: number): void => {
    const forMs = Math.min(idleMs, endsAt - performance.now());
    if (forMs <= 0) {
      void client.destroy();
      return;
    }
    const one: Kept = { client, origin, endsAt, timer: setTimeout(() => void drop(one), forMs).unref() };
    kept.add(one);
    const [oldest] = kept;
    if (oldest !== undefined && kept.size > maxKept) {
      void drop(oldest);
    }
  };
  return {
    open: (origin, { fresh = false } = {}) => {
      const found = fresh ? undefined : take(origin);
      const client = found?.client ?? new Client(origin, { ...options, pipelining: 1, keepAliveTimeout: idleMs });
      const endsAt = found?.endsAt ?? performance.now() + lifetimeMs;
      return {
        client,
        isKept: found !== undefined,
        keep: () => keep(client, origin, endsAt),
        end: () => client.destroy(),
      };
    },
    close: async () => void (await Promise.all([...kept].map(drop))),
  };
}
