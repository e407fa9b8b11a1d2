import type { Client } from '../client/index.ts';
import type { Change } from './change.ts';
import { Watch } from './watch.ts';

export interface WatchesOptions {
  /** Opens a client with a connection of its own. */
  readonly connect: () => Pick<Client, 'query' | 'subscribe' | 'close'>;
  readonly onChange: (change: Change) => void;
  readonly settleMs: number;
  /** How many trees are followed at a time; contexts of others are kept as if nobody told of changes. */
  readonly maxTrees: number;
}

/** The server takes 100 operations over one connection. Only a key with one tree to see needs more than one for a tree. */
const treesPerConnection = 90;

interface Connection {
  readonly client: Pick<Client, 'query' | 'subscribe' | 'close'>;
  readonly watches: Map<string, Watch>;
}

/** One watch for each tree of which something is kept, over as few connections as they fit on. */
export class Watches {
  readonly #options: WatchesOptions;
  readonly #connections = new Set<Connection>();
  readonly #byTop = new Map<string, Watch>();

  constructor(options: WatchesOptions) {
    this.#options = options;
  }

  /** How many trees are followed, and of how many everything is told within moments. */
  get status(): { trees: number; live: number } {
    const watches = [...this.#byTop.values()];
    return { trees: watches.length, live: watches.filter(({ isLive }) => isLive).length };
  }

  /** The watch over what is beneath a tenant; null when there are too many. */
  of(top: string): Watch | null {
    return this.#byTop.get(top) ?? (this.#byTop.size < this.#options.maxTrees ? this.#begin(top) : null);
  }

  /** Ends those that watch over nothing any more. */
  endIdle(): void {
    for (const connection of this.#connections) {
      for (const [top, watch] of connection.watches) {
        if (watch.count === 0) {
          watch.end();
          connection.watches.delete(top);
          this.#byTop.delete(top);
        }
      }
      if (connection.watches.size === 0) {
        connection.client.close();
        this.#connections.delete(connection);
      }
    }
  }

  close(): void {
    for (const { client, watches } of this.#connections) {
      for (const watch of watches.values()) {
        watch.end();
      }
      client.close();
    }
    this.#connections.clear();
    this.#byTop.clear();
  }

  #begin(top: string): Watch {
    const { onChange, settleMs } = this.#options;
    const connection = this.#roomy() ?? this.#open();
    const watch = new Watch({ top, client: connection.client, onChange, settleMs });
    connection.watches.set(top, watch);
    this.#byTop.set(top, watch);
    return watch;
  }

  #roomy(): Connection | undefined {
    return [...this.#connections].find(({ watches }) => watches.size < treesPerConnection);
  }

  #open(): Connection {
    const connection = { client: this.#options.connect(), watches: new Map<string, Watch>() };
    this.#connections.add(connection);
    return connection;
  }
}
