import { once } from 'node:events';
import { createServer } from 'node:http';
import { answerParent } from './child.ts';

/** Begin to receive webhooks, or wait until so many deliveries have come. */
export type Receiver = 'listen' | { readonly deliveries: number };

export interface Received {
  readonly url: string;
  /** From the first to the last, and how many requests that took. */
  readonly ms: number;
  readonly requests: number;
}

/** A delivery may come twice. */
const deliveries = new Set<string>();
let requests = 0;
let [firstAt, lastAt] = [0, 0];
let wake = (): void => {};

const server = createServer((request, answer) => {
  lastAt = performance.now();
  firstAt ||= lastAt;
  requests += 1;
  deliveries.add(String(request.headers['x-stratum-delivery-id']));
  request.resume();
  answer.writeHead(204).end();
  wake();
});

answerParent<Receiver, Received>(async (asked) => {
  if (asked === 'listen') {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  } else if (deliveries.size < asked.deliveries) {
    await new Promise<void>((resolve) => {
      wake = () => deliveries.size >= asked.deliveries && resolve();
    });
  }
  const result = { url: urlOf(server.address()), ms: lastAt - firstAt, requests };
  if (asked !== 'listen') {
    deliveries.clear();
    requests = 0;
    firstAt = 0;
  }
  return result;
});

function urlOf(address: ReturnType<typeof server.address>): string {
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}
