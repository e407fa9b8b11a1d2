import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { captureStreams } from '../support/captured-streams.ts';

const root = join(import.meta.dirname, '../..');

async function stratum(...argv: string[]) {
  const streams = captureStreams();
  const code = await main(argv, {}, streams);
  return { code, out: streams.out(), err: streams.err() };
}

test.each([['--help'], ['migrate', '--help'], ['audit', '--help'], ['audit', 'verify', '--help']])(
  'stratum %s %s explains itself on stdout',
  async (...argv) => {
    const { code, out, err } = await stratum(...argv);

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Usage: stratum/);
  },
);

test.each([
  ['nothing at all', []],
  ['an unknown command', ['migrat']],
  ['an unknown option', ['migrate', '--jsn']],
  ['an argument too many', ['migrate', 'now']],
  ['half a command', ['audit']],
  ['a ledger that is no UUID', ['audit', 'verify', '--ledger', 'acmesec']],
])('%s is misuse: exit code 2, stdout empty, the reason on stderr', async (_, argv) => {
  const { code, out, err } = await stratum(...argv);

  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/error: |Usage: /);
});

test('an older Node is told which one is needed, before it fails at something else', async () => {
  const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.17.1' } })`;
  const program = [
    '--import',
    `data:text/javascript,${encodeURIComponent(older)}`,
    join(root, 'src/cli/bin.ts'),
    '--version',
  ];
  const { code, stdout, stderr } = await promisify(execFile)(process.execPath, program).catch((error) => error);

  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const needed = engines.node.replace('>=', '');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe(`stratum: needs Node ${needed} or later, and this is Node 22.17.1\n`);
});

test('the version is the one of the package, also when run as a program', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'src/cli/bin.ts'), '--version']);

  expect(stdout).toBe(`${version}\n`);
  expect(await stratum('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
});
