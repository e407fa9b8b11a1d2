import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { plainPaths } from '../../src/rest/plain-routes.ts';
import { routes } from '../../src/rest/routes.ts';
import { type Json, RestWorld } from '../support/rest-world.ts';

let world: RestWorld;
let document: Json;
beforeAll(async () => {
  world = await RestWorld.open();
  document = (await world.get('/openapi.json')).body;
});
afterAll(() => world[Symbol.asyncDispose]());

test('the document is valid OpenAPI 3.1, read without a key', async () => {
  const { statusCode, headers, body } = await world.app.server.inject({ url: '/api/v1/openapi.json' });
  expect(statusCode).toBe(200);
  expect(headers['content-type']).toMatch(/^application\/json/);
  expect(JSON.parse(body).openapi).toBe('3.1.1');
  const validator = new Validator();
  expect(await validator.validate(JSON.parse(body))).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

test('it describes exactly the routes there are', () => {
  const described = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} /api/v1${path}`),
  );
  const missing = described.filter((route) => {
    const [method, url] = route.split(' ');
    return !world.app.server.hasRoute({ method: method as 'GET', url: url!.replace(/\{(\w+)\}/g, ':$1') });
  });
  expect(missing).toEqual([]);
  expect(described.length).toBe(routes.length + Object.keys(plainPaths).length);
});

test('every operation has its own name, and every parameter of a path is described', () => {
  const operations = Object.entries<Record<string, Json>>(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, ...operation })),
  );
  const names = operations.map(({ operationId }) => operationId);
  expect(new Set(names).size).toBe(names.length);
  for (const { path, parameters = [] } of operations) {
    const described = parameters
      .filter((one: { in: string }) => one.in === 'path')
      .map(({ name }: { name: string }) => name);
    expect(described.sort(), path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort());
  }
});

test('its schemas have the names and types of REST', () => {
  const { Tenant, CreateTenantInput, ResolvedConfig, ErrorAnswer } = document.components.schemas;
  expect(Object.keys(Tenant.properties)).toHaveLength(17);
  expect(Tenant.properties).toMatchObject({
    parent_id: { type: ['string', 'null'], format: 'uuid' },
    config: { type: 'object' },
    status: { $ref: '#/components/schemas/TenantStatus' },
    created_at: { type: 'string', format: 'date-time' },
  });
  expect(CreateTenantInput.required).toEqual(['name', 'slug']);
  expect(ResolvedConfig.additionalProperties).toEqual({ $ref: '#/components/schemas/ResolvedConfigEntry' });
  expect(ErrorAnswer.required).toEqual(['error']);
  expect(JSON.stringify(document)).not.toMatch(/tagRoot|tagRevision|parentId|createdAt/);
});

test('limits that it states are the limits that hold', async () => {
  const { parameters } = document.paths['/tenants/{id}/children'].get;
  const { minimum, maximum } = parameters.find(({ name }: { name: string }) => name === 'limit').schema;
  const { id } = await world.tenant();
  for (const [limit, status] of [
    [minimum, 200],
    [maximum, 200],
    [minimum - 1, 400],
    [maximum + 1, 400],
  ]) {
    expect((await world.get(`/tenants/${id}/children?limit=${limit}`)).status).toBe(status);
  }
  const { maxItems } =
    document.paths['/tenants/{id}/config/batch'].put.requestBody.content['application/json'].schema.properties.entries;
  const entries = Array.from({ length: maxItems + 1 }, (_, index) => ({ key: `k${index}`, value: index }));
  expect((await world.put(`/tenants/${id}/config/batch`, { entries })).status).toBe(400);
  expect((await world.put(`/tenants/${id}/config/batch`, { entries: entries.slice(1) })).status).toBe(200);
});

test('the page needs nothing but this server', async () => {
  const { server } = world.app;
  const page = await server.inject({ url: '/api/docs' });
  expect(page).toMatchObject({ statusCode: 200, headers: { 'content-type': expect.stringMatching(/^text\/html/) } });
  const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) {
    expect(file).toMatch(/^\/api\/docs\//);
    expect((await server.inject({ url: file })).statusCode, file).toBe(200);
  }
  // Scripts of the page itself must not be needed, so that the policy may forbid them.
  expect(page.body).not.toMatch(/<script>[^<]/);
  expect((await server.inject({ url: '/api/docs/json' })).json()).toEqual(document);
});
