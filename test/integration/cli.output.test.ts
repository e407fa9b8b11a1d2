import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { cliOf, runCli } from '../support/cli.ts';
import { startCli } from '../support/cli-process.ts';
import { type Listening, listen } from '../support/listening.ts';
import { uniqueSlug } from '../support/rest-world.ts';

let server: Listening;
let cli: ReturnType<typeof cliOf>;
beforeAll(async () => {
  server = await listen();
  cli = cliOf(server.url);
});
afterAll(() => server.close());

async function named(name: string, ...flags: string[]): Promise<string> {
  const slug = uniqueSlug();
  await cli.out('tenants', 'create', name, '--slug', slug, ...flags);
  return slug;
}

const onScreen = (columns: number, ...argv: string[]) => runCli(argv, { env: cli.env, columns });

/** What we paint with: `ESC [ number m`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const colour = /\u001b\[\d+m/;

describe('what others have written', () => {
  const evil = 'a\u001b[2J\u001b]0;owned\u0007b\u009b31mc\u202ed\u2028e\rf\ng\u200e';

  test('can not command the terminal of whoever reads it, in any command', async () => {
    const slug = await named(evil, '--metadata', JSON.stringify({ [evil]: evil }));
    await cli.out('config', 'set', slug, evil, evil, '--string');
    await cli.out('permissions', 'set', slug, evil, evil, '--string');
    await cli.out('keys', 'create', '--tenant', slug, '--name', evil);
    const told = await Promise.all([
      onScreen(200, 'tenants', 'get', slug),
      onScreen(200, 'tenants', 'list', '--search', slug),
      onScreen(200, 'tenants', 'tree', slug),
      onScreen(200, 'tenants', 'rename', slug, `${evil}2`),
      onScreen(200, 'config', 'list', slug),
      onScreen(200, 'config', 'get', slug, evil),
      onScreen(200, 'config', 'get', slug, evil, '--raw'),
      onScreen(200, 'config', 'get', slug, `${evil}?`),
      onScreen(200, 'config', 'explain', slug, evil),
      onScreen(200, 'config', 'unset', `${slug}${evil}`, evil),
      onScreen(200, 'permissions', 'list', slug),
      onScreen(200, 'permissions', 'explain', slug, evil),
      onScreen(200, 'keys', 'list', '--tenant', slug),
      onScreen(200, 'events', 'tail', slug, '--no-follow'),
      onScreen(200, 'tenants', 'list', '--json'),
      onScreen(200, 'export', slug),
      onScreen(200, 'tenants', 'archive', slug),
    ]);
    for (const { out, err } of told) {
      // Nothing is left but our own colours.
      const rest = `${out}${err}`.replaceAll(new RegExp(colour, 'g'), '');
      expect(rest.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e\u2028\u200e]/u);
      expect(rest).not.toContain('a\n');
    }
    expect(told[2]?.out).toContain('\\u001b[2J');
  });

  test('is the same in JSON, where it is written out', async () => {
    const slug = await named(evil);
    const { out } = await cli.run('tenants', 'get', slug, '--json');
    expect(out).toContain('\\u009b31m');
    expect(JSON.parse(out).name).toBe(evil);
  });

  test('reaches a file as it is with --raw', async () => {
    const slug = await named('Raw');
    await cli.out('config', 'set', slug, 'text', 'a\u001b[1mb\nc', '--string');
    expect((await cli.run('config', 'get', slug, 'text', '--raw')).out).toBe('a\u001b[1mb\nc\n');
  });

  test('does not command it through a server that is a fraud either', async () => {
    const tenant = { id: evil, slug: evil, name: evil, status: 'active', depth: evil };
    const pageInfo = { hasNextPage: true, endCursor: evil };
    const answers = [
      { data: { tenants: { nodes: [tenant], pageInfo } } },
      { errors: [{ message: evil, extensions: { code: `X${evil}` } }] },
    ];
    const fraud = createServer((_request, answer) => {
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify(answers.shift()));
    }).listen(0, '127.0.0.1');
    await once(fraud, 'listening');
    const address = fraud.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const list = () => runCli(['tenants', 'list', '--limit', '1', '--url', url], { columns: 300 });
    const [listed, refused] = [await list(), await list()];
    fraud.close();
    expect([listed.code, refused.code]).toEqual([0, 1]);
    for (const text of [listed.out, listed.err, refused.out, refused.err]) {
      expect(text.replaceAll(new RegExp(colour, 'g'), '').replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    }
    expect(listed.err).toContain('there are more: --after a\\u001b[2J');
  });
});

describe('a table', () => {
  test('keeps its columns below each other in any script', async () => {
    const root = await named('Root');
    for (const name of ['東京都', '👩‍👩‍👧 Family', 'Łódź', 'ไทย', 'e\u0301clair']) {
      await named(name, '--under', root);
    }
    await cli.out('config', 'set', root, '鍵', '1');
    await cli.out('config', 'set', root, 'key', '2');
    // A wide character takes two columns: the value stands behind one of them, or behind three narrow ones.
    const rows = (await cli.out('config', 'list', root)).split('\n');
    expect(rows.map((row) => row.trimEnd())).toEqual([
      'KEY  VALUE  SET BY',
      'key  2      itself',
      '鍵   1      itself',
    ]);
    expect((await cli.out('tenants', 'list', '--under', root)).split('\n')).toHaveLength(6);
  });

  test('cuts a long value short, which JSON has whole', async () => {
    const slug = await named('Long');
    await cli.out('config', 'set', slug, 'long', 'x'.repeat(60_000));
    const rows = (await cli.out('config', 'list', slug)).split('\n');
    expect(rows[1]).toMatch(/^long {2}"x{58}… {2}itself$/);
    expect((await cli.json('config', 'list', slug)).config[0].value).toHaveLength(60_000);
    expect(await cli.out('config', 'get', slug, 'long', '--raw')).toHaveLength(60_000);
  });

  test('is no wider than the screen', async () => {
    const slug = await named('名'.repeat(100));
    const { out } = await onScreen(100, 'tenants', 'list', '--search', slug);
    const row = (out.split('\n')[1] ?? '').replaceAll(new RegExp(colour, 'g'), '');
    const columns = [...row].reduce((sum, character) => sum + (character === '名' ? 2 : 1), 0);
    expect(columns).toBeLessThanOrEqual(100);
    expect(row.endsWith('…')).toBe(true);
  });
});

describe('colour', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('is for a screen alone, and not for who wants none', async () => {
    const slug = await named('Coloured');
    expect((await cli.run('tenants', 'tree', slug)).out).not.toMatch(colour);
    expect((await onScreen(80, 'tenants', 'tree', slug, '--json')).out).not.toMatch(colour);
    vi.stubEnv('TERM', 'xterm-256color');
    vi.stubEnv('CI', undefined); // with it Node takes no screen for one that has colours
    expect((await onScreen(80, 'tenants', 'tree', slug)).out).toMatch(colour);
    vi.stubEnv('NO_COLOR', '1');
    expect((await onScreen(80, 'tenants', 'tree', slug)).out).not.toMatch(colour);
  });
});

describe('a program', () => {
  test('reads one document on stdout and nothing on stderr, or one error on stderr and nothing on stdout', async () => {
    const slug = await named('Programmed');
    const done = startCli(['tenants', 'get', slug, '--json'], cli.env);
    expect(await done.ended).toBe(0);
    expect(JSON.parse(done.out())).toMatchObject({ slug });
    expect(done.err()).toBe('');

    const refused = startCli(['tenants', 'create', 'x', '--slug', 'No', '--json'], cli.env);
    expect(await refused.ended).toBe(1);
    expect(refused.out()).toBe('');
    expect(JSON.parse(refused.err())).toEqual({
      error: {
        code: 'VALIDATION_ERROR',
        message: expect.any(String),
        details: {},
        issues: [{ path: ['input', 'slug'], message: expect.any(String), code: expect.any(String) }],
        request_id: expect.any(String),
      },
    });

    const misused = startCli(['tenants', 'got', '--json'], cli.env);
    expect(await misused.ended).toBe(2);
    expect(JSON.parse(misused.err())).toMatchObject({
      error: { code: 'USAGE', message: expect.stringContaining("unknown command 'got'") },
    });
  });

  test('is told in words when what looks like the option is not one', async () => {
    const { code, err } = await cli.run('config', 'set', 'nobody_has_this', 'flag', '--', '--json');
    expect({ code, err }).toEqual({ code: 1, err: 'stratum: TENANT_NOT_FOUND: No such tenant\n' });
  });

  test('may stop reading in the middle', async () => {
    const root = await named('Root');
    await cli.out('tenants', 'create', 'Child', '--slug', uniqueSlug(), '--under', root);
    const running = startCli(['tenants', 'tree', '--json'], cli.env);
    running.hangUp();
    expect(await running.ended).toBe(0);
    expect(running.err()).toBe('');
  });
});

describe('the server to ask', () => {
  let home: string;
  let folder: string;
  const startedIn = process.cwd();
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'stratum-home-'));
    folder = await mkdtemp(join(tmpdir(), 'stratum-folder-'));
    await mkdir(join(home, 'stratum'));
    process.chdir(folder);
  });
  afterEach(async () => {
    await rm(join(folder, 'stratum.config.json'), { force: true });
    await rm(join(home, 'stratum/config.json'), { force: true });
  });
  afterAll(async () => {
    process.chdir(startedIn);
    await rm(home, { recursive: true });
    await rm(folder, { recursive: true });
  });

  const list = (env: Record<string, string> = {}, ...argv: string[]) =>
    runCli(['tenants', 'list', '--limit', '1', ...argv], { env: { XDG_CONFIG_HOME: home, ...env } });

  async function write(place: 'folder' | 'home', content: unknown, mode = 0o600): Promise<void> {
    const path = place === 'folder' ? join(folder, 'stratum.config.json') : join(home, 'stratum/config.json');
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    await chmod(path, mode);
  }

  const dead = 'http://127.0.0.1:9';
  const far = 'https://stratum.example.invalid';

  test('is that of the option before the environment before the file', async () => {
    await write('folder', { url: dead });
    expect((await list()).err).toContain(`Nothing answers at ${dead}`);
    expect((await list({ STRATUM_URL: server.url })).code).toBe(0);
    expect((await list({ STRATUM_URL: dead }, '--url', server.url)).code).toBe(0);
    await write('folder', { url: server.url });
    expect((await list()).code).toBe(0);
  });

  test('is that of the folder before that of the user', async () => {
    await write('home', { url: server.url });
    expect((await list()).code).toBe(0);
    await write('folder', { url: dead });
    expect((await list()).code).toBe(1);
  });

  test('is asked with the key of the option before the environment before the file', async () => {
    await write('folder', { url: server.url, apiKey: 'sk_test_wrong' });
    expect((await list()).err).toContain('UNAUTHORIZED');
    expect((await list({ STRATUM_API_KEY: server.apiKey })).code).toBe(0);
    expect((await list({ STRATUM_API_KEY: 'sk_test_wrong' }, '--api-key', server.apiKey)).code).toBe(0);
  });

  test('is not sent the key of a file that was written for another one', async () => {
    await write('home', { url: far, apiKey: 'sk_live_of_far' });
    // On this machine it is the development key then, which works.
    expect((await list({}, '--url', server.url)).code).toBe(0);
    expect((await list({}, '--url', 'https://elsewhere.example.invalid')).err).toContain('wants a key');
  });

  test('is not sent the key of the environment because a folder says so', async () => {
    await write('folder', { url: far });
    const refused = await list({ STRATUM_API_KEY: 'sk_live_mine' });
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toContain(`names ${far}: say --url`);
    expect(refused.err).not.toContain('sk_live_mine');
  });

  test.runIf(process.getuid !== undefined)('is not sent a key that others on the machine can read', async () => {
    await write('home', { url: server.url, apiKey: server.apiKey }, 0o644);
    expect(await list()).toMatchObject({ code: 1, err: expect.stringContaining('run chmod 600') });
    await write('home', { url: server.url }, 0o644);
    expect((await list()).code).toBe(0);
  });

  test.each(['{"apiKey":"sk_secret",}', '{"apiKey":"sk_secret","key":1}', '["sk_secret"]', '{"url":5}'])(
    'is not read from a file that holds %s, which is not shown',
    async (content) => {
      await write('folder', content);
      const { code, err } = await list();
      expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('must be a JSON object') });
      expect(err).not.toContain('sk_secret');
    },
  );

  test('must be an address, and must be there', async () => {
    expect(await list({}, '--url', 'ftp://x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('is not an address'),
    });
    expect(await list({ STRATUM_URL: 'nonsense' })).toMatchObject({ code: 2 });
    const { code, err } = await list({}, '--url', dead, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(err)).toEqual({
      error: { code: 'UNREACHABLE', message: expect.stringContaining(`Nothing answers at ${dead}`) },
    });
    expect(err).not.toContain('database');
  });
});

test.each(['tenants', 'config', 'permissions', 'keys', 'webhooks', 'events', 'import', 'export'])(
  'stratum %s --help explains itself on stdout, and every command below it',
  async (name) => {
    const { code, out, err } = await runCli([name, '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Usage: stratum/);
    const [, commands = ''] = out.split('Commands:\n');
    for (const [, command = ''] of commands.matchAll(/^ {2}([a-z-]+) /gm)) {
      const help = await runCli([name, command, '--help']);
      expect(help).toMatchObject({ code: 0, out: expect.stringMatching(/^Usage: stratum/), err: '' });
    }
  },
);
