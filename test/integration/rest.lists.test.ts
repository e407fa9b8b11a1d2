import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RestWorld, unknownId } from '../support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await RestWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

type Named = { id: string; name: string };
const names = (tenants: Named[]) => tenants.map(({ name }) => name);

/** A root with two branches, each with leaves, and one that is archived. */
async function tree() {
  const root = await world.tenant({ name: 'root' });
  const a = await world.tenant({ name: 'a', parent_id: root.id });
  const b = await world.tenant({ name: 'b', parent_id: root.id });
  const a1 = await world.tenant({ name: 'a1', parent_id: a.id });
  await world.tenant({ name: 'b1', parent_id: b.id });
  const gone = await world.tenant({ name: 'gone', parent_id: a.id });
  await world.delete(`/tenants/${gone.id}`);
  return { root, a, b, a1 };
}

/** Follows `Link` from page to page. */
async function follow(url: string): Promise<Named[][]> {
  const pages: Named[][] = [];
  for (let next: string | undefined = url; next !== undefined; ) {
    const { status, headers, body } = await world.get(next);
    expect(status).toBe(200);
    pages.push(body);
    const [, linked] = /^<\/api\/v1(.*)>; rel="next"$/.exec(headers['link'] ?? '') ?? [];
    expect(linked === undefined).toBe(headers['x-next-cursor'] === undefined);
    next = linked;
  }
  return pages;
}

describe('GET /tenants', () => {
  test('pages through all active tenants, oldest first', async () => {
    const { root } = await tree();
    const seen: Named[] = [];
    let cursor = '';
    for (;;) {
      const { status, body } = await world.get(`/tenants?limit=2${cursor}`);
      expect(status).toBe(200);
      seen.push(...body.data);
      expect(body.next_cursor).toBe(body.has_more ? body.data.at(-1).id : null);
      if (!body.has_more) {
        break;
      }
      cursor = `&cursor=${body.next_cursor}`;
    }
    const ids = seen.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(names(seen)).toEqual(expect.arrayContaining(['root', 'a', 'b', 'a1', 'b1']));
    expect(names(seen)).not.toContain('gone');
    expect(ids).toContain(root.id);
  });

  test('answers 50 unless told', async () => {
    const item = (index: number) => ({ name: `n${index}`, slug: `many_${index}` });
    await world.post('/tenants/batch', { tenants: Array.from({ length: 60 }, (_, index) => item(index)) });
    const { body } = await world.get('/tenants');
    expect(body.data).toHaveLength(50);
    expect(body.has_more).toBe(true);
    expect((await world.get('/tenants/')).body.data).toHaveLength(50);
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=-1',
    'limit=x',
    'limit=',
    'limit=1.5',
    'limit=1&limit=2',
    'cursor=x',
    'cursor=',
  ])('400 for %s', async (query) => {
    const field = query.split('=', 1)[0];
    expect(await world.get(`/tenants?${query}`)).toMatchObject({
      status: 400,
      body: { error: { code: 'VALIDATION_ERROR', issues: [{ path: [field] }] } },
    });
  });
});

describe('bare arrays', () => {
  test('ancestors: root first, whatever their status', async () => {
    const { root, a, a1 } = await tree();
    expect((await world.get(`/tenants/${a1.id}/ancestors`)).body).toEqual([root, a]);
    expect((await world.get(`/tenants/${root.id}/ancestors`)).body).toEqual([]);
    expect((await follow(`/tenants/${a1.id}/ancestors?limit=1`)).map(names)).toEqual([['root'], ['a']]);
  });

  test('children: active ones in their order', async () => {
    const { root, b } = await tree();
    await world.post(`/tenants/${b.id}/reorder`, { position: 0 });
    expect(names((await world.get(`/tenants/${root.id}/children`)).body)).toEqual(['b', 'a']);
    expect((await follow(`/tenants/${root.id}/children?limit=1`)).map(names)).toEqual([['b'], ['a']]);
    expect((await world.get(`/tenants/${b.id}/children?limit=100`)).headers).not.toHaveProperty('link');
  });

  test('descendants: active ones, each parent before its children', async () => {
    const { root } = await tree();
    expect(names((await world.get(`/tenants/${root.id}/descendants`)).body)).toEqual(['a', 'a1', 'b', 'b1']);
    expect((await follow(`/tenants/${root.id}/descendants?limit=3`)).map(names)).toEqual([['a', 'a1', 'b'], ['b1']]);
  });

  test('a cursor without a limit streams the rest', async () => {
    const { root } = await tree();
    const { headers } = await world.get(`/tenants/${root.id}/descendants?limit=2`);
    const rest = await world.get(
      `/tenants/${root.id}/descendants?cursor=${encodeURIComponent(headers['x-next-cursor']!)}`,
    );
    expect(names(rest.body)).toEqual(['b', 'b1']);
    expect(rest.headers).not.toHaveProperty('link');
  });

  test('are whole over the border of a page, and empty where there is nothing', async () => {
    const root = await world.tenant();
    const children = Array.from({ length: 100 }, (_, index) => ({
      name: `c${index}`,
      slug: `c_${index}`,
      parent_id: root.id,
    }));
    expect((await world.get(`/tenants/${root.id}/children`)).body).toEqual([]);
    await world.post('/tenants/batch', { tenants: children });
    expect((await world.get(`/tenants/${root.id}/children`)).body).toHaveLength(100);
    await world.tenant({ name: 'c100', parent_id: root.id });
    expect(names((await world.get(`/tenants/${root.id}/children`)).body)).toEqual([
      ...children.map(({ name }) => name),
      'c100',
    ]);
  });

  test.each(['ancestors', 'children', 'descendants'])('%s: 400 and 404 are proper errors', async (list) => {
    const { root } = await tree();
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=x']) {
      const field = query.split('=', 1)[0];
      expect(await world.get(`/tenants/${root.id}/${list}?${query}`)).toMatchObject({
        status: 400,
        body: { error: { code: 'VALIDATION_ERROR', issues: [{ path: [field] }] } },
      });
    }
    expect((await world.get(`/tenants/x/${list}`)).body.error.code).toBe('VALIDATION_ERROR');
    expect(await world.get(`/tenants/${unknownId}/${list}`)).toMatchObject({
      status: 404,
      body: { error: { code: 'TENANT_NOT_FOUND' } },
    });
  });

  test.each(['ancestors', 'children', 'descendants'])('%s: HEAD answers without a body', async (list) => {
    const { root } = await tree();
    expect(await world.request('HEAD', `/tenants/${root.id}/${list}`)).toMatchObject({ status: 200, body: '' });
    expect((await world.request('HEAD', `/tenants/${unknownId}/${list}`)).status).toBe(404);
  });
});
