import websocket, { type WebSocket } from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
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
}

const goingAway = 1001;
const internalError = 4500;

/** Lets a server have WebSockets. To be called before their routes are added. */
export async function acceptSockets(
  server: FastifyInstance,
  { chooseProtocol }: Pick<SocketOptions, 'chooseProtocol'>,
): Promise<void> {
  await server.register(websocket, {
    options: { maxPayload: bodyLimit, handleProtocols: chooseProtocol },
    preClose(done) {
      for (const socket of this.websocketServer.clients) {
        socket.close(goingAway, 'the server is stopping');
      }
      done();
    },
  });
}

/** The handler of a route for WebSockets. */
export function socketHandler({ speak, heartbeatMs }: Pick<SocketOptions, 'speak' | 'heartbeatMs'>) {
  return (socket: WebSocket, request: FastifyRequest): void => {
    const stopHeartbeat = beat(socket, heartbeatMs);
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
