import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cliOf, runCli } from '../support/cli.ts';
import { type Listening, listen } from '../support/listening.ts';
import { type Json, uniqueSlug } from '../support/rest-world.ts';

let server: Listening;
let cli: ReturnType<typeof cliOf>;
beforeAll(async () => {
  server = await listen();
  cli = cliOf(server.url);
});
afterAll(() => server.close());

/** A root, its child and its grandchild, by their slugs. */
async function line(): Promise<[root: string, child: string, leaf: string]> {
  const slugs: [string, string, string] = [uniqueSlug(), uniqueSlug(), uniqueSlug()];
  for (const [depth, slug] of slugs.entries()) {
    const under = depth === 0 ? [] : ['--under', slugs[depth - 1] ?? ''];
    await cli.out('tenants', 'create', `Level ${depth}`, '--slug', slug, ...under);
  }
  return slugs;
}

describe('stratum config set', () => {
  test.each([
    ['42', [], 42],
    ['42', ['--string'], '42'],
    ['hello', [], 'hello'],
    ['"hello"', [], 'hello'],
    ['"hello"', ['--string'], '"hello"'],
    ['null', [], null],
    ['{"a":[1,true]}', [], { a: [1, true] }],
    ['{broken', [], '{broken'],
    ['', [], ''],
    ['東京', [], '東京'],
  ])('takes %j with %j as %j', async (typed, flags, value) => {
    const [root] = await line();
    expect(await cli.json('config', 'set', root, 'key', typed, ...flags)).toMatchObject({ key: 'key', value });
    expect(await cli.out('config', 'get', root, 'key')).toBe(JSON.stringify(value));
  });

  test('takes a value that begins with a dash behind two dashes', async () => {
    const [root] = await line();
    await cli.out('config', 'set', root, 'offset', '--', '-5');
    expect(await cli.out('config', 'get', root, 'offset')).toBe('-5');
  });

  test('refuses a number that would become another one', async () => {
    const [root] = await line();
    const refused = await cli.refused('config', 'set', root, 'id', '9007199254740993');
    expect(refused).toMatchObject({ code: 2, error: { message: expect.stringContaining('--string') } });
    expect(await cli.json('config', 'set', root, 'id', '9007199254740993', '--string')).toMatchObject({
      value: '9007199254740993',
    });
  });

  test('reads a secret from standard input, and prints it nowhere', async () => {
    const [root] = await line();
    const argv = ['config', 'set', root, 'password', '--stdin', '--sensitive'];
    const { code, out, err } = await runCli(argv, { env: cli.env, input: 'planted-marker\n' });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('to (withheld)');
    const shown = [
      await cli.out('config', 'list', root),
      await cli.out('config', 'list', root, '--own', '--json'),
      await cli.out('config', 'explain', root, 'password'),
      (await cli.run('config', 'get', root, 'password')).err,
      await cli.out('export', root),
      await cli.out('events', 'tail', root, '--no-follow', '--json'),
    ];
    expect(shown.filter((text) => text.includes('planted-marker'))).toEqual([]);
    expect(await cli.out('config', 'get', root, 'password', '--reveal', '--raw')).toBe('planted-marker');
  });

  test.each([
    ['no value', ['config', 'set', 'x', 'key']],
    ['two values', ['config', 'set', 'x', 'key', '1', '--stdin']],
  ])('with %s is misuse', async (_, argv) => {
    expect(await cli.refused(...argv)).toMatchObject({ code: 2, error: { code: 'USAGE' } });
  });

  test('is refused below a lock, and after a change by others', async () => {
    const [root, child] = await line();
    const { revision } = (await cli.json('config', 'list', root, '--own')) as Json;
    expect(revision).toBeUndefined();
    const { tree_revision: seen } = await cli.json('tenants', 'get', root);
    await cli.out('config', 'set', root, 'theme', 'dark', '--locked');
    expect((await cli.refused('config', 'set', child, 'theme', 'light')).error.code).toBe('CONFIG_LOCKED');
    const late = await cli.refused('config', 'set', root, 'theme', 'light', '--if-revision', String(seen));
    expect(late.error.code).toBe('REVISION_MISMATCH');
    expect(await cli.out('config', 'get', child, 'theme', '--raw')).toBe('dark');
  });
});

describe('stratum config', () => {
  test('lists what applies and what is its own, until it is unset', async () => {
    const [root, child] = await line();
    await cli.out('config', 'set', root, 'app/theme', 'dark');
    await cli.out('config', 'set', root, 'users', '10', '--locked');
    await cli.out('config', 'set', child, 'app/theme', 'light');

    const rows = (await cli.out('config', 'list', child)).split('\n').map((row) => row.split(/ {2,}/));
    expect(rows).toEqual([
      ['KEY', 'VALUE', 'SET BY'],
      ['app/theme', '"light"', 'itself'],
      ['users', '10', root, 'locked'],
    ]);
    expect((await cli.json('config', 'list', child, '--prefix', 'app/')).config).toHaveLength(1);
    expect((await cli.json('config', 'list', child, '--own')).config).toMatchObject([
      { key: 'app/theme', value: 'light' },
    ]);

    await cli.out('config', 'unset', child, 'app/theme');
    expect(await cli.out('config', 'get', child, 'app/theme')).toBe('"dark"');
    expect((await cli.refused('config', 'unset', child, 'app/theme')).error.code).toBe('CONFIG_NOT_FOUND');
    expect((await cli.refused('config', 'get', child, 'nothing')).error).toEqual({
      code: 'FAILED',
      message: `nothing applies to ${child} under "nothing"`,
    });
  });

  test('explains from the root down whose word counted, and why', async () => {
    const [root, child, leaf] = await line();
    await cli.out('config', 'set', leaf, 'theme', 'blue');
    await cli.out('config', 'set', root, 'theme', 'light');
    expect(
      (await cli.out('config', 'explain', leaf, 'theme')).split('\n').map((row) => row.trim().split(/ {2,}/)),
    ).toEqual([
      ['theme of Level 2 is "blue"'],
      [''],
      [root, '"light"', 'overridden below', 'revision 5'],
      [`▸ └─ ${leaf}`, '"blue"', 'applies', 'revision 4'],
      [''],
      [expect.stringMatching(/^Nothing is locked, so the nearest wins\. Set by Level 2/)],
    ]);

    await cli.out('config', 'set', child, 'theme', 'dark', '--locked');
    const locked = await cli.out('config', 'explain', leaf, 'theme');
    expect(locked).toMatch(new RegExp(`▸ └─ ${child} +"dark" +locked +applies`));
    expect(locked).toMatch(new RegExp(` {5}└─ ${leaf} +"blue" +beaten by the lock above`));
    expect(locked).toContain('The highest lock wins. Locked by Level 1');

    const { resolved } = await cli.json('config', 'explain', leaf, 'theme');
    expect(resolved.explanation).toMatchObject({ rule: 'HIGHEST_LOCK', candidates: [{}, { outcome: 'DECIDED' }, {}] });
  });

  test('compares two tenants, of what differs or of all', async () => {
    const [root, child, leaf] = await line();
    await cli.out('config', 'set', root, 'same', '1');
    await cli.out('config', 'set', root, 'users', '10');
    await cli.out('config', 'set', child, 'users', '20');
    await cli.out('config', 'set', child, 'only', 'here');

    const rows = (await cli.out('config', 'diff', root, leaf)).split('\n').map((row) => row.trim().split(/ {2,}/));
    expect(rows).toEqual([
      ['KEY', root, leaf],
      ['+', 'only', '"here"', 'inherited'],
      ['~', 'users', '10', 'own', '20', 'inherited'],
    ]);
    expect((await cli.out('config', 'diff', leaf, root)).split('\n')[1]).toMatch(/^- +only/);
    expect((await cli.json('config', 'diff', root, leaf, '--all')).diff).toHaveLength(3);
    expect(await cli.out('config', 'diff', child, leaf)).toBe('no differences');
  });
});
