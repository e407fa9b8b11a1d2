import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { freePort } from './server-process.ts';

/** Does what `stratum init` tells to: the import on top, the other line behind the one that makes the app. */
export async function follow(file: string, [importLine, ...use]: readonly string[]): Promise<void> {
  const source = await readFile(file, 'utf8');
  const changed = source.replace(/^const app = .*;$/m, (line) => [line, ...use].join('\n'));
  expect(changed).not.toBe(source);
  await writeFile(file, `${importLine}\n${changed}`);
}

export interface InitializedApp extends AsyncDisposable {
  readonly url: string;
  ask(path: string, headers?: Record<string, string>): Promise<{ status: number; body: unknown }>;
}

/** Starts a program of a project with Node, and waits until it answers there. Its port is in `PORT`. */
export async function startApp(
  folder: string,
  argv: readonly string[],
  settings: Readonly<Record<string, string>>,
  path = '/whoami',
): Promise<InitializedApp> {
  const port = String(await freePort());
  const env = { PATH: process.env['PATH'], PORT: port, ...settings };
  const child: ChildProcess = spawn(process.execPath, argv, { cwd: folder, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk;
    });
  }
  const url = `http://127.0.0.1:${port}`;
  const ask: InitializedApp['ask'] = async (where, headers = {}) => {
    const answer = await fetch(`${url}${where}`, { headers });
    return { status: answer.status, body: await answer.json() };
  };
  for (let tries = 0; tries < 400 && !(await ask(path).catch(() => null)); tries++) {
    expect(child.exitCode, output).toBe(null);
    await sleep(50);
  }
  return {
    url,
    ask,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}
