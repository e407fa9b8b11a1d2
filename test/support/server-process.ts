import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The server as a process of its own, without npm around it. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** What it printed so far, on both streams. */
  output(): string;
  signal(name: NodeJS.Signals): void;
  /** How it ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  isReady(): Promise<boolean>;
  isRunning(): boolean;
}

const root = join(import.meta.dirname, '../..');

/** Starts `src/main.ts` with these variables and no others of ours, and waits until it is ready or has ended. */
export async function startProcess(settings: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const port = settings['PORT'] ?? String(await freePort());
  const { PATH, HOME, LANG } = process.env;
  const env = { PATH, HOME, LANG, PORT: port, ...settings };
  const child = spawn(process.execPath, ['src/main.ts'], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const url = `http://127.0.0.1:${port}`;
  const started: ServerProcess = {
    url,
    pid: child.pid ?? 0,
    output: collect(child),
    signal: (name) => void child.kill(name),
    ended: once(child, 'close').then(([code, signal]) => ({ code, signal })),
    isReady: () =>
      fetch(`${url}/api/v1/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    isRunning: () => child.exitCode === null && child.signalCode === null,
  };
  while (started.isRunning() && !(await started.isReady())) {
    await sleep(50);
  }
  return started;
}

/** A port that nobody uses at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function collect({ stdout, stderr }: ChildProcess): () => string {
  let text = '';
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return () => text;
}
