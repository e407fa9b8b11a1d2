import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { startEmbedded } from '../../src/db/embedded.ts';
import { captureStreams } from '../support/captured-streams.ts';
import { emptyDatabase, type ScratchDatabase } from '../support/template-database.ts';

async function stratum(argv: readonly string[], env: Readonly<Record<string, string>>) {
  const streams = captureStreams();
  const code = await main(argv, env, streams);
  return { code, out: streams.out(), err: streams.err() };
}

describe('stratum migrate', () => {
  let scratch: ScratchDatabase;
  beforeAll(async () => {
    scratch = await emptyDatabase();
  });
  afterAll(() => scratch.drop());

  test('applies what the database lacks and names it; the second time there is nothing to do', async () => {
    const env = { DATABASE_URL: scratch.url };

    const first = await stratum(['migrate'], env);
    const second = await stratum(['migrate'], env);
    const third = await stratum(['migrate', '--json'], env);

    expect(first).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^applied \d{14}_\w+$/m) });
    expect(second).toEqual({ code: 0, err: '', out: 'nothing to apply: the database is up to date\n' });
    expect(third).toEqual({ code: 0, err: '', out: '{"applied":[]}\n' });
  });

  test('prints the names as JSON and nothing else when a program asks', async () => {
    const other = await emptyDatabase();
    try {
      const { code, out } = await stratum(['migrate', '--json'], { DATABASE_URL: other.url });

      expect(code).toBe(0);
      const { applied, ...rest } = JSON.parse(out);
      expect(rest).toEqual({});
      expect(applied.join(' ')).toMatch(/^\d{14}_foundation( \d{14}_\w+)*$/);
    } finally {
      await other.drop();
    }
  });

  test('says in a sentence that the database does not answer', async () => {
    const { code, out, err } = await stratum(['migrate'], { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' });

    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^stratum: the database can't be reached: connect ECONNREFUSED 127\.0\.0\.1:1\n$/);
  });

  test('does not set up an embedded database in production', async () => {
    const { code, err } = await stratum(['migrate'], { NODE_ENV: 'production', STRATUM_DATA_DIR: '/nowhere' });

    expect(code).toBe(1);
    expect(err).toContain('DATABASE_URL is required when NODE_ENV is production');
  });
});

describe('stratum migrate without DATABASE_URL', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stratum-cli-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('starts the embedded database for as long as it takes, or shares one that runs', async () => {
    const env = { STRATUM_DATA_DIR: folder };

    const alone = await stratum(['migrate'], env);
    const server = await startEmbedded({ dataDir: folder });
    const beside = await stratum(['migrate'], env).finally(() => server.stop());

    expect(alone).toMatchObject({ code: 0, out: expect.stringMatching(/^applied /) });
    expect(beside).toEqual({ code: 0, err: '', out: 'nothing to apply: the database is up to date\n' });
  });
});
