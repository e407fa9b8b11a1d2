import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify, stripVTControlCharacters } from 'node:util';
import { beforeEach, expect, test } from 'vitest';
import { bareProject, fastifyProject } from '../support/bare-projects.ts';
import { root } from '../support/built-package.ts';

const enter = '\r';
const down = '\u001b[B';
const ctrlC = '\u0003';

/** A terminal for a program: `script` of util-linux, which not every system has. */
const terminal = 'script';
const hasTerminal = promisify(execFile)(terminal, ['--version']).then(
  ({ stdout }) => stdout.includes('util-linux'),
  () => false,
);
beforeEach(async ({ skip }) => skip(!(await hasTerminal), 'there is no `script` of util-linux on this machine'));

interface Dialogue {
  /** Waits until something is asked, and types the answer. */
  answer(question: string, keys: string): Promise<void>;
  /** The exit code, once it has ended. */
  ended(): Promise<number>;
  screen(): string;
}

function initOnTerminal(folder: string): Dialogue {
  const command = `stty cols 100 rows 40; '${process.execPath}' '${join(root, 'src/cli/bin.ts')}' init '${folder}'`;
  const env = { ...process.env, TERM: 'xterm', CI: undefined };
  const child: ChildProcess = spawn(terminal, ['--quiet', '--return', '--command', command, '/dev/null'], { env });
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  const closed = once(child, 'close');
  const screen = () => stripVTControlCharacters(text);
  return {
    screen,
    answer: async (question, keys) => {
      for (let tries = 0; tries < 200 && !screen().includes(question); tries++) {
        await sleep(50);
      }
      expect(screen()).toContain(question);
      child.stdin?.write(keys);
    },
    ended: async () => (await closed)[0],
  };
}

test('what was found is the answer that waits: Enter takes it', async () => {
  await using project = await bareProject(fastifyProject);

  const dialogue = initOnTerminal(project.folder);
  await dialogue.answer('Which framework', enter);
  await dialogue.answer('your database', enter);
  await dialogue.answer('your packages', enter);

  expect(await dialogue.ended()).toBe(0);
  expect(dialogue.screen()).toContain('pnpm add stratum-graphql');
  expect(await readFile(join(project.folder, 'src/stratum.ts'), 'utf8')).toContain('tenancy.plugin(rules)');
});

test('another answer is taken as well', async () => {
  await using project = await bareProject(fastifyProject);

  const dialogue = initOnTerminal(project.folder);
  await dialogue.answer('Which framework', `${down}${enter}`);
  await dialogue.answer('your database', enter);
  await dialogue.answer('your packages', enter);

  expect(await dialogue.ended()).toBe(0);
  expect(await readFile(join(project.folder, 'src/stratum.ts'), 'utf8')).toContain('tenancy.hono(rules)');
});

test('Ctrl+C at a question leaves everything as it was', async () => {
  await using project = await bareProject(fastifyProject);

  const dialogue = initOnTerminal(project.folder);
  await dialogue.answer('Which framework', enter);
  await dialogue.answer('your database', ctrlC);

  expect(await dialogue.ended()).toBe(1);
  expect(dialogue.screen()).toContain('cancelled, nothing was changed');
  expect((await readdir(project.folder)).sort()).toEqual(['package.json', 'src', 'tsconfig.json']);
});

test.each([
  ['n', 'export const mine = true;\n'],
  ['y', expect.stringContaining('tenancy.plugin(rules)')],
])('a file that is there and differs is asked for: %s', async (key, content) => {
  await using project = await bareProject({ ...fastifyProject, 'src/stratum.ts': 'export const mine = true;\n' });

  const dialogue = initOnTerminal(project.folder);
  await dialogue.answer('Which framework', enter);
  await dialogue.answer('your database', enter);
  await dialogue.answer('your packages', enter);
  await dialogue.answer('src/stratum.ts is there already, and differs', key);

  expect(await dialogue.ended()).toBe(0);
  expect(await readFile(join(project.folder, 'src/stratum.ts'), 'utf8')).toEqual(content);
  expect(await readdir(project.folder)).toContain('.env.example');
});
