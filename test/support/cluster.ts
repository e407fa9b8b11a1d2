import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort, type ServerProcess, startProcess } from './server-process.ts';

const root = join(import.meta.dirname, '../..');

/** A process that can be killed and started again in its place. */
export interface Member {
  kill(): Promise<void>;
  start(): Promise<void>;
  isRunning(): boolean;
  /** Tells it to end, and gives how it did. */
  end(): Promise<number | null>;
}

export interface Server extends Member {
  readonly url: string;
}

/** What every process of an installation has to agree on. */
const shared = {
  STRATUM_ENCRYPTION_KEY: 'an encryption key for the processes of tests',
  STRATUM_API_KEY_HMAC_SECRET: 'a secret to hash keys for the processes of tests',
  STRATUM_ALLOW_PRIVATE_WEBHOOKS: 'on',
  STRATUM_WEBHOOK_SCHEDULE: '200ms,200ms,500ms,500ms,1s,1s,2s,2s,5s,5s,5s,5s',
  STRATUM_WEBHOOK_TIMEOUT: '1s',
  STRATUM_LOG_LEVEL: 'warn',
  RATE_LIMIT_MAX: '999999',
};

/** A server that leaves webhooks to others, unless told. */
export async function openServer(
  databaseUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const port = String(await freePort());
  const all = { ...shared, DATABASE_URL: databaseUrl, STRATUM_WORKER: 'off', PORT: port, ...settings };
  let running: ServerProcess | null = null;
  const member: Server = {
    url: `http://127.0.0.1:${port}`,
    start: async () => {
      running = await startProcess(all);
    },
    kill: async () => {
      running?.signal('SIGKILL');
      await running?.ended;
    },
    isRunning: () => running?.isRunning() ?? false,
    end: async () => {
      running?.signal('SIGTERM');
      return (await running?.ended)?.code ?? null;
    },
  };
  await member.start();
  return member;
}

export interface WorkerProcess extends Member {
  /** Stops it where it is, as a machine does that is out of breath; it doesn't hear of it. */
  freeze(): void;
}

/** `stratum worker`. */
export async function openWorkerProcess(
  databaseUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<WorkerProcess> {
  let child: ChildProcess | null = null;
  let ended: Promise<unknown[]> | null = null;
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ...shared, DATABASE_URL: databaseUrl, ...settings };
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    child?.kill(signal);
    await ended;
    return child?.exitCode ?? null;
  };
  const member: WorkerProcess = {
    freeze: () => void child?.kill('SIGSTOP'),
    start: async () => {
      const started = spawn(process.execPath, ['src/cli/bin.ts', 'worker'], {
        cwd: root,
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      child = started;
      ended = once(started, 'close');
      let said = '';
      for await (const chunk of started.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
        said += chunk;
        if (said.includes('the worker is ready')) {
          break;
        }
      }
      if (!said.includes('the worker is ready')) {
        throw new Error(`the worker did not start: ${said}`);
      }
      started.stderr.resume();
    },
    kill: async () => void (await stop('SIGKILL')),
    isRunning: () => child !== null && child.exitCode === null && child.signalCode === null,
    end: () => stop('SIGTERM'),
  };
  await member.start();
  return member;
}
