import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Setting, settings } from '../src/config.ts';

/** Writes `docs/configuration.md` from the table of settings; with `--check` says whether it is up to date. */
const file = join(import.meta.dirname, '../docs/configuration.md');

const head = `# Configuration

Everything is read from the environment, once, at the start. An empty variable counts as unset. The server says everything that is wrong at once and
doesn't start. This page is made from \`src/config.ts\` by \`npm run generate\`.

| Variable | When unset | Meaning |
|---|---|---|
`;

const page = head + Object.values(settings).map(row).join('');

if (!process.argv.includes('--check')) {
  writeFileSync(file, page);
} else if (readFileSync(file, 'utf8') !== page) {
  console.error('docs/configuration.md is out of date: npm run generate');
  process.exitCode = 1;
}

function row({ name, fallback, description }: Setting<unknown>): string {
  return `| \`${name}\` | ${fallback === null ? '' : `\`${fallback}\``} | ${description.replaceAll('|', '\\|')} |\n`;
}
