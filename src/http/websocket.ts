import websocket, { type WebSocket } from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { StratumError } from '../domain/errors.ts';
import { bodyLimit } from './json-body.ts';

/** One connection, as a protocol sees it. */
export interface Socket {
  readonly protocol: string;
  /** Comes back when the other side's machine has taken it: who reads slowly is waited for. */
  send(data: string): Promise<void>;
  close(code?: number, reason?: string): void;
  onMessage(listener: (data: string) => Promise<void>): void;
}

/** Speaks a protocol over a connection; is told, by what it gives back, when that has closed. */
export type SpeakProtocol = (
  socket: Socket,
  request: FastifyRequest,
) => (code: number, reason: string) => Promise<void>;

export interface SocketOptions {
  /** Chooses one of the protocols that a client offers. */
  readonly chooseProtocol: (offered: Set<string>) => string | false;
  readonly speak: SpeakProtocol;
  /** How often the other side is asked whether it is still there; who doesn't answer until the next time is gone. */
  readonly heartbeatMs: number;
  /** The origins whose pages may open connections, beside our own. */
  readonly allowedOrigins: readonly string[];
}

/** So much may wait for the other side to read it; while it is more, nothing is read of what it sends. */
const maxUnreadBytes = 1024 * 1024;

/** How long what goes on over connections may take to say that it ends, which it was told before. */
const lastWordsMs = 200;

/** How long the other side may take to answer that the server is stopping. */
const farewellMs = 1_000;

const goingAway = 1001;
const internalError = 4500;

/** Lets a server have WebSockets. To be called before their routes are added. */
export async function acceptSockets(
  server: FastifyInstance,
  { chooseProtocol, allowedOrigins }: Pick<SocketOptions, 'chooseProtocol' | 'allowedOrigins'>,
): Promise<void> {
  let isStopping = false;
  await server.register(websocket, {
    options: { maxPayload: bodyLimit, handleProtocols: chooseProtocol },
    preClose(done) {
      isStopping = true;
      const { clients } = this.websocketServer;
      const close = (): void => {
        for (const socket of clients) {
          socket.close(goingAway, 'the server is stopping');
          setTimeout(() => socket.terminate(), farewellMs).unref();
        }
        done();
      };
      setTimeout(close, clients.size > 0 ? lastWordsMs : 0);
    },
  });
  server.addHook('onRequest', async (request) => {
    if (request.ws && isStopping) {
      throw new StratumError('SERVICE_UNAVAILABLE', 'The server is stopping');
    }
    // Browsers ask nobody before they open a connection for a page of elsewhere: it is here that it has to be refused.
    if (request.ws && !mayOpen(request, allowedOrigins)) {
      throw new StratumError('FORBIDDEN', 'Pages of this origin may not open connections');
    }
  });
}

/** Programs that are no browsers name no origin. */
function mayOpen({ headers: { origin, host } }: FastifyRequest, allowed: readonly string[]): boolean {
  return origin === undefined || allowed.includes(origin) || (URL.canParse(origin) && new URL(origin).host === host);
}

/** The handler of a route for WebSockets. */
export function socketHandler({ speak, heartbeatMs }: Pick<SocketOptions, 'speak' | 'heartbeatMs'>) {
  return (socket: WebSocket, request: FastifyRequest): void => {
    const stopHeartbeat = beat(socket, heartbeatMs);
    holdBack(socket, request);
    const gather = gatherWrites(request);
    const fail = (error: unknown): void => {
      request.log.error(error, 'a connection failed');
      socket.close(internalError, 'internal error');
    };
    const closed = speak(
      {
        protocol: socket.protocol,
        send: (data) =>
          new Promise((resolve) => {
            if (socket.readyState === socket.OPEN) {
              gather();
              socket.send(data, () => resolve());
            } else {
              resolve(); // what can't be sent any more ends with the connection, of which the protocol is told
            }
          }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (listener) => void socket.on('message', (data) => void listener(String(data)).catch(fail)),
      },
      request,
    );
    // A message that is too long, or no message: the other side is told, and the connection closed, by the library.
    socket.on('error', () => {});
    socket.once('close', (code, reason) => {
      stopHeartbeat();
      closed(code, String(reason)).catch(fail);
    });
  };
}

/** What is sent at one moment leaves in one piece: to write a message costs more than to make it. */
function gatherWrites({ socket }: Pick<FastifyRequest, 'socket'>): () => void {
  let isGathering = false;
  const write = (): void => {
    isGathering = false;
    socket.uncork();
  };
  return () => {
    if (!isGathering) {
      isGathering = true;
      socket.cork();
      process.nextTick(write);
    }
  };
}

/** Who sends and doesn't read would be answered into our memory: it has to read first. */
function holdBack(socket: WebSocket, { socket: connection }: FastifyRequest): void {
  socket.on('message', () => {
    if (socket.bufferedAmount > maxUnreadBytes && !socket.isPaused) {
      socket.pause();
      connection.once('drain', () => socket.resume());
    }
  });
}

function beat(socket: WebSocket, everyMs: number): () => void {
  let isThere = true;
  socket.on('pong', () => {
    isThere = true;
  });
  const timer = setInterval(() => {
    if (!isThere) {
      socket.terminate();
    } else {
      isThere = false;
      socket.ping();
    }
  }, everyMs);
  return () => clearInterval(timer);
}
