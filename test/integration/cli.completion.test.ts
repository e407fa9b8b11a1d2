import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { captureStreams } from '../support/captured-streams.ts';

const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stratum-completion-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The script for a shell, in a file. */
async function script(shell: string): Promise<string> {
  const streams = captureStreams();
  expect(await main(['completion', shell], {}, streams)).toBe(0);
  const file = join(folder, `stratum.${shell}`);
  await writeFile(file, streams.out());
  return file;
}

/** What bash offers for the last of the words, as it would after Tab. */
async function offered(...words: string[]): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
  const ask = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _stratum; printf "%s\\n" "${COMPREPLY[@]}"';
  const { stdout } = await run('bash', ['-u', '-c', ask, await script('bash'), 'stratum', ...words]);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('bash', () => {
  test('completes commands, those below them, and options', async () => {
    expect(await offered('mig')).toEqual(['migrate']);
    expect(await offered('keys', 'rotate')).toEqual(['rotate', 'rotate-encryption']);
    expect(await offered('audit', 'verify', '--l')).toEqual(['--ledger']);
    expect(await offered('')).toEqual(expect.arrayContaining(['doctor', 'init', 'dev', '--version']));
  });

  test('completes the values of arguments and options where they are few', async () => {
    expect(await offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'fish', 'zsh']));
    expect(await offered('init', '--framework', 'next')).toEqual(['next-app', 'next-pages']);
  });

  test('the value of an option is not taken for a command', async () => {
    expect(await offered('keys', 'create', '--name', 'list', '--sc')).toEqual(['--scopes']);
    expect(await offered('keys', 'create', '--name', 'li')).toEqual([]);
  });

  test('what is unknown gets no offer', async () => {
    expect(await offered('no-such-command', '--js')).toEqual([]);
    expect(await offered("it's; touch x", '$(touch y)')).toEqual([]);
  });

  test('tells the shell which command it is for', async () => {
    const { stdout } = await run('bash', ['-c', 'source "$0"; complete -p stratum', await script('bash')]);
    expect(stdout).toBe('complete -o default -F _stratum stratum\n');
  });
});

const there = (shell: string) =>
  run(shell, ['-c', 'true']).then(
    () => true,
    () => false,
  );

test('fish offers the same, with descriptions', async ({ skip }) => {
  skip(!(await there('fish')), 'there is no fish on this machine');
  const ask = `source ${await script('fish')}; complete -C 'stratum keys cre'; complete -C 'stratum init --framework hon'`;

  const { stdout } = await run('fish', ['--no-config', '-c', ask]);

  expect(stdout).toMatch(/^create\tIssue.*\nhono\t/);
});

test('zsh completes what is typed', async ({ skip }) => {
  skip(!(await there('zsh')), 'there is no zsh on this machine');
  const typing = join(folder, 'typing.zsh');
  await writeFile(
    typing,
    `zmodload zsh/zpty
     zpty -b shell zsh -f -i
     until-it-says() { local text; repeat 100; do zpty -r -t shell text; seen+=$text; [[ $seen == *$1* ]] && break; sleep 0.1; done }
     zpty -w shell "PS1=; source ${await script('zsh')}; stratum() { echo ran: \\$@ }; echo re''ady"
     until-it-says ready
     zpty -w -n shell $'stratum keys crea\\t--scop\\t\\n'
     until-it-says 'ran: keys'
     print -r -- "$seen"`,
  );

  const { stdout } = await run('zsh', ['-f', typing], { timeout: 20_000 });

  expect(stdout).toContain('ran: keys create --scopes');
});

test('a shell that is not known is misuse', async () => {
  const streams = captureStreams();
  expect(await main(['completion', 'tcsh'], {}, streams)).toBe(2);
  expect(streams.err()).toContain('bash, zsh, fish');
});
