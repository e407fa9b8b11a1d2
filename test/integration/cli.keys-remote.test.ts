import { afterAll, beforeAll, expect, test } from 'vitest';
import { cliOf, runCli } from '../support/cli.ts';
import { type Listening, listen } from '../support/listening.ts';
import { secrets } from '../support/rest-app.ts';
import { type Json, uniqueSlug, unknownId } from '../support/rest-world.ts';

let server: Listening;
let cli: ReturnType<typeof cliOf>;
beforeAll(async () => {
  server = await listen();
  cli = cliOf(server.url);
});
afterAll(() => server.close());

async function tenant(): Promise<string> {
  const slug = uniqueSlug();
  await cli.out('tenants', 'create', 'Home', '--slug', slug);
  return slug;
}

const asks = async (key: string) => (await cli.run('tenants', 'list', '--api-key', key)).code === 0;

test('through a server a key is issued, works, is rotated, and ends', async () => {
  const home = await tenant();
  const { code, out, err } = await cli.run('keys', 'create', '--tenant', home, '--name', 'Billing', '--scopes', 'read');
  const key = out.trim();
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('it is shown this once') });
  expect(await asks(key)).toBe(true);

  const [{ id, name }] = (await cli.json('keys', 'list', '--tenant', home)).keys;
  expect(name).toBe('Billing');
  const next = await cli.out('keys', 'rotate', id, '--overlap', '60');
  expect([await asks(key), await asks(next)]).toEqual([true, true]);
  expect(await cli.json('keys', 'revoke', id)).toEqual({ id });
  expect(await asks(key)).toBe(false);
  expect(await cli.out('keys', 'list', '--tenant', home)).not.toContain(next);
});

test('the ledger says that it was the key of the caller, not this command', async () => {
  const home = await tenant();
  const { id } = await cli.json('keys', 'create', '--tenant', home);
  const events = await server.query("select actor_type, actor_id from events where after->>'id' = $1", [id]);
  expect(events).toEqual([{ actor_type: 'api_key', actor_id: 'development' }]);
});

test('a key that may not administer keys is told so', async () => {
  const writer = await cli.out('keys', 'create', '--tenant', await tenant());
  expect((await cli.refused('keys', 'list', '--api-key', writer)).error.code).toBe('FORBIDDEN');
  expect((await cli.refused('keys', 'revoke', unknownId)).error.code).toBe('NOT_FOUND');
});

test('--database goes past the server that is named', async () => {
  const home = await tenant();
  const env = {
    ...cli.env,
    DATABASE_URL: server.databaseUrl,
    STRATUM_ENCRYPTION_KEY: secrets.encryptionKey,
    STRATUM_API_KEY_HMAC_SECRET: secrets.apiKeyHmacSecret,
  };
  const made = await runCli(['keys', 'create', '--database', '--tenant', home, '--json'], { env });
  const { id, plaintext_key }: Json = JSON.parse(made.out);
  expect(await asks(plaintext_key)).toBe(true);
  const events = await server.query("select actor_type, actor_id from events where after->>'id' = $1", [id]);
  expect(events).toEqual([{ actor_type: 'system', actor_id: 'stratum keys' }]);

  const both = await runCli(['keys', 'list', '--database', '--url', server.url], { env });
  expect(both).toMatchObject({ code: 2, out: '', err: expect.stringContaining('--database goes past every server') });
});
