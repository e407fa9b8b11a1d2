import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RestWorld, uniqueSlug, unknownId } from '../support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await RestWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const malformed = ['not-a-uuid', '1', '%00', '0193a5b0-0000-7000-8000-00000000000g'];

describe('POST /tenants', () => {
  test('201 answers the seventeen fields of a tenant with its location', async () => {
    const parent = await world.tenant({ slug: 'acme_corp' });
    const fields = {
      name: 'Client A',
      slug: 'client_a',
      parent_id: parent.id,
      config: { x: 1 },
      metadata: { planName: 'gold' },
    };

    const { status, headers, body } = await world.post('/tenants', {
      ...fields,
      isolation_strategy: 'SHARED_RLS',
      region_id: null,
    });

    expect(status).toBe(201);
    expect(headers['location']).toBe(`/api/v1/tenants/${body.id}`);
    expect(body).toEqual({
      ...fields,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ancestry_path: `/${parent.id}`,
      ancestry_ltree: 'acme_corp.client_a',
      depth: 1,
      isolation_strategy: 'SHARED_RLS',
      status: 'active',
      deleted_at: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: body.created_at,
      connection_config: null,
      region_id: null,
      sort_order: 0,
    });
    expect((await world.get(headers['location']!.slice('/api/v1'.length))).body).toEqual(body);
  });

  test('201 makes a root of a tenant without a parent, with defaults, and ignores unknown fields', async () => {
    const root = await world.tenant({ id: unknownId, status: 'archived', constructor: 1, parentId: unknownId });
    expect(root).toMatchObject({
      parent_id: null,
      ancestry_path: '/',
      depth: 0,
      config: {},
      metadata: {},
      status: 'active',
    });
    expect(root).toMatchObject({ isolation_strategy: 'SHARED_RLS', region_id: null });
    expect((await world.tenant({ parent_id: null })).depth).toBe(0);
  });

  test('400 names everything that is wrong, under the names of REST', async () => {
    const body = { slug: 5, parent_id: {}, isolation_strategy: 'NONE', name: null };
    const { error } = await world.refused('POST', '/tenants', { body }, 400, 'VALIDATION_ERROR');
    expect(error.issues.map(({ path }: { path: string[] }) => path.join('.')).sort()).toEqual([
      'isolation_strategy',
      'name',
      'parent_id',
      'slug',
    ]);
  });

  test.each([
    ['no name', { slug: 'a' }, ['name']],
    ['no slug', { name: 'A' }, ['slug']],
    ['an empty name', { name: '', slug: 'a' }, ['name']],
    ['a name of 256 characters', { name: 'é'.repeat(256), slug: 'a' }, ['name']],
    ['NUL in the name', { name: 'a\0b', slug: 'a' }, ['name']],
    ['half a surrogate pair', { name: 'a\ud800', slug: 'a' }, ['name']],
    ['a slug in capitals', { name: 'A', slug: 'Abc' }, ['slug']],
    ['a slug of 64 characters', { name: 'A', slug: 'a'.repeat(64) }, ['slug']],
    ['a parent that is no UUID', { name: 'A', slug: 'a', parent_id: 'x' }, ['parent_id']],
    ['a region that is no UUID', { name: 'A', slug: 'a', region_id: 'x' }, ['region_id']],
    ['config that is no object', { name: 'A', slug: 'a', config: [] }, ['config']],
    ['metadata that is no object', { name: 'A', slug: 'a', metadata: 'x' }, ['metadata']],
    ['NUL in metadata', { name: 'A', slug: 'a', metadata: { 'a\0': 1 } }, ['metadata']],
    ['no object at all', [], []],
  ])('400 for %s', async (_, body, path) => {
    const { error } = await world.refused('POST', '/tenants', { body }, 400, 'VALIDATION_ERROR');
    expect(error.issues.map((issue: { path: string[] }) => issue.path)).toContainEqual(path);
  });

  test('201 keeps a name of 255 characters of any script', async () => {
    const name = '𝔄ه日'.repeat(85);
    expect((await world.tenant({ name })).name).toBe(name);
  });

  test('403, 404 and 410 for a parent that is suspended, missing or archived', async () => {
    const suspended = await world.tenantThatIs('suspended');
    const archived = await world.tenantThatIs('archived');
    const under = (parent_id: string) => ({ body: { name: 'A', slug: uniqueSlug(), parent_id } });
    await world.refused('POST', '/tenants', under(suspended.id), 403, 'TENANT_SUSPENDED');
    await world.refused('POST', '/tenants', under(unknownId), 404, 'TENANT_NOT_FOUND');
    await world.refused('POST', '/tenants', under(archived.id), 410, 'TENANT_ARCHIVED');
  });

  test('409 for a slug that is taken, also by an archived tenant', async () => {
    const { slug } = await world.tenantThatIs('archived');
    await world.refused('POST', '/tenants', { body: { name: 'A', slug } }, 409, 'TENANT_ALREADY_EXISTS');
  });
});

describe('POST /tenants/batch', () => {
  test('201 creates all, parents of the same batch by slug included', async () => {
    const parent = await world.tenant();
    const [first, second] = [uniqueSlug(), uniqueSlug()];
    const tenants = [
      { name: 'One', slug: first, parent_id: parent.id },
      { name: 'Two', slug: second, parent_slug: first, config: { a: 1 } },
    ];
    const { status, body } = await world.post('/tenants/batch', { tenants });
    expect(status).toBe(201);
    expect(body.errors).toEqual([]);
    expect(body.created).toMatchObject([
      { slug: first, parent_id: parent.id, depth: 1 },
      { slug: second, parent_id: body.created[0].id, depth: 2, config: { a: 1 } },
    ]);
  });

  test('409 creates nothing and names the item', async () => {
    const { slug } = await world.tenant();
    const tenants = [
      { name: 'One', slug: uniqueSlug() },
      { name: 'Two', slug },
    ];
    const body = await world.refused('POST', '/tenants/batch', { body: { tenants } }, 409, 'TENANT_ALREADY_EXISTS');
    expect(body).toEqual({
      error: {
        code: 'TENANT_ALREADY_EXISTS',
        message: expect.any(String),
        details: expect.objectContaining({ index: 1 }),
      },
      created: [],
      errors: [{ index: 1, slug, error: body.error.message }],
    });
  });

  test('404 for a parent that is nowhere', async () => {
    const tenants = [{ name: 'One', slug: uniqueSlug(), parent_id: unknownId }];
    expect(await world.refused('POST', '/tenants/batch', { body: { tenants } }, 404, 'TENANT_NOT_FOUND')).toMatchObject(
      {
        created: [],
        errors: [{ index: 0, slug: tenants[0]!.slug }],
      },
    );
  });

  test('400 reports each item that does not fit', async () => {
    const tenants = [
      { name: 'One' },
      { name: 'Two', slug: uniqueSlug() },
      { slug: uniqueSlug(), parent_id: 5.5, name: {} },
    ];
    const body = await world.refused('POST', '/tenants/batch', { body: { tenants } }, 400, 'VALIDATION_ERROR');
    expect(body.error.issues.map(({ path }: { path: unknown[] }) => path)).toEqual(
      expect.arrayContaining([
        ['tenants', 0, 'slug'],
        ['tenants', 2, 'name'],
      ]),
    );
    expect(body).toMatchObject({
      created: [],
      errors: [
        { index: 0, slug: null },
        { index: 2, slug: tenants[2]!.slug },
      ],
    });
  });

  test.each([
    ['an empty list', { tenants: [] }],
    ['101 items', { tenants: Array.from({ length: 101 }, () => ({ name: 'A', slug: uniqueSlug() })) }],
    ['no list', {}],
    ['something else', { tenants: 'all' }],
  ])('400 for %s', async (_, body) => {
    expect(await world.refused('POST', '/tenants/batch', { body }, 400, 'VALIDATION_ERROR')).toMatchObject({
      error: { issues: [{ path: ['tenants'] }] },
      created: [],
      errors: [],
    });
  });
});

describe('GET /tenants/:id', () => {
  test('200, also for the id in capitals', async () => {
    const tenant = await world.tenant();
    expect(await world.get(`/tenants/${tenant.id.toUpperCase()}`)).toMatchObject({ status: 200, body: tenant });
  });

  test.each(malformed)('400 for the id %s', async (id) => {
    expect(await world.get(`/tenants/${id}`)).toMatchObject({
      status: 400,
      body: { error: { code: 'VALIDATION_ERROR', issues: [{ path: ['id'] }] } },
    });
  });

  test('403, 404 and 410 for a tenant that is suspended, missing or archived', async () => {
    const { id: suspended } = await world.tenantThatIs('suspended');
    const { id: archived } = await world.tenantThatIs('archived');
    expect(await world.get(`/tenants/${suspended}`)).toMatchObject({
      status: 403,
      body: { error: { code: 'TENANT_SUSPENDED', details: { tenant_id: suspended } } },
    });
    expect(await world.get(`/tenants/${unknownId}`)).toMatchObject({
      status: 404,
      body: { error: { code: 'TENANT_NOT_FOUND' } },
    });
    expect(await world.get(`/tenants/${archived}`)).toMatchObject({
      status: 410,
      body: { error: { code: 'TENANT_ARCHIVED' } },
    });
  });
});

describe('PATCH /tenants/:id', () => {
  test('200 changes what is given, objects as a whole', async () => {
    const tenant = await world.tenant({ config: { a: 1, b: 2 }, metadata: { x: 1 } });
    const slug = uniqueSlug();
    const { status, body } = await world.patch(`/tenants/${tenant.id}`, {
      name: 'Renamed',
      slug,
      config: { c: 3 },
      depth: 9,
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      ...tenant,
      name: 'Renamed',
      slug,
      ancestry_ltree: slug,
      config: { c: 3 },
      updated_at: expect.any(String),
    });
  });

  test('200 for an empty change', async () => {
    const tenant = await world.tenant();
    expect(await world.patch(`/tenants/${tenant.id}`, {})).toMatchObject({ status: 200, body: { name: tenant.name } });
  });

  test('400, 403, 404, 409 and 410 leave it as it is', async () => {
    const [one, other] = [await world.tenant(), await world.tenant()];
    const suspended = await world.tenantThatIs('suspended');
    const archived = await world.tenantThatIs('archived');
    await world.refused('PATCH', `/tenants/${one.id}`, { body: { name: '' } }, 400, 'VALIDATION_ERROR');
    await world.refused('PATCH', `/tenants/${one.id}`, { body: { slug: null } }, 400, 'VALIDATION_ERROR');
    await world.refused('PATCH', `/tenants/${one.id}`, {}, 400, 'VALIDATION_ERROR');
    await world.refused('PATCH', `/tenants/${suspended.id}`, { body: { name: 'A' } }, 403, 'TENANT_SUSPENDED');
    await world.refused('PATCH', `/tenants/${unknownId}`, { body: { name: 'A' } }, 404, 'TENANT_NOT_FOUND');
    await world.refused('PATCH', `/tenants/${one.id}`, { body: { slug: other.slug } }, 409, 'TENANT_ALREADY_EXISTS');
    await world.refused('PATCH', `/tenants/${archived.id}`, { body: { name: 'A' } }, 410, 'TENANT_ARCHIVED');
  });
});

describe('GET /tenants/:id/context', () => {
  test('200 answers the flat context, the tenant and its ancestors', async () => {
    const root = await world.tenant();
    const tenant = await world.tenant({ parent_id: root.id });
    await world.config(root.id, { theme: 'dark' });
    await world.permission(root.id, { key: 'read_all' });
    const { status, body } = await world.get(`/tenants/${tenant.id}/context`);
    expect(status).toBe(200);
    expect(body).toEqual({
      tenant_id: tenant.id,
      ancestry_path: `/${root.id}`,
      depth: 1,
      isolation_strategy: 'SHARED_RLS',
      resolved_config: (await world.get(`/tenants/${tenant.id}/config`)).body,
      resolved_permissions: (await world.get(`/tenants/${tenant.id}/permissions`)).body,
      tenant,
      ancestors: [root],
      revision: expect.any(Number),
    });
    expect(Object.keys(body.resolved_config)).toEqual(['theme']);
    expect(Object.keys(body.resolved_permissions)).toEqual(['read_all']);
  });

  test('400, 403, 404 and 410', async () => {
    const suspended = await world.tenantThatIs('suspended');
    const archived = await world.tenantThatIs('archived');
    expect((await world.get('/tenants/x/context')).status).toBe(400);
    expect((await world.get(`/tenants/${suspended.id}/context`)).body.error.code).toBe('TENANT_SUSPENDED');
    expect((await world.get(`/tenants/${unknownId}/context`)).body.error.code).toBe('TENANT_NOT_FOUND');
    expect((await world.get(`/tenants/${archived.id}/context`)).body.error.code).toBe('TENANT_ARCHIVED');
  });
});
