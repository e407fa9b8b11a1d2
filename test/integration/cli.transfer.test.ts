import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cliOf, runCli } from '../support/cli.ts';
import { type Listening, listen } from '../support/listening.ts';
import { type Json, uniqueSlug } from '../support/rest-world.ts';

let server: Listening;
let cli: ReturnType<typeof cliOf>;
let folder: string;
beforeAll(async () => {
  server = await listen();
  cli = cliOf(server.url);
  folder = await mkdtemp(join(tmpdir(), 'stratum-transfer-'));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function file(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

const linesOf = (text: string): Json[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a file becomes a tree, once, however often it is imported', async () => {
  const csv = await file('shops.csv', 'id,parent,name\nall,,Shops\nnorth,all,North\nn1,north,Store 1\n');
  expect(await cli.out('import', csv)).toMatch(/3 rows, 3 levels[\s\S]*✓ 3 tenants created in .* s/);
  expect((await cli.out('tenants', 'tree', 'shops')).split('\n')).toEqual([
    'Shops  shops  (2)',
    '└─ North  north  (1)',
    '   └─ Store 1  store_1',
  ]);
  expect(await cli.json('import', csv)).toEqual({
    root: 'shops',
    created: 0,
    present: 3,
    levels: 3,
    seconds: expect.any(Number),
  });
});

test('a file with mistakes is refused with all of them', async () => {
  const csv = await file('bad.csv', 'id,parent,name\na,,A\nb,x,B\na,,C\n');
  const { code, out, err } = await cli.run('import', csv);
  expect(code).toBe(1);
  expect(out).not.toContain('created');
  expect(err).toMatch(/bad\.csv can't be imported, and nothing was written:\n {2}line 3.*\n {2}line 4/);
  expect((await cli.refused('import', join(folder, 'missing.csv'))).error.message).toContain("can't be opened");
  expect((await cli.refused('import', csv, '--root', 'No Slug')).code).toBe(2);
});

test('a tree that is exported can be imported beneath another tenant', async () => {
  const rows = Array.from({ length: 230 }, (_, n) => ({
    id: n,
    parent: n === 0 ? null : Math.floor((n - 1) / 3),
    name: `Copy ${n}`,
    slug: `copy_${n}`,
  }));
  await cli.out('import', await file('copy.ndjson', rows.map((row) => JSON.stringify(row)).join('\n')));
  const exported = await cli.out('export', 'copy_0', '--tree');
  const lines = linesOf(exported);
  expect(lines).toHaveLength(230);
  expect(lines[0]).toMatchObject({ parent: null, name: 'Copy 0', slug: 'copy_0', status: 'active' });

  const renamed = lines.map(({ slug, ...row }) => JSON.stringify({ ...row, slug: `again_${slug}` })).join('\n');
  expect(await cli.json('import', await file('again.ndjson', renamed))).toMatchObject({ created: 230 });
  const pathsOf = async (root: string) =>
    (await cli.lines('tenants', 'tree', root, '--all')).map(({ name, depth }: Json) => `${depth} ${name}`).sort();
  expect(await pathsOf('again_copy_0')).toEqual(await pathsOf('copy_0'));
});

test('all that is kept of a tenant is exported, of each kind, with its whole ledger in order', async () => {
  const slug = uniqueSlug();
  await cli.out('tenants', 'create', 'Whole', '--slug', slug);
  for (let n = 0; n < 105; n += 1) {
    await cli.out('config', 'set', slug, 'n', String(n));
  }
  await cli.out('permissions', 'set', slug, 'export');
  const { plaintext_key: key } = await cli.json('keys', 'create', '--tenant', slug);

  const lines = linesOf(await cli.out('export', slug));
  const ofKind = (kind: string) => lines.filter((line) => line.kind === kind).map(({ data }) => data);
  expect(lines[0]).toMatchObject({ kind: 'tenant', data: { slug } });
  expect(ofKind('config_entry')).toMatchObject([{ key: 'n', value: 104 }]);
  expect(ofKind('permission_policy')).toMatchObject([{ key: 'export' }]);
  expect(ofKind('api_key')).toHaveLength(1);
  expect(ofKind('event').map(({ revision }) => revision)).toEqual(Array.from({ length: 108 }, (_, n) => n + 1));
  expect(JSON.stringify(lines)).not.toContain(key);

  const refused = await runCli(['export', slug, '--api-key', 'sk_test_wrong'], { env: cli.env });
  expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('UNAUTHORIZED') });
});
