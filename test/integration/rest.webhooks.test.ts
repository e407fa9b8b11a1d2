import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Json, RestWorld, unknownId } from '../support/rest-world.ts';
import { failedDelivery } from '../support/webhooks.ts';

let world: RestWorld;
beforeAll(async () => {
  world = await RestWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const url = 'https://hooks.example.com/x';

/** A new webhook, as its answer shows it. */
async function newWebhook(fields: Record<string, unknown> = {}): Promise<Json> {
  const { status, body } = await world.post('/webhooks', { url, events: ['*'], ...fields });
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}

/** Somebody who may do everything in a tenant and below. */
async function keyOf(tenant: Json, scopes = ['admin']): Promise<Record<string, string>> {
  const { body } = await world.post('/api-keys', { tenant_id: tenant.id, scopes });
  return { 'x-api-key': body.plaintext_key };
}

const idsOf = (body: Json): string[] => body.map(({ id }: Json) => id);

describe('/webhooks', () => {
  test('are made with a secret of the caller, which no answer shows', async () => {
    const tenant = await world.tenant();
    const { status, headers, body } = await world.post('/webhooks', {
      url,
      secret: 'planted-marker-of-a-secret',
      events: ['tenant.created', 'config.updated'],
      tenant_id: tenant.id,
      description: 'Billing',
    });
    expect(status).toBe(201);
    expect(headers['location']).toBe(`/api/v1/webhooks/${body.id}`);
    expect(body).toEqual({
      id: expect.any(String),
      tenant_id: tenant.id,
      url,
      events: ['tenant.created', 'config.updated'],
      subtree: true,
      ordered: false,
      active: true,
      disabled_reason: null,
      failing_since: null,
      description: 'Billing',
      created_at: expect.stringMatching(/\.\d{3}Z$/),
      updated_at: expect.stringMatching(/\.\d{3}Z$/),
    });
    expect((await world.get(`/webhooks/${body.id}`)).body).toEqual(body);
  });

  test('are made with a secret of the server, which one answer shows', async () => {
    const { secret, ...webhook } = await newWebhook({ subtree: false, ordered: true });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(webhook).toMatchObject({ tenant_id: null, subtree: false, ordered: true });
    expect((await world.get(`/webhooks/${webhook.id}`)).body).toEqual(webhook);
    const list = (await world.get('/webhooks')).body;
    expect(list).toContainEqual(webhook);
    expect(JSON.stringify(list)).not.toContain('whsec_');
  });

  test('are listed oldest first, page by page, of one tenant or of all that the caller sees', async () => {
    const tenant = await world.tenant();
    const child = await world.tenant({ parent_id: tenant.id });
    const own = [await newWebhook({ tenant_id: tenant.id }), await newWebhook({ tenant_id: tenant.id })];
    const below = await newWebhook({ tenant_id: child.id });
    const key = await keyOf(tenant);

    expect(idsOf((await world.get(`/webhooks?tenant_id=${tenant.id}`)).body)).toEqual(own.map(({ id }) => id));
    expect(idsOf((await world.get('/webhooks', key)).body)).toEqual([...own, below].map(({ id }) => id));
    const page = await world.get('/webhooks?limit=2', key);
    const rest = await world.get(`/webhooks?limit=2&cursor=${page.headers['x-next-cursor']}`, key);
    expect(idsOf([...page.body, ...rest.body])).toEqual([...own, below].map(({ id }) => id));
  });

  test('are changed: any of their fields, the secret, and whether they are on', async () => {
    const { secret: _, ...webhook } = await newWebhook({ description: 'A' });
    const change = {
      url: 'https://hooks.example.com/y',
      events: ['tenant.moved'],
      subtree: false,
      description: null,
      active: false,
      secret: 'another secret of the caller',
    };
    const { secret: __, ...shown } = change;
    const { body } = await world.patch(`/webhooks/${webhook.id}`, change);
    expect(body).toEqual({ ...webhook, ...shown, updated_at: expect.any(String) });
    expect((await world.patch(`/webhooks/${webhook.id}`, { active: true })).body).toMatchObject({ active: true });
    expect((await world.patch(`/webhooks/${webhook.id}`, {})).body).toMatchObject({ active: true, subtree: false });
  });

  test('are given another secret, which the answer shows unless the caller chose it', async () => {
    const webhook = await newWebhook();
    const rotated = await world.request('POST', `/webhooks/${webhook.id}/rotate-secret`);
    expect(rotated).toMatchObject({ status: 200, body: { id: webhook.id, secret: expect.stringMatching(/^whsec_/) } });
    expect(rotated.body.secret).not.toBe(webhook.secret);
    const chosen = await world.post(`/webhooks/${webhook.id}/rotate-secret`, {
      secret: 'chosen by the caller',
      overlap_seconds: 0,
    });
    expect(chosen.body).not.toHaveProperty('secret');
    for (const overlap of [-1, 604_801]) {
      const { error } = await world.refused(
        'POST',
        `/webhooks/${webhook.id}/rotate-secret`,
        { body: { overlap_seconds: overlap } },
        400,
        'VALIDATION_ERROR',
      );
      expect(error.issues[0].path).toEqual(['overlap_seconds']);
    }
  });

  test('are removed with their deliveries', async () => {
    const webhook = await newWebhook();
    await world.post(`/webhooks/${webhook.id}/test`);
    expect((await world.delete(`/webhooks/${webhook.id}`)).status).toBe(204);
    for (const [method, path, body] of [
      ['GET', ''],
      ['PATCH', '', {}],
      ['DELETE', ''],
      ['GET', '/deliveries'],
      ['POST', '/test'],
      ['POST', '/rotate-secret'],
    ] as const) {
      await world.refused(method, `/webhooks/${webhook.id}${path}`, { body }, 404, 'WEBHOOK_NOT_FOUND');
    }
    expect(await world.sql('select 1 from webhook_deliveries where webhook_id = $1', [webhook.id])).toEqual([]);
  });

  test.each([
    [{ url: undefined }, ['url']],
    [{ url: 'no url' }, ['url']],
    [{ url: 'ftp://hooks.example.com/' }, ['url']],
    [{ url: 'http://127.0.0.1/' }, ['url']],
    [{ url: 'http://localhost:3000/' }, ['url']],
    [{ url: 'https://169.254.169.254/latest' }, ['url']],
    [{ url: `https://hooks.example.com/${'€'.repeat(700)}` }, ['url']],
    [{ url: 'https://hooks.example.com/\0' }, null],
    [{ events: [] }, ['events']],
    [{ events: ['tenant.exploded'] }, ['events', 0]],
    [{ events: 'tenant.created' }, ['events']],
    [{ secret: 'fifteen letters' }, ['secret']],
    [{ secret: 'x'.repeat(256) }, ['secret']],
    [{ secret: 'sixteen letters\0' }, ['secret']],
    [{ secret: 'whsec_short' }, ['secret']],
    [{ description: 'x'.repeat(256) }, ['description']],
    [{ tenant_id: 'none' }, ['tenant_id']],
    [{ subtree: 'yes' }, ['subtree']],
  ])('refuse %j by the name of what is wrong', async (fields, path) => {
    const body = { url, events: ['*'], ...fields };
    if (path === null) {
      expect((await world.post('/webhooks', body)).body.url).not.toContain('\0');
      return;
    }
    const { error } = await world.refused('POST', '/webhooks', { body }, 400, 'VALIDATION_ERROR');
    expect(error.issues[0].path).toEqual(path);
  });

  test('refuse the same when they are changed', async () => {
    const webhook = await newWebhook();
    for (const [body, path] of [
      [{ url: 'http://10.0.0.1/' }, ['url']],
      [{ events: ['nothing'] }, ['events', 0]],
      [{ secret: 'short' }, ['secret']],
    ]) {
      const { error } = await world.refused('PATCH', `/webhooks/${webhook.id}`, { body }, 400, 'VALIDATION_ERROR');
      expect(error.issues[0].path).toEqual(path);
    }
    expect((await world.get(`/webhooks/${webhook.id}`)).body).toMatchObject({ url, events: ['*'] });
  });

  test('repeat the answer to a repeated POST, secret included, and keep it sealed meanwhile', async () => {
    const headers = { 'idempotency-key': 'one-webhook' };
    const body = { url, events: ['*'] };
    const first = await world.post('/webhooks', body, headers);
    expect((await world.post('/webhooks', body, headers)).body).toEqual(first.body);
    const kept = await world.sql<{ text: string }>('select k::text as text from idempotency_keys k');
    expect(kept.some(({ text }) => text.includes(first.body.secret))).toBe(false);
  });
});

describe('webhooks outside of a home', () => {
  test('do not exist, and those of the installation are made by it alone', async () => {
    const [tenant, other] = [await world.tenant(), await world.tenant()];
    const key = await keyOf(tenant);
    const foreign = [await newWebhook({ tenant_id: other.id }), await newWebhook()];
    await world.refused('POST', '/webhooks', { body: { url, events: ['*'] }, headers: key }, 403, 'FORBIDDEN');
    await world.refused(
      'POST',
      '/webhooks',
      { body: { url, events: ['*'], tenant_id: other.id }, headers: key },
      404,
      'TENANT_NOT_FOUND',
    );
    await world.refused('GET', `/webhooks?tenant_id=${other.id}`, { headers: key }, 404, 'TENANT_NOT_FOUND');
    for (const webhook of foreign) {
      await world.refused('GET', `/webhooks/${webhook.id}`, { headers: key }, 404, 'WEBHOOK_NOT_FOUND');
      const id = await failedDelivery(world, webhook.id);
      await world.refused('POST', `/webhooks/deliveries/${id}/retry`, { headers: key }, 404, 'NOT_FOUND');
    }
    expect((await world.get('/webhooks', key)).body).toEqual([]);
    expect((await world.get('/webhooks/deliveries/failed', key)).body).toEqual([]);
    expect((await world.post('/webhooks/deliveries/retry-all', {}, key)).body).toEqual({ retried: 0 });
    expect((await world.get('/webhooks/deliveries/stats', key)).body).toEqual({
      total: 0,
      pending: 0,
      success: 0,
      failed: 0,
    });
  });
});

describe('/webhooks/:id/test', () => {
  test('answers 202 with a delivery that is on its way', async () => {
    const webhook = await newWebhook({ events: ['tenant.purged'] });
    const { status, body } = await world.request('POST', `/webhooks/${webhook.id}/test`);
    expect([status, body]).toEqual([202, { success: true, delivery_id: expect.any(String) }]);
    expect((await world.get(`/webhooks/${webhook.id}/deliveries`)).body).toEqual([
      {
        id: body.delivery_id,
        webhook_id: webhook.id,
        event_id: null,
        status: 'pending',
        attempts: 0,
        next_retry_at: expect.any(String),
        last_error: null,
        response_code: null,
        created_at: expect.any(String),
        completed_at: null,
      },
    ]);
  });
});

describe('deliveries', () => {
  test('are listed newest first, page by page, with the ids of their events', async () => {
    const tenant = await world.tenant();
    const webhook = await newWebhook({ tenant_id: tenant.id, events: ['config.updated'] });
    for (const n of [1, 2, 3]) {
      await world.config(tenant.id, { k: n });
    }
    const { body } = await world.get(`/webhooks/${webhook.id}/deliveries`);
    const { audit_logs: log } = (await world.get(`/tenants/${tenant.id}/export`)).body;
    const ids = idsOf(log.filter(({ action }: Json) => action === 'config.updated'));
    expect(body.map(({ event_id }: Json) => event_id).sort()).toEqual(ids.sort());
    expect(body.map(({ created_at: at }: Json) => at)).toEqual(
      body
        .map(({ created_at: at }: Json) => at)
        .sort()
        .reverse(),
    );
    const page = await world.get(`/webhooks/${webhook.id}/deliveries?limit=2`);
    const next = page.headers['x-next-cursor'];
    const rest = await world.get(`/webhooks/${webhook.id}/deliveries?limit=2&cursor=${next}`);
    expect([...page.body, ...rest.body]).toEqual(body);
    expect((await world.get(`/webhooks/${webhook.id}/deliveries?statuses=failed`)).body).toEqual([]);
    for (const cursor of ['nonsense', Buffer.from('["2026-01-01","x"]').toString('base64url')]) {
      await world.refused('GET', `/webhooks/${webhook.id}/deliveries?cursor=${cursor}`, {}, 400, 'VALIDATION_ERROR');
    }
  });

  test('that failed are listed with what they were about, the latest first, and sent out again one by one', async () => {
    const tenant = await world.tenant();
    const webhook = await newWebhook({ tenant_id: tenant.id, events: ['config.updated'] });
    const key = await keyOf(tenant);
    await world.config(tenant.id, { k: 1 });
    await world.sql(
      "update webhook_deliveries set status = 'failed', next_attempt_at = null, completed_at = now() where webhook_id = $1",
      [webhook.id],
    );
    const later = await failedDelivery(world, webhook.id);
    const { body: failed } = await world.get('/webhooks/deliveries/failed', key);
    expect(failed).toMatchObject([
      { id: later, event_type: null, event_tenant_id: null, last_error: 'HTTP 500', response_code: 500 },
      { status: 'failed', event_type: 'config.updated', event_tenant_id: tenant.id, webhook_url: url },
    ]);
    const page = await world.get('/webhooks/deliveries/failed?limit=1', key);
    const next = `/webhooks/deliveries/failed?limit=1&cursor=${page.headers['x-next-cursor']}`;
    expect([...page.body, ...(await world.get(next, key)).body]).toEqual(failed);

    const retry = `/webhooks/deliveries/${later}/retry`;
    expect(await world.request('POST', retry, { headers: key })).toMatchObject({
      status: 200,
      body: { success: true },
    });
    await world.refused('POST', retry, { headers: key }, 404, 'NOT_FOUND');
    expect((await world.get('/webhooks/deliveries/stats', key)).body).toEqual({
      total: 2,
      pending: 1,
      success: 0,
      failed: 1,
    });
    expect((await world.post('/webhooks/deliveries/retry-all', {}, key)).body).toEqual({ retried: 1 });
    expect((await world.post('/webhooks/deliveries/retry-all', {}, key)).body).toEqual({ retried: 0 });
    const all = (await world.get(`/webhooks/${webhook.id}/deliveries`, key)).body;
    expect(all).toMatchObject([
      { status: 'pending', attempts: 0, completed_at: null, next_retry_at: expect.any(String) },
      { status: 'pending', attempts: 0, completed_at: null, next_retry_at: expect.any(String) },
    ]);
  });

  test('of no such id are refused, and an id that is none', async () => {
    await world.refused('POST', `/webhooks/deliveries/${unknownId}/retry`, {}, 404, 'NOT_FOUND');
    await world.refused('POST', '/webhooks/deliveries/none/retry', {}, 400, 'VALIDATION_ERROR');
    await world.refused('GET', '/webhooks/none', {}, 400, 'VALIDATION_ERROR');
  });
});

test('an export names the webhooks of the tenant, without their secrets', async () => {
  const tenant = await world.tenant();
  const { secret, ...webhook } = await newWebhook({ tenant_id: tenant.id });
  const answer = await world.get(`/tenants/${tenant.id}/export`);
  expect(answer.body.webhooks).toEqual([webhook]);
  expect(JSON.stringify(answer)).not.toContain(secret);
});
