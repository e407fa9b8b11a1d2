import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../scripts/demo/main.ts';
import { captureStreams } from '../support/captured-streams.ts';
import { type Listening, listen } from '../support/listening.ts';

let server: Listening;
let folder: string;
beforeAll(async () => {
  server = await listen();
  folder = await mkdtemp(join(tmpdir(), 'stratum-import-'));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

interface Imported {
  readonly slug: string;
  readonly name: string;
  readonly slugPath: string;
  readonly metadata: unknown;
}

async function importText(file: string, content: string, ...argv: string[]) {
  await writeFile(join(folder, file), content);
  const streams = captureStreams();
  const code = await main(['--url', server.url, '--import', join(folder, file), ...argv], {}, streams);
  return { code, out: streams.out(), err: streams.err() };
}

/** Everything there is, straight from the database: what no door could have hidden. */
async function stored(root: string): Promise<Imported[]> {
  const rows = await server.query<Imported>(
    `select t.slug, t.name, t.metadata,
       (select string_agg(a.slug, '.' order by a.depth) from tenants a where starts_with(t.path, a.path)) as "slugPath"
     from tenants t join tenants r on r.slug = $1 and starts_with(t.path, r.path) order by "slugPath"`,
    [root],
  );
  return [...rows];
}

async function countTenants(): Promise<number> {
  const [row] = await server.query<{ count: number }>('select count(*)::int as count from tenants');
  return row?.count ?? 0;
}

/** `size` rows in a tree where every tenant has three children, parents first. */
function ternary(prefix: string, size: number): { id: string; parent: string | null; name: string }[] {
  return Array.from({ length: size }, (_, index) => ({
    id: `${prefix}${index}`,
    parent: index === 0 ? null : `${prefix}${Math.floor((index - 1) / 3)}`,
    name: `${prefix} ${index}`,
  }));
}

function ndjson(rows: readonly object[]): string {
  return rows.map((row) => JSON.stringify(row)).join('\n');
}

test('country codes become a tree of the world, with slugs made of names in any script', async () => {
  const iso = (name: string): string => join(import.meta.dirname, '../fixtures/iso-codes', name);
  const script = join(import.meta.dirname, '../../scripts/iso-to-csv.ts');
  const { stdout: csv } = await promisify(execFile)(process.execPath, [
    script,
    iso('iso_3166-1.json'),
    iso('iso_3166-2.json'),
  ]);

  const { code, out, err } = await importText('iso.csv', csv);

  const tenants = await stored('world');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/19 tenants created in \d+\.\d s/);
  expect(out).toContain('tree world, 4 levels');
  expect(tenants).toHaveLength(19);
  expect(tenants).toContainEqual({
    slug: 'babek',
    name: 'Babək',
    slugPath: 'world.azerbaycan.naxcivan.babek',
    metadata: { importedId: 'AZ-BAB' },
  });
  expect(tenants.find(({ name }) => name === '東京')?.slugPath).toBe('world.riben.dongjing');
  expect(tenants.filter(({ name }) => name === 'Lənkəran').map(({ slug }) => slug)).toEqual([
    'lenkeran',
    'lenkeran_az_lan',
  ]);
});

test('a file of many batches arrives whole, each tenant under its parent', async () => {
  const { code, out } = await importText('many.ndjson', ndjson(ternary('m', 450)));

  const tenants = await stored('m_0');
  expect(code).toBe(0);
  expect(out).toContain('450 tenants created');
  expect(tenants).toHaveLength(450);
  expect(tenants.find(({ slug }) => slug === 'm_449')?.slugPath).toBe('m_0.m_1.m_5.m_16.m_49.m_149.m_449');
});

test('children may stand before their parents, as far as they like', async () => {
  const rows = ternary('r', 250).reverse();

  const { code } = await importText('reversed.ndjson', ndjson(rows));

  const tenants = await stored('r_0');
  expect(code).toBe(0);
  expect(tenants).toHaveLength(250);
  expect(tenants.find(({ slug }) => slug === 'r_249')?.slugPath).toBe('r_0.r_2.r_8.r_27.r_82.r_249');
});

describe('an import that is run again', () => {
  test('creates nothing that is there', async () => {
    const text = ndjson(ternary('again', 130));
    await importText('again.ndjson', text);
    const before = await countTenants();

    const { code, out } = await importText('again.ndjson', text);

    expect(code).toBe(0);
    expect(out).toMatch(/exists, with 129 tenants beneath it/);
    expect(out).toContain('0 tenants created');
    expect(await countTenants()).toBe(before);
  });

  test('continues where it was interrupted', async () => {
    const rows = ternary('half', 230);
    await importText('half.ndjson', ndjson(rows.slice(0, 120)));

    const { code, out } = await importText('half.ndjson', ndjson(rows));

    expect(code).toBe(0);
    expect(out).toContain('110 tenants created');
    expect(await stored('half_0')).toHaveLength(230);
  });
});

describe('the root', () => {
  test('is named after the file when several rows have no parent', async () => {
    await importText('Our Partners.csv', 'id,parent,name\n1,,North\n2,,South\n3,2,Harbor\n');

    expect((await stored('our_partners')).map(({ slugPath }) => slugPath)).toEqual([
      'our_partners',
      'our_partners.north',
      'our_partners.south',
      'our_partners.south.harbor',
    ]);
  });

  test('is any tenant that --root names', async () => {
    await importText('first.csv', 'id,parent,name\n1,,Corp\n2,1,Europe\n');
    const { code } = await importText('second.csv', 'id,parent,name\n1,,Paris Store\n', '--root', 'europe');

    expect(code).toBe(0);
    expect((await stored('corp')).map(({ slugPath }) => slugPath)).toContain('corp.europe.paris_store');
  });

  test('is created by --root where there is none', async () => {
    await importText('third.csv', 'id,parent,name\n1,,Lyon Store\n', '--root', 'stores');

    expect((await stored('stores')).map(({ name, slugPath }) => [name, slugPath])).toEqual([
      ['stores', 'stores'],
      ['Lyon Store', 'stores.lyon_store'],
    ]);
  });
});

describe('a slug that another tree has', () => {
  test('is replaced where it was made of the name, and found again by the next run', async () => {
    await importText('one.csv', 'id,parent,name\n1,,One Root\na,1,Springfield\n');
    const text = 'id,parent,name\n1,,Two Root\nus-il,1,Springfield\n';

    const first = await importText('two.csv', text);
    const second = await importText('two.csv', text);

    expect([first.code, second.code]).toEqual([0, 0]);
    expect((await stored('two_root')).map(({ slug }) => slug)).toEqual(['two_root', 'springfield_us_il']);
    expect(second.out).toContain('0 tenants created');
  });

  test('is refused with its line where the file asks for it', async () => {
    await importText('here.csv', 'id,parent,name,slug\n1,,Here,here\n2,1,Mine,mine\n');

    const { code, err } = await importText('there.csv', 'id,parent,name,slug\n1,,There,there\n2,1,Mine,mine\n');

    expect(code).toBe(1);
    expect(err).toMatch(/^line 3, "Mine": .*\(TENANT_ALREADY_EXISTS\)/);
  });
});

test('a file with mistakes is refused with all of them, before anything is written', async () => {
  const before = await countTenants();

  const { code, err } = await importText('bad.csv', 'id,parent,name\na,,A\nb,x,B\na,,C\nd,e,D\ne,d,E\n,a,F\n');

  expect(code).toBe(1);
  expect(err).toMatch(/bad\.csv can't be imported, and nothing was written:\n/);
  expect(err.match(/line \d+/g)).toEqual(['line 3', 'line 4', 'line 2', 'line 5', 'line 7']);
  expect(await countTenants()).toBe(before);
});

test('a row that only the server can refuse is named by its line', async () => {
  const deep = Array.from({ length: 80 }, (_, level) => ({
    id: level,
    parent: level === 0 ? null : level - 1,
    name: `Deep ${level}`,
  }));

  const { code, err } = await importText('deep.ndjson', ndjson(deep));

  expect(code).toBe(1);
  expect(err).toMatch(/^line 66, "Deep 65": .*\(TENANT_DEPTH_EXCEEDED\)/);
});

test('a file that is missing, empty or of another kind is a sentence', async () => {
  const missing = await importText('x.csv', '', '--import', join(folder, 'missing.csv'));
  const empty = await importText('empty.csv', 'id,parent,name\n');
  const other = await importText('tree.xlsx', '');

  expect([missing.code, empty.code, other.code]).toEqual([1, 1, 1]);
  expect(missing.err).toContain("missing.csv can't be opened");
  expect(empty.err).toContain('empty.csv has no rows');
  expect(other.err).toContain('the name must end in .csv, .ndjson or .jsonl');
});
