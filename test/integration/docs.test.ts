import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, visit } from 'graphql';
import { describe, expect, test } from 'vitest';
import { type Example, examplesOf, idsIn, pattern } from '../support/examples.ts';
import { npmStart } from '../support/npm-start.ts';
import { openShell, type Shell } from '../support/shell.ts';

const root = join(import.meta.dirname, '../..');
const pages = globSync(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/**/*.md'], { cwd: root }).sort();
const played = pages.filter((page) => examplesOf(read(page)).length > 0);
const documentedUrl = 'http://127.0.0.1:3001';

test('README.md names the two commands, and says what can be tried', () => {
  expect(read('README.md')).toContain('npm ci && npm start');
  expect(read('README.md')).toContain('npm ci && npm test');
  expect(played).toEqual(expect.arrayContaining(['README.md', 'docs/quick-start.md', 'docs/rest.md']));
});

test('links between the pages lead somewhere', () => {
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => globSync(join(root, page, '..', target)).length === 0)
      .map((target) => `${page} -> ${target}`),
  );
  expect(broken).toEqual([]);
});

test('links to a part of a page lead to one of its headings', () => {
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)]+)\)/g)]
      .filter(([, target = '']) => target === '' || target.endsWith('.md'))
      .filter(
        ([, target = '', part = '']) => !headingsOf(target === '' ? page : join(page, '..', target)).includes(part),
      )
      .map(([link]) => `${page} -> ${link}`),
  );
  expect(broken).toEqual([]);
});

/** The headings of a page, as links name them. */
function headingsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(played)('%s', (page) => {
  test('every example does what the page says, from the top to the bottom on a new server', {
    timeout: 240_000,
  }, async () => {
    await using server = await npmStart();
    await using shell = openShell({ ...server.env, PATH: `${join(root, 'node_modules/.bin')}:${server.env['PATH']}` });
    await shell.run(`cd '${root}'`);
    const ids = new Map<string, string>();
    for (const example of examplesOf(read(page))) {
      const answer = await play(example, { url: server.url, shell, ids });
      compare(`${page}:${example.line}`, answer, example.expected);
    }
  });
});

interface Stage {
  readonly url: string;
  readonly shell: Shell;
  /** Ids seen so far, by slug or key: what a page's GraphQL variables stand for. */
  readonly ids: Map<string, string>;
}

async function play({ language, code }: Example, { url, shell, ids }: Stage): Promise<string> {
  const answer = language === 'bash' ? await shell.run(code.replaceAll(documentedUrl, url)) : await ask(url, code, ids);
  for (const [name, id] of idsIn(jsonOrNull(answer))) {
    ids.set(name, id);
  }
  return answer;
}

async function ask(url: string, query: string, ids: ReadonlyMap<string, string>): Promise<string> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-API-Key': 'sk_test_bootstrap' },
    body: JSON.stringify({
      query,
      variables: Object.fromEntries(variablesOf(query).map((name) => [name, ids.get(name)])),
    }),
  });
  return response.text();
}

function variablesOf(query: string): string[] {
  const names: string[] = [];
  visit(parse(query), { VariableDefinition: ({ variable }) => void names.push(variable.name.value) });
  return names;
}

function compare(place: string, answer: string, expected: Example['expected']): void {
  if (expected === null) {
    expect(jsonOrNull(answer), place).not.toMatchObject({ errors: expect.anything() });
  } else if (expected.language === 'json') {
    expect(jsonOrNull(answer) ?? answer, `${place}: ${answer}`).toMatchObject(
      pattern(JSON.parse(expected.text), expect.any(String)) as object,
    );
  } else {
    const missing = expected.text
      .split('\n')
      .filter((line) => !line.split('…').every((part) => answer.includes(part.trim())));
    expect(missing, `${place}: ${answer}`).toEqual([]);
  }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function read(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}
