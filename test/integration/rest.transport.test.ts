import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RestWorld, uniqueSlug } from '../support/rest-world.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await RestWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

describe('what is no route', () => {
  test.each(['/', '/nothing', '/tenants/x/y/z', '/tenant', '/config', '/config/diff/x'])('404 for %s', async (url) => {
    expect(await world.get(url)).toMatchObject({
      status: 404,
      body: { error: { code: 'NOT_FOUND', message: expect.any(String) } },
    });
  });

  test.each([
    ['PUT', '/tenants', 'GET, HEAD, POST'],
    ['POST', '/tenants/x', 'GET, HEAD, PATCH, DELETE'],
    ['GET', '/tenants/x/move', 'POST'],
    ['GET', '/tenants/x/config/k', 'PUT, DELETE'],
    ['POST', '/config/diff', 'GET, HEAD'],
    ['POST', '/health', 'GET, HEAD'],
    ['DELETE', '/openapi.json', 'GET, HEAD'],
  ])('405 for %s %s, with what is allowed', async (method, url, allow) => {
    const { status, headers, body } = await world.request(method, url);
    expect(status).toBe(405);
    expect(body.error.code).toBe('METHOD_NOT_ALLOWED');
    expect(headers['allow']!.split(', ').sort()).toEqual(allow.split(', ').sort());
  });

  test('collections answer with a slash at the end, things do not', async () => {
    const { id } = await world.tenant();
    expect((await world.get('/tenants/')).status).toBe(200);
    expect((await world.get(`/tenants/${id}/config/`)).status).toBe(200);
    expect((await world.get(`/tenants/${id}/permissions/`)).status).toBe(200);
    expect((await world.get(`/tenants/${id}/`)).status).toBe(404);
    expect((await world.post('/tenants/', { name: 'A', slug: uniqueSlug() })).status).toBe(201);
  });

  test('HEAD answers what GET would, without the body', async () => {
    const { id } = await world.tenant();
    const get = await world.get(`/tenants/${id}`);
    const head = await world.request('HEAD', `/tenants/${id}`);
    expect(head).toMatchObject({
      status: 200,
      body: '',
      headers: { etag: get.headers['etag'], 'content-length': get.headers['content-length'] },
    });
  });
});

describe('what is no JSON', () => {
  const send = (body: string, type = 'application/json') =>
    world.refused(
      'POST',
      '/tenants',
      { body, headers: { 'content-type': type } },
      expect.any(Number) as unknown as number,
      'VALIDATION_ERROR',
    );

  test('400 for a broken body', async () => {
    for (const body of ['{', '{"a":}', 'null', '"x"', '[]', '{"name":"a","__proto__":{"slug":"a"}}']) {
      const { error } = await send(body);
      expect(error.message).toEqual(expect.any(String));
      expect((await world.request('POST', '/tenants', { body })).status).toBe(400);
    }
  });

  test('413 and 415 for a body that is too large or of another kind', async () => {
    const large = JSON.stringify({ name: 'x'.repeat(1_100_000), slug: 'a' });
    await world.refused('POST', '/tenants', { body: large }, 413, 'VALIDATION_ERROR');
    await world.refused(
      'POST',
      '/tenants',
      { body: '<a/>', headers: { 'content-type': 'application/xml' } },
      415,
      'VALIDATION_ERROR',
    );
    await world.refused(
      'POST',
      '/tenants',
      { body: 'text', headers: { 'content-type': 'text/plain' } },
      400,
      'VALIDATION_ERROR',
    );
  });
});

describe('Idempotency-Key', () => {
  test('a repeated POST gets the first answer and does nothing', async () => {
    const body = { name: 'Once', slug: uniqueSlug() };
    const headers = { 'idempotency-key': uniqueSlug() };
    const first = await world.post('/tenants', body, headers);
    const before = await world.counts();
    const again = await world.post('/tenants', body, headers);
    expect(first.status).toBe(201);
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers).toMatchObject({ location: first.headers['location'], 'idempotency-replayed': 'true' });
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    expect(await world.counts()).toEqual(before);
  });

  test('an answer without a body is repeated without one', async () => {
    const { id } = await world.tenant();
    const headers = { 'idempotency-key': uniqueSlug() };
    expect(await world.request('POST', `/tenants/${id}/purge`, { headers })).toMatchObject({ status: 204, body: '' });
    expect(await world.request('POST', `/tenants/${id}/purge`, { headers })).toMatchObject({ status: 204, body: '' });
  });

  test('422 for another request with the same key', async () => {
    const headers = { 'idempotency-key': uniqueSlug() };
    await world.post('/tenants', { name: 'Once', slug: uniqueSlug() }, headers);
    await world.refused(
      'POST',
      '/tenants',
      { body: { name: 'Twice', slug: uniqueSlug() }, headers },
      422,
      'IDEMPOTENCY_KEY_REUSED',
    );
  });

  test('a refused request may be repeated', async () => {
    const { slug } = await world.tenant();
    const headers = { 'idempotency-key': uniqueSlug() };
    const body = { name: 'A', slug };
    await world.refused('POST', '/tenants', { body, headers }, 409, 'TENANT_ALREADY_EXISTS');
    await world.refused('POST', '/tenants', { body, headers }, 409, 'TENANT_ALREADY_EXISTS');
  });

  test('many at once carry it out once', async () => {
    const headers = { 'idempotency-key': uniqueSlug() };
    const body = { name: 'Once', slug: uniqueSlug() };
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.post('/tenants', body, headers)));
    const created = answers.filter(({ status }) => status === 201).map((answer) => answer.body.id);
    expect(new Set(created).size).toBe(1);
    expect(answers.filter(({ status }) => status !== 201).map((answer) => answer.body.error.code)).toEqual(
      answers.filter(({ status }) => status !== 201).map(() => 'IDEMPOTENCY_KEY_IN_USE'),
    );
    expect((await world.sql('select 1 from tenants where slug = $1', [body.slug])).length).toBe(1);
  });

  test('400 for a key that is empty or too long', async () => {
    const body = { name: 'A', slug: uniqueSlug() };
    for (const key of ['', 'x'.repeat(256)]) {
      await world.refused('POST', '/tenants', { body, headers: { 'idempotency-key': key } }, 400, 'VALIDATION_ERROR');
    }
  });

  test('400 for a body that is nested deeper than it could be written again', async () => {
    const body = `{"metadata":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
    await world.refused('POST', '/tenants', { body, headers: { 'idempotency-key': 'deep' } }, 400, 'VALIDATION_ERROR');
  });
});

test('no key, and a wrong one, are 401 on every route of the table', async () => {
  const { body } = await world.get('/openapi.json');
  const operations = Object.entries<Record<string, { security?: unknown[] }>>(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { security }]) => security === undefined)
      .map(([method]) => ({
        method: method.toUpperCase(),
        url: path.replace(/\{\w+\}/g, '0193a5b0-0000-7000-8000-000000000000'),
      })),
  );
  expect(operations.length).toBeGreaterThan(20);
  for (const { method, url } of operations) {
    for (const key of ['', 'sk_test_wrong']) {
      expect(await world.request(method, url, { headers: { 'x-api-key': key } }), `${method} ${url}`).toMatchObject({
        status: 401,
        body: { error: { code: 'UNAUTHORIZED' } },
      });
    }
  }
});
