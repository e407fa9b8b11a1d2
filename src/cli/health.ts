import { Command, InvalidArgumentError } from 'commander';
import { settings } from '../config.ts';
import { findUrl } from './connection.ts';
import { type Context, type Environment, ExitError } from './context.ts';
import { jsonText } from './harmless.ts';

interface Flags {
  readonly url?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

/** What a server says of itself. */
interface Health {
  readonly url: string;
  readonly healthy: boolean;
  /** Whether the server reaches its database; null when it doesn't say. */
  readonly database: 'connected' | 'disconnected' | null;
  readonly version: string | null;
  /** Why it is not healthy; null when it is. */
  readonly reason: string | null;
}

/** `stratum health`: asks a server whether it can serve. Needs no key. */
export function healthCommand(context: Context): Command {
  return new Command('health')
    .description('Ask a server whether it and its database answer. Exit code 0 when they do, 1 when not.')
    .option('--url <url>', 'the server; STRATUM_URL, the one of a file, or that of this machine, unless told')
    .option('--timeout <seconds>', 'how long to wait for an answer', toSeconds, 5)
    .option('--json', 'print what was found as JSON')
    .action(async ({ url, timeout, json }: Flags) => {
      const server = await findUrl(context.env, { ...(url !== undefined && { url }) }, urlOfPort(context.env));
      const health = await ask(server.replace(/\/+$/, ''), timeout);
      context.print(json ? jsonText(health) : describe(health));
      if (!health.healthy) {
        throw new ExitError(1);
      }
    });
}

async function ask(url: string, seconds: number): Promise<Health> {
  const read = reader(url, AbortSignal.timeout(seconds * 1000));
  try {
    const [health, docs] = await Promise.all([read('/api/v1/health'), read('/api/docs/json')]);
    const database = databaseOf(health.body);
    const reason = health.ok && database !== null ? null : reasonOf(health.status, database);
    return { url, healthy: reason === null, database, version: versionOf(docs.body), reason };
  } catch (error) {
    return { url, healthy: false, database: null, version: null, reason: whyNoAnswer(error, seconds) };
  }
}

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly body: unknown;
}

function reader(url: string, signal: AbortSignal): (path: string) => Promise<Answer> {
  return async (path) => {
    const response = await fetch(`${url}${path}`, { signal });
    return { ok: response.ok, status: response.status, body: parsed(await response.text()) };
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Only the words a server of ours says: what another one answers may hold anything. */
function databaseOf(body: unknown): Health['database'] {
  const state = field(body, 'db');
  return state === 'connected' || state === 'disconnected' ? state : null;
}

function versionOf(document: unknown): string | null {
  const version = field(field(document, 'info'), 'version');
  return typeof version === 'string' && /^[\w.+-]{1,40}$/.test(version) ? version : null;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function reasonOf(status: number, database: Health['database']): string {
  if (database === null) {
    return `what answers there (with ${status}) is no Stratum`;
  }
  return database === 'connected' ? 'the server is stopping' : 'the server does not reach its database';
}

function whyNoAnswer(error: unknown, seconds: number): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return `no answer within ${seconds} s`;
  }
  // `fetch` says only that it failed; why is in its cause.
  const cause = error instanceof Error ? error.cause : undefined;
  return `no answer${cause instanceof Error && 'code' in cause ? ` (${cause.code})` : ''}`;
}

function describe({ url, healthy, version, reason }: Health): string {
  const name = version === null ? 'Stratum' : `Stratum ${version}`;
  return healthy ? `ok: ${name} at ${url}, database connected` : `FAILURE: ${url}: ${reason}`;
}

/** Where a server with the same environment listens, as in a container. */
function urlOfPort(env: Environment): string {
  const { name, fallback } = settings.port;
  return `http://127.0.0.1:${env[name] || fallback}`;
}

function toSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 600)) {
    throw new InvalidArgumentError('A number of seconds, up to 600.');
  }
  return seconds;
}
