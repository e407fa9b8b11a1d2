import { afterAll, beforeAll, expect, test } from 'vitest';
import { cliOf, runCli } from '../support/cli.ts';
import { type Json, uniqueSlug, unknownId } from '../support/rest-world.ts';
import { Receiver } from '../support/webhook-receiver.ts';
import { WebhookWorld } from '../support/webhook-world.ts';

let world: WebhookWorld;
let receiver: Receiver;
let cli: ReturnType<typeof cliOf>;
beforeAll(async () => {
  world = await WebhookWorld.open();
  world.startWorker();
  receiver = await Receiver.open();
  cli = cliOf(await world.world.app.server.listen({ host: '127.0.0.1', port: 0 }));
});
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

async function hook(...flags: string[]): Promise<{ slug: string; id: string; path: string }> {
  const slug = uniqueSlug();
  await cli.out('tenants', 'create', 'Home', '--slug', slug);
  const url = `${receiver.url}/${slug}`;
  const { id } = await cli.json('webhooks', 'create', url, '--tenant', slug, ...flags);
  return { slug, id, path: new URL(url).pathname };
}

const arrived = (path: string) => receiver.received.filter((request) => request.path === path);

async function deliveries(id: string, ...flags: string[]): Promise<Json[]> {
  return (await cli.json('webhooks', 'deliveries', id, ...flags)).deliveries;
}

test('a webhook is made with a secret that is shown once, and listed', async () => {
  const slug = uniqueSlug();
  await cli.out('tenants', 'create', 'Home', '--slug', slug);
  const made = await cli.run('webhooks', 'create', `${receiver.url}/x`, '--tenant', slug, '--events', 'config.updated');
  const secret = made.out.trim();
  expect(made.err).toContain('its secret is shown this once');
  expect(secret.length).toBeGreaterThan(20);

  const rows = (await cli.out('webhooks', 'list', '--tenant', slug)).split('\n').map((row) => row.split(/ {2,}/));
  expect(rows).toEqual([
    ['ID', 'STATE', 'HOME', 'EVENTS', 'URL'],
    [expect.any(String), 'on', expect.any(String), 'config.updated', `${receiver.url}/x`],
  ]);
  expect((await cli.json('webhooks', 'list', '--tenant', slug)).webhooks).toMatchObject([{ subtree: true }]);
  expect((await cli.run('webhooks', 'list', '--json')).out).not.toContain(secret);
});

test('a test arrives, and is listed with what became of it', async () => {
  const { id, path } = await hook('--events', 'config.updated');
  expect(await cli.out('webhooks', 'test', id)).toContain('is on its way');
  await expect.poll(() => arrived(path).length, { timeout: 10_000 }).toBe(1);
  await expect
    .poll(() => deliveries(id), { timeout: 10_000 })
    .toMatchObject([{ status: 'success', response_code: 204 }]);
  expect(await cli.out('webhooks', 'deliveries', id)).toMatch(/test +success +1 +204$/m);
});

test('one that is off is told of nothing; on again, it is told what it missed when that is asked for', async () => {
  const { id, slug, path } = await hook('--events', 'config.updated');
  expect(await cli.out('webhooks', 'disable', id)).toBe(`${id} is off`);
  await cli.out('config', 'set', slug, 'theme', 'dark');
  const { tree_revision: revision } = await cli.json('tenants', 'get', slug);
  expect(await cli.out('webhooks', 'enable', id)).toBe(`${id} is on`);
  expect(await cli.json('webhooks', 'redeliver', '--webhook', id, '--since', String(revision))).toEqual({ count: 1 });
  await expect
    .poll(() => arrived(path).map(({ message }) => message.type), { timeout: 10_000 })
    .toEqual(['config.updated']);
});

test('a delivery is sent again by its id', async () => {
  const { id, slug, path } = await hook('--events', 'config.updated');
  await cli.out('config', 'set', slug, 'theme', 'dark');
  await expect.poll(() => deliveries(id, '--status', 'success'), { timeout: 10_000 }).toHaveLength(1);
  const [delivery] = await deliveries(id);
  expect(await cli.out('webhooks', 'redeliver', delivery.id)).toContain('is on its way again');
  await expect.poll(() => arrived(path).length, { timeout: 10_000 }).toBe(2);
  expect(await cli.json('webhooks', 'redeliver', '--failed', '--webhook', id)).toEqual({ count: 0 });
});

test('one is deleted when that is meant', async () => {
  const { id } = await hook();
  expect(await cli.refused('webhooks', 'delete', id)).toMatchObject({ code: 2 });
  const asked = await runCli(['webhooks', 'delete', id], { env: cli.env, input: 'yes\n', columns: 80 });
  expect(asked).toMatchObject({ code: 0, out: `deleted ${id}\n` });
  expect((await cli.refused('webhooks', 'enable', id)).error.code).toBe('WEBHOOK_NOT_FOUND');
});

test.each([
  ['nothing to send again', ['webhooks', 'redeliver']],
  ['two things to send again', ['webhooks', 'redeliver', unknownId, '--failed']],
  ['a revision of no webhook', ['webhooks', 'redeliver', '--since', '1']],
  ['an id that is none', ['webhooks', 'enable', 'mine']],
])('%s is misuse', async (_, argv) => {
  expect(await cli.refused(...argv)).toMatchObject({ code: 2, error: { code: 'USAGE' } });
});
