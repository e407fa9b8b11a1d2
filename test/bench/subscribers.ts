import WebSocket from 'ws';
import { answerParent } from './child.ts';

/** What to do: open more subscriptions, or hear of one event. */
export type Subscribers = { readonly open: Opening } | { readonly hear: Hearing };

export interface Opening {
  readonly url: string;
  readonly apiKey: string;
  readonly query: string;
  /** Of one subscription each. */
  readonly variables: readonly object[];
  /** So many subscriptions go over one connection. */
  readonly perSocket: number;
}

/** Waits until an event has reached so many subscriptions, or the time is over. */
export interface Hearing {
  readonly revision: number;
  readonly count: number;
  readonly withinMs: number;
}

export interface Heard {
  /** When the event reached each of them: the same clock in all processes of a machine. */
  readonly at: readonly number[];
}

/** By revision: those of events nobody has asked for yet are kept. */
const receipts = new Map<number, number[]>();
let wake = (): void => {};

answerParent<Subscribers, Heard>(async (asked) => {
  if ('open' in asked) {
    await open(asked.open);
    return { at: [] };
  }
  return hear(asked.hear);
});

async function hear({ revision, count, withinMs }: Hearing): Promise<Heard> {
  const end = performance.now() + withinMs;
  const known = () => receipts.get(revision) ?? [];
  for (let left = withinMs; known().length < count && left > 0; left = end - performance.now()) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, left);
    wake = () => known().length >= count && resolve();
    await promise;
    clearTimeout(timer);
  }
  const at = known();
  receipts.delete(revision);
  return { at };
}

async function open({ variables, perSocket, ...opening }: Opening): Promise<void> {
  for (let start = 0; start < variables.length; start += perSocket) {
    await openSocket(opening, variables.slice(start, start + perSocket));
  }
}

/** As much of graphql-transport-ws as it takes: a client that read more of what comes would be what is measured. */
function openSocket(
  { url, apiKey, query }: Omit<Opening, 'variables' | 'perSocket'>,
  variables: readonly object[],
): Promise<void> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws');
  const say = (message: object) => socket.send(JSON.stringify(message));
  return new Promise((resolve, reject) => {
    socket.on('open', () => say({ type: 'connection_init', payload: { apiKey } }));
    socket.on('error', reject);
    socket.on('close', (code, reason) => {
      throw new Error(`the server closed a connection: ${code} ${reason}`);
    });
    socket.on('message', (data) => {
      const at = performance.timeOrigin + performance.now();
      const text = String(data);
      if (text === '{"type":"connection_ack"}') {
        for (const [index, one] of variables.entries()) {
          say({ type: 'subscribe', id: `${index}`, payload: { query, variables: one } });
        }
        resolve();
      } else {
        note(text, at);
      }
    });
  });
}

function note(message: string, at: number): void {
  const [, revision] = /"revision":(\d+)/.exec(message) ?? [];
  if (revision === undefined || message.includes('"errors":')) {
    throw new Error(`the server said ${message.slice(0, 1_000)}`);
  }
  const known = receipts.get(Number(revision));
  if (known === undefined) {
    receipts.set(Number(revision), [at]);
  } else {
    known.push(at);
  }
  wake();
}
