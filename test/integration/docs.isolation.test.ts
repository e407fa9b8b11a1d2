import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { expect, test } from 'vitest';
import { Stratum } from '../../src/index.ts';
import { runCli } from '../support/cli.ts';
import { secrets } from '../support/rest-app.ts';
import { cloneDatabase } from '../support/template-database.ts';

const root = join(import.meta.dirname, '../..');

/** A program with the package as it stands in this checkout. */
async function outputOf(program: string, env: Readonly<Record<string, string>>): Promise<string> {
  const file = join(root, `.isolation-example-${process.pid}.mjs`); // here, so that it finds the packages
  const cwd = await mkdtemp(join(tmpdir(), 'stratum-example-')); // where it keeps its secrets
  try {
    await writeFile(
      file,
      program.replaceAll("'stratum-graphql'", `'${pathToFileURL(join(root, 'src/index.ts')).href}'`),
    );
    const { stdout } = await promisify(execFile)(join(root, 'node_modules/.bin/node'), [file], {
      cwd,
      env: { ...process.env, NODE_ENV: 'development', ...env },
    });
    return stdout;
  } finally {
    await rm(file, { force: true });
    await rm(cwd, { recursive: true, force: true });
  }
}

test('the page, from top to bottom', { timeout: 60_000 }, async () => {
  const page = await readFile(join(root, 'docs/isolation.md'), 'utf8');
  const blocks = [...page.matchAll(/^```(sql|bash|js|text)\n([\s\S]*?)^```$/gm)];
  const { url, drop } = await cloneDatabase();
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  const login = `shop_${randomBytes(4).toString('hex')}`;
  const tenantUrl = Object.assign(new URL(url), { username: login, password: 'a password of your own' }).href;
  const env = { DATABASE_URL: url, STRATUM_TENANT_DATABASE_URL: tenantUrl };
  try {
    {
      await using stratum = new Stratum({ connectionString: url, ...secrets });
      await stratum.createTenant({ name: 'AcmeSec', slug: 'acmesec' });
    }
    let printed = '';
    for (const [, language, code = ''] of blocks) {
      if (language === 'sql') {
        await owner.query(code.replaceAll('shop', login));
      } else if (language === 'bash') {
        const words = code
          .trim()
          .replace(/^.*npx stratum /, '')
          .split(' ');
        const { code: exitCode, err, out } = await runCli(words, { env });
        expect({ exitCode, out, err }).toMatchObject({ exitCode: 0 });
      } else if (language === 'js') {
        printed = await outputOf(code, env);
      } else {
        expect(printed).toBe(code);
        printed = '';
      }
    }
    expect(blocks.map(([, language]) => language)).toEqual(['sql', 'bash', 'sql', 'bash', 'js', 'text']);
  } finally {
    await owner.query(`drop owned by ${login}; drop role ${login}`).catch(() => {});
    await owner.end();
    await drop();
  }
});
