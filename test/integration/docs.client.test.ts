import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createTestStratum, type TestStratum } from '../../src/testing/index.ts';
import { type Folder, linkPackage, strangersFolder } from '../support/packed.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/client.md'), 'utf8');

/** The files that the page shows, by the names in their first lines. */
const files = [...page.matchAll(/^```(?:ts|graphql)\n(?:\/\/|#) (\S+)\n([\s\S]*?)^```$/gm)].map(
  ([, name = '', text = '']) => [name, text] as const,
);
/** What the page says that its programs say, in their order. */
const expected = [...page.matchAll(/^```text\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text.trim().split('\n'));

let server: TestStratum;
let folder: Folder;
const bin = (name: string) => join(root, 'node_modules/.bin', name);

beforeAll(async () => {
  server = await createTestStratum({ postgresUrl: inject('serverUrl') });
  folder = await strangersFolder();
  await linkPackage(folder.path, [
    '@graphql-codegen/cli',
    '@graphql-codegen/client-preset',
    'typescript',
    '@types/node',
  ]);
  for (const [name, text] of files) {
    await folder.write(name, text);
  }
}, 120_000);
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await server.close();
});

test('the page shows three programs, and a project that generates its own types', () => {
  expect(files.map(([name]) => name)).toEqual([
    'first.ts',
    'once.ts',
    'follow.ts',
    'codegen.ts',
    'src/tenants.graphql',
    'src/roots.ts',
  ]);
});

test('the generator makes types of the documents, and all programs of the page are correct under strict settings', async () => {
  await folder.run(process.execPath, [bin('graphql-codegen'), '--config', 'codegen.ts', '--errors-only']);

  const strict = ['--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes', '--noEmit'];
  const modern = ['--module', 'nodenext', '--target', 'es2024', '--allowImportingTsExtensions', '--erasableSyntaxOnly'];
  const programs = files.map(([name]) => name).filter((name) => name.endsWith('.ts'));
  await folder.run(process.execPath, [bin('tsc'), ...strict, ...modern, '--types', 'node', ...programs]);
}, 120_000);

describe('each program says what the page says, and ends', () => {
  const programs = files.map(([name]) => name).filter((name) => name.endsWith('.ts') && name !== 'codegen.ts');
  test.each(programs.map((name, index) => [name, expected[index] ?? []] as const))('%s', async (name, lines) => {
    const env = { STRATUM_URL: server.url, STRATUM_API_KEY: server.apiKey };
    const said = (await folder.run(process.execPath, [name], env)).trim().split('\n');

    expect(lines.length).toBeGreaterThan(0);
    expect(said).toEqual(lines.map((line) => expect.stringContaining(line)));
  });
});
