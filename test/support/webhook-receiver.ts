import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

/** One request that a receiver of webhooks was sent. */
export interface Received {
  readonly at: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Exactly as it came. */
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: looked into freely; a test that expects another shape fails by that
  readonly message: any;
}

export type Behave = (received: Received, answer: ServerResponse) => void;

/** A receiver of webhooks on this machine, which does what it is told to. */
export class Receiver {
  readonly url: string;
  readonly received: Received[] = [];
  /** What it does with a request: 204 unless told. */
  behave: Behave = (_received, answer) => void answer.writeHead(204).end();
  readonly #close: () => Promise<void>;
  #wake = (): void => {};

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async open(): Promise<Receiver> {
    const server = createServer(async (request, answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        chunks.push(chunk as Buffer);
      }
      const body = Buffer.concat(chunks).toString();
      const { headers, url: path = '' } = request;
      receiver.#note({ at: performance.now(), path, headers, body, message: JSON.parse(body) }, answer);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const receiver: Receiver = new Receiver(`http://127.0.0.1:${port}/hook`, async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });
    return receiver;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }

  /** Waits until it has been sent so much. */
  async until(enough: (received: readonly Received[]) => boolean, patienceMs = 20_000): Promise<readonly Received[]> {
    const end = performance.now() + patienceMs;
    while (!enough(this.received)) {
      const left = end - performance.now();
      if (left <= 0) {
        throw new Error(`the receiver waited in vain; it has ${this.received.length} requests`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.received;
  }

  #note(received: Received, answer: ServerResponse): void {
    this.received.push(received);
    this.behave(received, answer);
    this.#wake();
  }
}

/** The ids of the events that were sent, each once. */
export function distinctIds(received: readonly Received[]): Set<string> {
  return new Set(received.map(({ message }) => message.id));
}
