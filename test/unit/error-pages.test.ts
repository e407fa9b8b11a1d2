import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { statusByCode } from '../../src/domain/errors.ts';

const folder = join(import.meta.dirname, '../../docs/errors');
const codes = Object.keys(statusByCode).sort();

test('every error code has a page, and every page a code', () => {
  const pages = globSync('*.md', { cwd: folder }).filter((file) => file !== 'README.md');
  expect(pages.map((file) => file.replace('.md', '')).sort()).toEqual(codes);
});

test.each(Object.entries(statusByCode))('the page of %s is titled by it and names its status %i', (code, status) => {
  const page = readFileSync(join(folder, `${code}.md`), 'utf8');
  expect(page.startsWith(`# ${code}\n\nHTTP status ${status}.`)).toBe(true);
});

test('the list of errors names each code with its status', () => {
  const list = readFileSync(join(folder, 'README.md'), 'utf8');
  const rows = [...list.matchAll(/^\| \[([A-Z_]+)\]\(\1\.md\) \| (\d+) \|/gm)].map(([, code, status]) => [
    code,
    Number(status),
  ]);
  expect(Object.fromEntries(rows)).toEqual(statusByCode);
});
