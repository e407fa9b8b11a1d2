import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newRegion } from '../support/regions.ts';
import { RestWorld } from '../support/rest-world.ts';

const region = uuidv7();
let world: RestWorld;
beforeAll(async () => {
  world = await RestWorld.open();
  await newRegion(world, 'active', region);
});
afterAll(() => world[Symbol.asyncDispose]());

const reads = ['', '/config', '/config/inheritance', '/permissions', '/context'];

async function tagOf(id: string, read = ''): Promise<string> {
  const { headers } = await world.get(`/tenants/${id}${read}`);
  expect(headers['etag']).toMatch(/^"[0-9a-f]{12}-\d+"$/);
  return headers['etag']!;
}

describe('If-None-Match', () => {
  test.each(reads)('GET /tenants/:id%s answers 304 until anything changes in the tree', async (read) => {
    const root = await world.tenant();
    const tenant = await world.tenant({ parent_id: root.id });
    const path = `/tenants/${tenant.id}${read}`;
    const tag = await tagOf(tenant.id, read);
    for (const held of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
      expect(await world.get(path, { 'if-none-match': held })).toMatchObject({
        status: 304,
        body: '',
        headers: { etag: tag },
      });
    }
    expect((await world.request('HEAD', path, { headers: { 'if-none-match': tag } })).status).toBe(304);
    expect((await world.get(path, { 'if-none-match': '"x"' })).status).toBe(200);

    await world.put(`/tenants/${root.id}/config/k`, { value: 1 });
    const again = await world.get(path, { 'if-none-match': tag });
    expect(again.status).toBe(200);
    expect(again.headers['etag']).not.toBe(tag);
  });

  test('a refused read stays refused', async () => {
    const tenant = await world.tenant();
    const tag = await tagOf(tenant.id);
    await world.delete(`/tenants/${tenant.id}`);
    expect((await world.get(`/tenants/${tenant.id}`, { 'if-none-match': tag })).status).toBe(410);
    expect((await world.get(`/tenants/${tenant.id}`, { 'if-none-match': '*' })).status).toBe(410);
  });

  test('a tag never outlives what it stands for, however reads and writes meet', async () => {
    const tenant = await world.tenant();
    const path = `/tenants/${tenant.id}/config`;
    const seen: { tag: string; body: unknown }[] = [];
    const reading = async () => {
      for (let round = 0; round < 40; round++) {
        const { headers, body } = await world.get(path);
        seen.push({ tag: headers['etag']!, body });
      }
    };
    const writing = async () => {
      for (let value = 0; value < 25; value++) {
        await world.put(`${path}/k`, { value });
      }
    };
    await Promise.all([reading(), reading(), writing()]);

    const final = await world.get(path);
    const stale = seen
      .filter(({ tag }) => tag === final.headers['etag'])
      .filter(({ body }) => JSON.stringify(body) !== JSON.stringify(final.body));
    expect(stale).toEqual([]);
    // A tag of a revision at which the key was written already must come with that value, not with the one before.
    const values = new Map<string, Set<string>>();
    for (const { tag, body } of seen) {
      values.set(tag, (values.get(tag) ?? new Set()).add(JSON.stringify(body)));
    }
    expect([...values.values()].every((bodies) => bodies.size === 1)).toBe(true);
  });
});

describe('If-Match', () => {
  test('lets a write through when the thing is as it was, whatever else changed in the tree', async () => {
    const root = await world.tenant();
    const tenant = await world.tenant({ parent_id: root.id });
    const tag = await tagOf(tenant.id);
    await world.put(`/tenants/${root.id}/config/k`, { value: 1 });
    expect((await world.patch(`/tenants/${tenant.id}`, { name: 'B' }, { 'if-match': tag })).status).toBe(200);
  });

  test('the tag of a write lets the next one through, and not one from before it', async () => {
    const tenant = await world.tenant();
    const old = await tagOf(tenant.id);
    const { headers } = await world.patch(`/tenants/${tenant.id}`, { name: 'B' });
    await world.refused(
      'PATCH',
      `/tenants/${tenant.id}`,
      { body: { name: 'C' }, headers: { 'if-match': old } },
      412,
      'REVISION_MISMATCH',
    );
    expect((await world.patch(`/tenants/${tenant.id}`, { name: 'C' }, { 'if-match': headers['etag']! })).status).toBe(
      200,
    );
    expect((await world.patch(`/tenants/${tenant.id}`, { name: 'D' }, { 'if-match': '*' })).status).toBe(200);
  });

  test.each([
    ['PATCH', '', { name: 'X' }],
    ['DELETE', '', undefined],
    ['POST', '/move', { new_parent_id: null }],
    ['POST', '/reorder', { position: 0 }],
    ['POST', '/migrate-region', { region_id: region }],
    ['POST', '/suspend', undefined],
    ['POST', '/archive', undefined],
    ['POST', '/purge', undefined],
    ['PUT', '/config/k', { value: 2 }],
    ['PUT', '/config/batch', { entries: [{ key: 'k', value: 2 }] }],
    ['DELETE', '/config/k', undefined],
  ])('412 for %s /tenants/:id%s after a change, or with a tag of another tree', async (method, path, body) => {
    const parent = await world.tenant();
    const tenant = await world.tenant({ parent_id: parent.id });
    const other = await world.tenant();
    await world.put(`/tenants/${tenant.id}/config/k`, { value: 0 });
    const old = await tagOf(tenant.id);
    await world.patch(`/tenants/${tenant.id}`, { name: 'changed' });
    await world.put(`/tenants/${tenant.id}/config/k`, { value: 1 });
    const ahead = (await tagOf(tenant.id)).replace(/-\d+"/, '-999999"');
    for (const held of [old, ahead, await tagOf(other.id), `W/${await tagOf(tenant.id)}`, '"x"', 'x', '']) {
      const options = { headers: { 'if-match': held }, ...(body !== undefined && { body }) };
      const code =
        path === '/config/batch' && [old, ahead].includes(held)
          ? expect.toBeOneOf([undefined, 'REVISION_MISMATCH'])
          : 'REVISION_MISMATCH';
      await world.refused(method, `/tenants/${tenant.id}${path}`, options, 412, code);
    }
    const current = { headers: { 'if-match': await tagOf(tenant.id) }, ...(body !== undefined && { body }) };
    expect((await world.request(method, `/tenants/${tenant.id}${path}`, current)).status).toBeLessThan(300);
  });

  test('412 for a policy that was changed or moved away', async () => {
    const tenant = await world.tenant();
    const policy = await world.permission(tenant.id, { key: 'k' });
    const path = `/tenants/${tenant.id}/permissions/${policy.id}`;
    const old = await tagOf(tenant.id, '/permissions');
    expect((await world.patch(path, { value: 1 }, { 'if-match': old })).status).toBe(200);
    await world.refused('PATCH', path, { body: { value: 2 }, headers: { 'if-match': old } }, 412, 'REVISION_MISMATCH');
    await world.refused('DELETE', path, { headers: { 'if-match': old } }, 412, 'REVISION_MISMATCH');
    expect((await world.delete(path, { 'if-match': await tagOf(tenant.id, '/permissions') })).status).toBe(204);
  });

  test('a tag from before a move to another tree names nothing any more', async () => {
    const [from, to] = [await world.tenant(), await world.tenant()];
    const tenant = await world.tenant({ parent_id: from.id });
    const old = await tagOf(tenant.id);
    await world.post(`/tenants/${tenant.id}/move`, { new_parent_id: to.id });
    await world.refused(
      'PATCH',
      `/tenants/${tenant.id}`,
      { body: { name: 'X' }, headers: { 'if-match': old } },
      412,
      'REVISION_MISMATCH',
    );
  });
});
