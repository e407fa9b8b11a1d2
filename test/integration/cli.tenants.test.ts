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

const create = (name: string, ...flags: string[]): Promise<Json> =>
  cli.json('tenants', 'create', name, '--slug', uniqueSlug(), ...flags);

/** A root with three children, of which the first two have one child each. */
async function family() {
  const root = await create('Root');
  const [first, second, third] = [
    await create('First', '--under', root.id),
    await create('Second', '--under', root.id),
    await create('Third', '--under', root.id),
  ];
  const [nephew, niece] = [await create('Nephew', '--under', first.id), await create('Niece', '--under', second.id)];
  return { root, first, second, third, nephew, niece };
}

const shapeOf = (drawing: string) => drawing.split('\n').map((line) => line.split('  t_')[0]);

describe('stratum tenants create', () => {
  test('makes a slug of the name, takes a parent by its slug, and says what was made', async () => {
    const said = await cli.out('tenants', 'create', 'Größe & Söhne');
    expect(said).toMatch(/^created Größe & Söhne \(grosse_sohne, [0-9a-f-]{36}\)$/);

    const child = await cli.json('tenants', 'create', 'Child', '--under', 'grosse_sohne', '--metadata', '{"a":[1]}');
    expect(child).toMatchObject({ slug: 'child', ancestry_ltree: 'grosse_sohne.child', metadata: { a: [1] } });
  });

  test('refuses what the server refuses, with its code', async () => {
    const { slug } = await create('Taken');
    expect(await cli.refused('tenants', 'create', 'Other', '--slug', slug)).toMatchObject({
      code: 1,
      error: { code: 'TENANT_ALREADY_EXISTS' },
    });
    const { code, err } = await cli.run('tenants', 'create', 'Other', '--slug', 'No Slug');
    expect(code).toBe(1);
    expect(err).toMatch(/^stratum: VALIDATION_ERROR: .*\n {2}input\.slug must/);
  });
});

describe('stratum tenants list', () => {
  test('finds by text, by place and by status, in parts that lead to each other', async () => {
    const { root, first, second, third } = await family();
    await cli.out('tenants', 'suspend', third.slug);
    const slugs = (answer: Json) => answer.tenants.map(({ slug }: Json) => slug);

    expect(slugs(await cli.json('tenants', 'list', '--search', root.slug.toUpperCase()))).toEqual([root.slug]);
    expect(slugs(await cli.json('tenants', 'list', '--under', root.slug))).toEqual(
      [first, second, third].map((t) => t.slug),
    );
    expect(slugs(await cli.json('tenants', 'list', '--under', root.id, '--status', 'suspended'))).toEqual([third.slug]);
    expect(slugs(await cli.json('tenants', 'list', '--roots'))).not.toContain(first.slug);

    const part = await cli.run('tenants', 'list', '--under', root.id, '--limit', '2');
    expect(part.out.split('\n')[0]).toMatch(/^ID +SLUG +STATUS +DEPTH +NAME$/);
    const [, cursor = ''] = /there are more: --after (\S+)/.exec(part.err) ?? [];
    expect(slugs(await cli.json('tenants', 'list', '--under', root.id, '--after', cursor))).toEqual([third.slug]);
  });

  test('gives more than a page has when it is asked to', async () => {
    const { slug } = await create('Wide');
    const { id } = await cli.json('tenants', 'get', slug);
    const post = (tenants: object[]) =>
      fetch(`${server.url}/api/v1/tenants/batch`, {
        method: 'POST',
        headers: { 'x-api-key': server.apiKey, 'content-type': 'application/json' },
        body: JSON.stringify({ tenants }),
      });
    for (const half of [0, 1]) {
      const batch = Array.from({ length: 70 }, (_, n) => ({
        name: `Wide ${half} ${n}`,
        slug: uniqueSlug(),
        parent_id: id,
      }));
      expect((await post(batch)).ok).toBe(true);
    }
    expect((await cli.json('tenants', 'list', '--under', slug, '--limit', '135')).tenants).toHaveLength(135);
    expect(await cli.lines('tenants', 'tree', slug)).toHaveLength(141);
    const drawing = (await cli.out('tenants', 'tree', slug)).split('\n');
    expect(drawing.map((line) => line.slice(0, 7))).toEqual(['Wide  t', ...Array(139).fill('├─ Wide'), '└─ Wide']);
  });
});

describe('stratum tenants tree', () => {
  test('draws who lies below whom, with status and counts', async () => {
    const { root, second } = await family();
    await cli.out('tenants', 'suspend', (await create('Late', '--under', second.id)).id);

    const drawing = await cli.out('tenants', 'tree', root.slug);
    expect(shapeOf(drawing)).toEqual([
      'Root',
      '├─ First',
      '│  └─ Nephew',
      '├─ Second',
      '│  ├─ Niece',
      '│  └─ Late',
      '└─ Third',
    ]);
    expect(drawing).toContain(`Root  ${root.slug}  (6)`);
    expect(drawing).toMatch(/Late {2}t_\w+ {2}suspended$/m);
  });

  test('folds what lies deeper than it is asked for, and counts it', async () => {
    const { root, first } = await family();
    const folded = await cli.out('tenants', 'tree', root.id, '--depth', '1');
    expect(shapeOf(folded)).toEqual(['Root', '├─ First', '├─ Second', '└─ Third']);
    expect(folded).toContain(`${first.slug}  … 1 below`);
    expect(await cli.out('tenants', 'tree', root.id, '--depth', '0')).toBe(`Root  ${root.slug}  … 5 below`);
  });

  test('leaves the archived out with what lies below them, unless told', async () => {
    const { root, second, niece } = await family();
    await cli.out('tenants', 'suspend', niece.id);
    await cli.out('tenants', 'archive', second.id, '--yes');
    expect(shapeOf(await cli.out('tenants', 'tree', root.id))).toEqual([
      'Root',
      '├─ First',
      '│  └─ Nephew',
      '└─ Third',
    ]);
    const all = shapeOf(await cli.out('tenants', 'tree', root.id, '--archived'));
    expect(all).toEqual(['Root', '├─ First', '│  └─ Nephew', '├─ Second', '│  └─ Niece', '└─ Third']);
  });

  test('draws every tree there is, or the one where its key is at home', async () => {
    const { root, first } = await family();
    const forest = await cli.out('tenants', 'tree');
    expect(forest.split('\n').filter((line) => /^Root/.test(line)).length).toBeGreaterThan(1);
    const { plaintext_key: key } = await cli.json('keys', 'create', '--tenant', first.slug, '--scopes', 'read');
    const own = await cli.run('tenants', 'tree', '--api-key', key);
    expect(shapeOf(own.out.trimEnd())).toEqual(['First', '└─ Nephew']);
    expect((await cli.refused('tenants', 'tree', root.slug, '--api-key', key)).error.code).toBe('TENANT_NOT_FOUND');
  });
});

describe('stratum tenants', () => {
  test('gets a tenant of any status by its id or slug', async () => {
    const { id, slug } = await create('Seen', '--document', '{"plan":"gold"}');
    await cli.out('tenants', 'archive', id, '--yes');
    expect(await cli.json('tenants', 'get', slug)).toMatchObject({ id, status: 'archived', config: { plan: 'gold' } });
    expect(await cli.out('tenants', 'get', id.toUpperCase())).toMatch(/^document +\{"plan":"gold"\}$/m);
  });

  test('renames, updates and moves, unless something changed meanwhile', async () => {
    const { root, first, second } = await family();
    const { tree_revision: seen } = await cli.json('tenants', 'get', first.slug);
    expect(await cli.out('tenants', 'rename', first.slug, 'Premier')).toContain(`updated Premier (${first.slug}`);
    const late = await cli.refused('tenants', 'update', first.id, '--name', 'Late', '--if-revision', String(seen));
    expect(late).toMatchObject({ code: 1, error: { code: 'REVISION_MISMATCH' } });

    expect(await cli.json('tenants', 'move', first.slug, '--under', second.slug)).toMatchObject({
      parent_id: second.id,
    });
    expect((await cli.refused('tenants', 'move', root.id, '--under', first.id)).error.code).toBe(
      'TENANT_CYCLE_DETECTED',
    );
    expect(await cli.json('tenants', 'move', first.id, '--to-top')).toMatchObject({ parent_id: null, name: 'Premier' });
  });

  test('goes through the life of a tenant, and reports each wrong step', async () => {
    const { slug, id } = await create('Mortal');
    for (const [verb, said] of [
      ['suspend', 'suspended'],
      ['resume', 'resumed'],
      ['archive', 'archived'],
      ['resume', 'resumed'],
    ] as const) {
      expect(await cli.out('tenants', verb, slug, ...(verb === 'archive' ? ['--yes'] : []))).toContain(
        `${said} Mortal`,
      );
    }
    expect((await cli.refused('tenants', 'resume', slug)).error.code).toBe('TENANT_INVALID_STATE');
    expect(await cli.json('tenants', 'purge', slug, '--yes')).toMatchObject({ id });
    expect((await cli.refused('tenants', 'get', id)).error.code).toBe('TENANT_NOT_FOUND');
  });
});

describe('what can not be undone easily', () => {
  const purge = (slug: string, input: string) =>
    runCli(['tenants', 'purge', slug], { env: cli.env, input, columns: 80 });

  test('is done when a person types the name of what it is done to', async () => {
    const { slug } = await create('Gone');
    const { code, out, err } = await purge(slug, `${slug}\n`);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('purged') });
    expect(err).toContain(`Gone (${slug}) and all it owns will be gone`);
  });

  test.each(['yes\n', '\n', ''])('is not done when %j is typed', async (input) => {
    const { slug } = await create('Kept');
    expect(await purge(slug, input)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('nothing was changed'),
    });
    expect((await cli.json('tenants', 'get', slug)).status).toBe('active');
  });

  test('takes --yes where nobody can be asked', async () => {
    const { slug } = await create('Kept');
    expect(await cli.refused('tenants', 'archive', slug)).toMatchObject({ code: 2, error: { code: 'USAGE' } });
    expect((await cli.json('tenants', 'get', slug)).status).toBe('active');
  });
});

test.each([
  ['neither a place nor the top', ['tenants', 'move', 'x']],
  ['both', ['tenants', 'move', 'x', '--under', 'y', '--to-top']],
  ['nothing to change', ['tenants', 'update', 'x']],
  ['a status there is none', ['tenants', 'list', '--status', 'dead']],
  ['a limit of none', ['tenants', 'list', '--limit', '0']],
  ['metadata that is no object', ['tenants', 'create', 'x', '--metadata', '[1]']],
  ['two ways to search', ['tenants', 'list', '--under', 'x', '--roots']],
])('%s is misuse', async (_, argv) => {
  expect(await cli.refused(...argv)).toMatchObject({ code: 2, error: { code: 'USAGE' } });
});
