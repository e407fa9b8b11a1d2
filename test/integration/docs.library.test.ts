import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import * as library from '../../src/index.ts';
import { bootstrapKey, openLibrary } from '../support/library-world.ts';
import { emptyDatabase } from '../support/template-database.ts';

const root = join(import.meta.dirname, '../..');
const page = await readFile(join(root, 'docs/library.md'), 'utf8');
const [quickStart = '', actor = '', ...hosts] = blocks('js');
const [quickStartSays, actorSays] = blocks('text');
const [, curl = ''] = blocks('bash');

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code = '']) => code);
}

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) {
    await undo();
  }
});

/** A program of the page, with the package as it stands in this checkout, on an empty database. */
async function start(program: string, more: Record<string, string> = {}): Promise<ChildProcess> {
  const { url, drop } = await emptyDatabase();
  cleanup.push(drop);
  const file = join(root, `.library-example-${process.pid}.mjs`); // here, so that it finds the packages
  const source = pathToFileURL(join(root, 'src/index.ts')).href;
  await writeFile(file, program.replaceAll("'stratum-graphql'", `'${source}'`));
  cleanup.push(() => rm(file, { force: true }));
  const cwd = await mkdtemp(join(tmpdir(), 'stratum-example-')); // where it keeps its secrets
  cleanup.push(() => rm(cwd, { recursive: true, force: true }));
  const env = { ...process.env, NODE_ENV: 'development', DATABASE_URL: url, ...more };
  return spawn(join(root, 'node_modules/.bin/node'), [file], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function outputOf(program: string): Promise<{ text: string; code: number | null }> {
  const child = await start(program);
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const [code] = await once(child, 'exit');
  return { text, code };
}

test.each([
  ['quick start', quickStart, quickStartSays],
  ['actor, GraphQL and subscription', actor, actorSays],
])(
  'the program of the page says what the page says, and ends: %s',
  async (_name, program, text) => {
    expect(await outputOf(program)).toEqual({ text, code: 0 });
  },
  60_000,
);

test.each(hosts.map((program) => [/from '(express|fastify|hono)'/.exec(program)?.[1], program]))(
  'the server of the page answers, and stops when told: %s',
  async (_name, program = '') => {
    const env = { PORT: String(await freePort()), BOOTSTRAP_KEY: bootstrapKey };
    const child = await start(program, env);
    cleanup.push(() => child.kill('SIGKILL'));
    expect(String(await once(child.stdout!, 'data'))).toContain('ready');
    const asked = spawn('bash', ['-c', curl.replace('curl', 'curl -sS')], { env: { ...process.env, ...env } });
    const [answer] = await once(asked.stdout, 'data');
    expect(JSON.parse(String(answer))).toEqual({ data: [], next_cursor: null, has_more: false });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  },
  60_000,
);

test('the page names every method, and the library has what it names', async () => {
  await using world = await openLibrary();
  const methods = Object.keys(world.stratum).filter((name) => name !== 'app');
  const table = page.slice(page.indexOf('## Methods'), page.indexOf('**Errors**'));
  const named = [...table.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
  expect([...methods, 'validateApiKey'].filter((name) => !named.includes(name))).toEqual([]);
  expect(hosts).toHaveLength(3);
  for (const [name] of page.matchAll(/\b\w+Error\b/g)) {
    expect(library).toHaveProperty(name);
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
