import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The server as a person starts it: `npm start` in the checkout, with a data folder and a port of its own. */
export interface Started extends AsyncDisposable {
  readonly url: string;
  readonly env: NodeJS.ProcessEnv;
  /** Everything it printed so far. */
  output(): string;
}

const root = join(import.meta.dirname, '../..');

export async function npmStart(settings: Readonly<Record<string, string>> = {}): Promise<Started> {
  const dataDir = await mkdtemp(join(tmpdir(), 'stratum-start-'));
  const port = await freePort();
  const { PATH, HOME, LANG } = process.env;
  const env = { PATH, HOME, LANG, PORT: String(port), STRATUM_DATA_DIR: dataDir, ...settings };
  const child = spawn('npm', ['start'], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await closed;
    await rm(dataDir, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  if (!(await isReady(url, () => child.exitCode !== null))) {
    await stop();
    throw new Error(`npm start did not get ready:\n${output}`);
  }
  return { url, env, output: () => output, [Symbol.asyncDispose]: stop };
}

async function isReady(url: string, ended: () => boolean): Promise<boolean> {
  for (let attempt = 0; attempt < 600 && !ended(); attempt++) {
    const answer = await fetch(`${url}/api/v1/health/ready`).catch(() => null);
    if (answer?.ok === true) {
      return true;
    }
    await sleep(100);
  }
  return false;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
