import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Problem } from '../../src/cli/import/formats.ts';
import { type Row, readRows } from '../../src/cli/import/rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'stratum-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function readAll(name: string, content: string): Promise<{ rows: Row[]; problems: Problem[] }> {
  const file = join(folder, name);
  writeFileSync(file, content);
  const problems: Problem[] = [];
  const rows = await collect(readRows(file, (problem) => problems.push(problem)));
  return { rows, problems };
}

async function collect(rows: AsyncIterable<Row>): Promise<Row[]> {
  const collected: Row[] = [];
  for await (const row of rows) {
    collected.push(row);
  }
  return collected;
}

describe('a CSV file', () => {
  test('gives a row for each line, however its fields are quoted and its columns are ordered', async () => {
    const { rows, problems } = await readAll(
      'good.csv',
      '\uFEFFName,ID,Slug,Parent,Note\r\n"Acme, ""Inc""",1,acme,,x\r\n\r\n東京,2,,1,\r\n"Two\nlines",3\r\n',
    );

    expect(problems).toEqual([]);
    expect(rows).toEqual([
      { line: 2, id: '1', parent: null, name: 'Acme, "Inc"', slug: 'acme' },
      { line: 4, id: '2', parent: '1', name: '東京', slug: null },
      { line: 6, id: '3', parent: null, name: 'Two\nlines', slug: null },
    ]);
  });

  test('has its bad rows reported by line, and its good ones read on', async () => {
    const long = 'x'.repeat(256);
    const { rows, problems } = await readAll(
      'bad.csv',
      `id,parent,name,slug\n1,,A,\n,1,No id,\n3,1,,\n4,1,B,Not a Slug\n5,1,C,c,extra,more\n6,1,${long},\n7,1,D,d\n`,
    );

    expect(rows.map(({ id }) => id)).toEqual(['1', '7']);
    expect(problems.map(({ line }) => line).sort()).toEqual([3, 4, 5, 6, 7]);
    expect(problems.find(({ line }) => line === 3)?.message).toBe('id is empty');
    expect(problems.find(({ line }) => line === 4)?.message).toBe('name is empty');
    expect(problems.find(({ line }) => line === 5)?.message).toContain('slug "Not a Slug"');
  });

  test('names the line from which on a quote stays open', async () => {
    const { rows, problems } = await readAll('open.csv', 'id,parent,name\n1,,A\n2,1,"B\n3,1,C\n4,1,D\n');

    expect(rows.map(({ id }) => id)).toEqual(['1']);
    expect(problems).toEqual([{ line: 3, message: 'a quote is opened here or further down and never closed' }]);
  });

  test('without the columns needed is refused as a whole', async () => {
    await expect(readAll('header.csv', 'id;parent;name\n1;;A\n')).rejects.toThrow(/^line 1: the header must name/);
  });
});

describe('an NDJSON file', () => {
  test('gives a row for each object, with ids as text or as numbers', async () => {
    const { rows, problems } = await readAll(
      'good.ndjson',
      '{"id":1,"parent":null,"name":"Київ"}\n\n{"id":"b","parent":1,"name":"B","slug":"b","more":[]}',
    );

    expect(problems).toEqual([]);
    expect(rows).toEqual([
      { line: 1, id: '1', parent: null, name: 'Київ', slug: null },
      { line: 3, id: 'b', parent: '1', name: 'B', slug: 'b' },
    ]);
  });

  test('has lines that are no such objects reported', async () => {
    const { rows, problems } = await readAll(
      'bad.jsonl',
      '[1]\n{"id":1,\n{"id":{},"name":"A"}\n{"id":4,"name":true}\n',
    );

    expect(rows).toEqual([]);
    expect(problems).toEqual([
      { line: 1, message: 'not a JSON object' },
      { line: 2, message: 'not a JSON object' },
      { line: 3, message: 'id must be text or a number' },
      { line: 4, message: 'name must be text or a number' },
    ]);
  });
});

test('a file of another kind, or none at all, is refused with its name', async () => {
  await expect(readAll('tree.xlsx', '')).rejects.toThrow(/tree\.xlsx: the name must end in \.csv, \.ndjson or \.jsonl/);
  await expect(collect(readRows(join(folder, 'missing.csv')))).rejects.toThrow(/missing\.csv can't be opened/);
});
