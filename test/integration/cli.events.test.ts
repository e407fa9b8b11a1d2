import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cliOf } from '../support/cli.ts';
import { type CliProcess, startCli } from '../support/cli-process.ts';
import { openServer, type Server } from '../support/cluster.ts';
import { type Json, uniqueSlug } from '../support/rest-world.ts';
import { cloneDatabase } from '../support/template-database.ts';

let server: Server;
let cli: ReturnType<typeof cliOf>;
const cleanup: (() => unknown)[] = [];
beforeAll(async () => {
  const { url, drop } = await cloneDatabase();
  cleanup.push(drop);
  server = await openServer(url);
  cleanup.push(() => server.kill());
  cli = cliOf(server.url);
});
afterAll(async () => {
  for (const undo of cleanup.reverse()) {
    await undo();
  }
});

/** A tenant whose key `n` was set to 1, 2 and so on: its events are the revisions from 2. */
async function counted(changes: number): Promise<string> {
  const slug = uniqueSlug();
  await cli.out('tenants', 'create', 'Counted', '--slug', slug);
  await count(slug, 1, changes);
  return slug;
}

async function count(slug: string, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) {
    await cli.out('config', 'set', slug, 'n', String(n));
  }
}

const revisions = (told: Json[]) => told.map(({ event }) => event.revision);
const parsed = (lines: string[]) => lines.map((line) => JSON.parse(line));

function tail(...argv: string[]): CliProcess {
  const running = startCli(['events', 'tail', ...argv], cli.env);
  cleanup.push(() => running.signal('SIGKILL'));
  return running;
}

describe('what has happened', () => {
  test('is told from the beginning, from behind a revision, or from behind a cursor', async () => {
    const slug = await counted(3);
    const all = await cli.lines('events', 'tail', slug, '--no-follow');
    expect(revisions(all)).toEqual([1, 2, 3, 4]);
    expect(revisions(await cli.lines('events', 'tail', slug, '--no-follow', '--since', '0'))).toEqual([1, 2, 3, 4]);
    expect(revisions(await cli.lines('events', 'tail', slug, '--no-follow', '--since', '2'))).toEqual([3, 4]);
    const behind = await cli.lines('events', 'tail', slug, '--no-follow', '--since', all[2].cursor);
    expect(revisions(behind)).toEqual([4]);
    expect(await cli.out('events', 'tail', slug, '--no-follow', '--since', '99')).toBe('');
  });

  test('is told of all pages, and of the types that are asked for', async () => {
    const slug = await counted(0);
    const entries = Array.from({ length: 199 }, (_, n) => ({ key: `k${n}`, value: n }));
    const answer = await fetch(
      `${server.url}/api/v1/tenants/${(await cli.json('tenants', 'get', slug)).id}/config/batch`,
      {
        method: 'PUT',
        headers: { 'x-api-key': 'sk_test_bootstrap', 'content-type': 'application/json' },
        body: JSON.stringify({ entries }),
      },
    );
    expect(answer.ok).toBe(true);
    await cli.out('permissions', 'set', slug, 'export');

    const all = revisions(await cli.lines('events', 'tail', slug, '--no-follow'));
    expect(all).toEqual(Array.from({ length: 201 }, (_, n) => n + 1));
    const some = await cli.lines(
      'events',
      'tail',
      slug,
      '--no-follow',
      '--since',
      '5',
      '--types',
      'permission.created',
    );
    expect(revisions(some)).toEqual([201]);
  });

  test('is a line each for a person: when, what, to whom, how, by whom, and where to go on', async () => {
    const slug = await counted(1);
    await cli.out('config', 'set', slug, 'n', '2', '--locked');
    await cli.out('config', 'unset', slug, 'n');
    const { out, err } = await cli.run('events', 'tail', slug, '--no-follow');
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/).slice(1));
    expect(lines).toEqual([
      ['#1', 'tenant.created', slug, `name: "Counted", slug: "${slug}", status: "active"`, 'by api_key development'],
      ['#2', 'config.updated', slug, 'n', 'value: 1', 'by api_key development'],
      ['#3', 'config.updated', slug, 'n', 'value: 1 → 2, locked: false → true', 'by api_key development'],
      ['#4', 'config.deleted', slug, 'n', 'value: 2 → gone, locked: true → gone', 'by api_key development'],
    ]);
    const [, cursor = ''] = /to go on from here: --since (\S+)/.exec(err) ?? [];
    expect(await cli.out('events', 'tail', slug, '--no-follow', '--since', cursor)).toBe('');
  });

  test('a place that is none is refused', async () => {
    const slug = await counted(0);
    const refused = await cli.refused('events', 'tail', slug, '--no-follow', '--since', 'nowhere');
    expect(refused).toMatchObject({ code: 1, error: { code: 'VALIDATION_ERROR' } });
    expect((await cli.refused('events', 'tail', 'nobody_has_this')).error.code).toBe('TENANT_NOT_FOUND');
  });
});

describe('what happens', { timeout: 60_000 }, () => {
  test('is told behind what has happened, without gap or repeat, until Ctrl+C ends it cleanly', async () => {
    const slug = await counted(2);
    const running = tail(slug, '--since', '1');
    await running.lines(2);
    await count(slug, 3, 5);
    expect(await running.lines(5)).toHaveLength(5);
    running.signal('SIGINT');
    expect(await running.ended).toBe(0);
    expect(running.out().match(/#\d+/g)).toEqual(['#2', '#3', '#4', '#5', '#6']);
    expect(running.err()).toMatch(/^to go on from here: --since \S+\n$/);
  });

  test('is told again from the last cursor when the server was killed and came back', async () => {
    const slug = await counted(1);
    const running = tail(slug, '--since', '0');
    await running.lines(2);
    await count(slug, 2, 2);
    await running.lines(3);
    await server.kill();
    await server.start();
    await count(slug, 3, 4);
    await running.lines(5);
    running.signal('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(running.out().match(/#\d+/g)).toEqual(['#1', '#2', '#3', '#4', '#5']);
    expect(running.err()).toMatch(/it is tried again\n[\s\S]*connected again, nothing is missed/);
  });

  test('has its cursor on every line for programs, and nothing beside', async () => {
    const slug = await counted(0);
    const running = tail(slug, '--subtree', '--since', '0', '--json', '--count', '3');
    await running.lines(1);
    await cli.out('tenants', 'create', 'Below', '--slug', uniqueSlug(), '--under', slug);
    await count(slug, 1, 2);
    const told = parsed(await running.lines(3));
    expect(await running.ended).toBe(0);
    expect(revisions(told)).toEqual([1, 2, 3]);
    expect(running.err()).toBe('');
    expect(revisions(await cli.lines('events', 'tail', slug, '--no-follow', '--since', told[2].cursor))).toEqual([4]);
  });

  test('ends quietly when nobody reads any more', async () => {
    const slug = await counted(1);
    const running = tail(slug, '--since', '0');
    await running.lines(2);
    running.hangUp();
    await count(slug, 2, 3);
    expect(await running.ended).toBe(0);
    expect(running.err()).not.toMatch(/EPIPE|Error/);
  });

  test('ends with the reason when the key may not read any more', async () => {
    const slug = await counted(0);
    const { plaintext_key: key, id } = await cli.json('keys', 'create', '--tenant', slug, '--scopes', 'read');
    const running = tail('--since', '0', '--json', '--api-key', key);
    await running.lines(1);
    await cli.out('keys', 'revoke', id);
    expect(await running.ended).toBe(1);
    expect(JSON.parse(running.err())).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
  });
});
