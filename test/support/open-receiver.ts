import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';

/** A request as a receiver of webhooks saw it. */
export interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server on a port of its own that somebody sends webhooks to. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Every connection that was opened, the closed ones too. */
  readonly sockets: readonly Socket[];
  /** When none of the connections is open any more. */
  allClosed(): Promise<void>;
}

/** Speaks HTTP: `answer` decides, with what came in. */
export async function receiver(
  answer: (response: ServerResponse, received: Received) => void,
): Promise<Receiver & { readonly received: readonly Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { method, url, headers } = request;
      received.push({ method, url, headers, body });
      answer(response, { method, url, headers, body });
    });
  });
  return { ...(await opened(server)), received };
}

/** Speaks whatever it likes. */
export async function rawReceiver(talk: (socket: Socket) => void): Promise<Receiver> {
  return opened(createTcpServer(talk));
}

/** Has a server listen, whatever it speaks. */
export async function opened(server: Server, host = '127.0.0.1'): Promise<Receiver> {
  const sockets: Socket[] = [];
  // Cut connections are what these tests are about; the sender says what became of them.
  server.on('connection', (socket) => void sockets.push(socket.on('error', () => {})));
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const allClosed = async () => {
    const closings = sockets.map((socket) => new Promise<void>((resolve) => void socket.once('close', resolve)));
    await Promise.all(closings.filter((_, index) => !sockets[index]?.closed));
  };
  return {
    url: `http://${host}:${port}/`,
    port,
    sockets,
    allClosed,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) {
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
