import { createConnection, type Socket } from 'node:net';
import { answerParent } from './child.ts';

/** One request after another over connections that stay open, each waiting for its answer before it sends the next. */
export interface Load {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** Asked in turn. */
  readonly paths: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly connections: number;
  readonly forMs: number;
}

export interface LoadResult {
  readonly answers: number;
  readonly perSecond: number;
  /** Half of the answers took longer. */
  readonly medianMs: number;
  readonly p99Ms: number;
}

answerParent<Load, LoadResult>(async (load) => {
  const requests = load.paths.map((path) => requestText(load, path));
  let turn = 0;
  const next = () => requests[turn++ % requests.length] ?? '';
  const started = performance.now();
  const end = started + load.forMs;
  const connections = Array.from({ length: load.connections }, () => repeat(load.url, next, end));
  const times = (await Promise.all(connections)).flat().sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
  return {
    answers: times.length,
    perSecond: times.length / ((performance.now() - started) / 1_000),
    medianMs: at(0.5),
    p99Ms: at(0.99),
  };
});

/** Written once: a client that built its requests would take the processor from the server that is measured. */
function requestText({ url, method, headers, body = '' }: Load, path: string): string {
  const all = {
    Host: new URL(url).host,
    ...headers,
    ...(body && { 'Content-Length': String(Buffer.byteLength(body)) }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** How long each answer took. */
function repeat(url: string, next: () => string, end: number): Promise<number[]> {
  const { hostname, port } = new URL(url);
  const times: number[] = [];
  return new Promise((resolve, reject) => {
    const socket: Socket = createConnection({ host: hostname, port: Number(port), noDelay: true });
    let sent = 0;
    const send = () => {
      sent = performance.now();
      socket.write(next());
    };
    let arrived: Buffer<ArrayBufferLike> = Buffer.alloc(0);
    socket.on('connect', send).on('error', reject);
    socket.on('close', () => reject(new Error('the server closed a connection')));
    socket.on('data', (chunk) => {
      arrived = arrived.length === 0 ? chunk : Buffer.concat([arrived, chunk]);
      const length = answerLength(arrived);
      if (length === null || arrived.length < length) {
        return;
      }
      assertGood(arrived);
      arrived = arrived.subarray(length);
      const now = performance.now();
      times.push(now - sent);
      if (now < end) {
        send();
      } else {
        socket.removeAllListeners('close').destroy();
        resolve(times);
      }
    });
  });
}

/** The length of the answer with its headers; null when those are not all there yet. */
function answerLength(bytes: Buffer): number | null {
  const head = bytes.indexOf('\r\n\r\n');
  if (head === -1) {
    return null;
  }
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(bytes.toString('latin1', 0, head)) ?? [];
  if (length === undefined) {
    throw new Error(`an answer without a length:\n${bytes.toString('latin1', 0, 500)}`);
  }
  return head + 4 + Number(length);
}

function assertGood(answer: Buffer): void {
  if (!answer.toString('latin1', 0, 12).endsWith(' 200') || answer.includes('"errors":')) {
    throw new Error(`the server answered:\n${answer.toString('latin1', 0, 1_500)}`);
  }
}
