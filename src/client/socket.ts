import { createClient as createSocketClient, type Client as SocketClient } from 'graphql-ws';
import type { Identify } from './credentials.ts';

/** The part of the WebSocket of browsers, Node and `ws` that is needed to open one. */
export interface WebSocketConstructor {
  new (url: string, protocols?: string | string[]): object;
}

export interface SocketOptions {
  readonly endpoint: string;
  readonly identify: Identify;
  readonly webSocket: WebSocketConstructor | undefined;
  /** How long the other side may take to open a connection, or to say that it is there. */
  readonly patienceMs: number;
}

/** How often the other side is asked whether it is there: a connection that leads nowhere looks like a quiet one. */
const heartbeatMs = 10_000;

/** A connection that subscriptions share. */
export interface Socket extends Pick<SocketClient, 'subscribe'> {
  /** Calls back when there is a connection, at once when there is one; gives what stops it. */
  onConnected(listener: () => void): () => void;
  close(): void;
}

/**
 * The one connection that all subscriptions of a client share, opened for the first and closed after the last. It never comes back by itself: whoever
 * follows something knows where to go on.
 */
export function openSocket({ endpoint, identify, webSocket, patienceMs }: SocketOptions): Socket {
  let isConnected = false;
  const watch = createWatch(patienceMs, () => client.terminate());
  const client = createSocketClient({
    url: endpoint.replace(/^http/, 'ws'),
    connectionParams: identify,
    ...(webSocket && { webSocketImpl: quietly(webSocket) }),
    retryAttempts: 0,
    lazyCloseTimeout: 1_000,
    keepAlive: Math.min(heartbeatMs, patienceMs),
    on: {
      connecting: watch.begin,
      connected: () => {
        isConnected = true;
        watch.end();
      },
      ping: (received) => (received ? undefined : watch.begin()),
      pong: (received) => (received ? watch.end() : undefined),
      closed: () => {
        isConnected = false;
        watch.end();
      },
    },
  });
  return {
    subscribe: client.subscribe,
    close: () => void Promise.resolve(client.dispose()).catch(() => {}), // it was opening, and now never will
    onConnected: (listener) => {
      if (isConnected) {
        listener();
      }
      return client.on('connected', listener);
    },
  };
}

function createWatch(patienceMs: number, onExpired: () => void): { begin: () => void; end: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = (): void => clearTimeout(timer);
  const begin = (): void => {
    end();
    timer = setTimeout(onExpired, patienceMs);
  };
  return { begin, end };
}

/** One that is given up while it opens says so once more, when nobody listens; with `ws` that would end the process. */
function quietly(webSocket: WebSocketConstructor): WebSocketConstructor {
  return class extends webSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols);
      const { addEventListener } = this as { addEventListener?: (type: string, listener: () => void) => void };
      addEventListener?.call(this, 'error', () => {});
    }
  };
}
