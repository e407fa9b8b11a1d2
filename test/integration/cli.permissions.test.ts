import { afterAll, beforeAll, expect, test } from 'vitest';
import { cliOf } from '../support/cli.ts';
import { type Listening, listen } from '../support/listening.ts';
import { uniqueSlug } from '../support/rest-world.ts';

let server: Listening;
let cli: ReturnType<typeof cliOf>;
beforeAll(async () => {
  server = await listen();
  cli = cliOf(server.url);
});
afterAll(() => server.close());

async function pair(): Promise<[root: string, child: string]> {
  const [root, child] = [uniqueSlug(), uniqueSlug()];
  await cli.out('tenants', 'create', 'Root', '--slug', root);
  await cli.out('tenants', 'create', 'Child', '--slug', child, '--under', root);
  return [root, child];
}

test('a permission is given, changed where it is there already, and listed with who gave it', async () => {
  const [root, child] = await pair();
  expect(await cli.json('permissions', 'set', root, 'export')).toMatchObject({
    value: true,
    mode: 'INHERITED',
    revocation_mode: 'CASCADE',
  });
  await cli.out('permissions', 'set', root, 'export', '{"rows":10}', '--mode', 'delegated', '--when-revoked', 'soft');
  expect(await cli.json('permissions', 'set', root, 'export', 'limited', '--string')).toMatchObject({
    value: 'limited',
    mode: 'DELEGATED',
    revocation_mode: 'SOFT',
  });
  await cli.out('permissions', 'set', child, 'own', 'false');

  const rows = (await cli.out('permissions', 'list', child)).split('\n').map((row) => row.split(/ {2,}/));
  expect(rows).toEqual([
    ['KEY', 'VALUE', 'MODE', 'WHEN REVOKED', 'SET BY'],
    ['export', '"limited"', 'DELEGATED', 'SOFT', root],
    ['own', 'false', 'INHERITED', 'CASCADE', 'itself'],
  ]);
  expect((await cli.json('permissions', 'list', child, '--own')).permissions).toMatchObject([{ key: 'own' }]);
  expect((await cli.json('permissions', 'list', child, '--prefix', 'ex')).permissions).toMatchObject([
    { key: 'export' },
  ]);
});

test('what a tenant above has locked is refused, and explained', async () => {
  const [root, child] = await pair();
  await cli.out('permissions', 'set', root, 'users', '--mode', 'LOCKED');
  expect((await cli.refused('permissions', 'set', child, 'users', 'false')).error.code).toBe('PERMISSION_LOCKED');
  const explained = await cli.out('permissions', 'explain', child, 'users');
  expect(explained).toContain('users of Child is true, LOCKED');
  expect(explained).toMatch(new RegExp(`▸ ${root} +true +LOCKED +applies`));
  expect(explained).toContain('The highest lock wins.');
  expect((await cli.json('permissions', 'explain', child, 'users')).resolved.explanation.rule).toBe('HIGHEST_LOCK');
});

test('what is revoked is gone, with what its way of revoking says below', async () => {
  const [root, child] = await pair();
  await cli.out('permissions', 'set', root, 'export', '--mode', 'DELEGATED');
  await cli.out('permissions', 'set', child, 'export', 'false');
  expect(await cli.out('permissions', 'revoke', root, 'export')).toBe(`revoked "export" of ${root}, and 1 below it`);
  expect(await cli.out('permissions', 'list', child)).toBe('no permissions');

  await cli.out('permissions', 'set', root, 'kept', '--when-revoked', 'PERMANENT');
  expect((await cli.refused('permissions', 'revoke', root, 'kept')).error.code).toBe('PERMISSION_REVOCATION_DENIED');
  expect((await cli.refused('permissions', 'revoke', child, 'kept')).error.message).toContain(
    'has not set "kept" itself',
  );
  expect((await cli.refused('permissions', 'explain', child, 'nothing')).code).toBe(1);
});

test('a change is refused when somebody else was faster', async () => {
  const [root] = await pair();
  await cli.out('permissions', 'set', root, 'export');
  const { tree_revision: seen } = await cli.json('tenants', 'get', root);
  await cli.out('permissions', 'set', root, 'export', 'false');
  const late = await cli.refused('permissions', 'set', root, 'export', 'true', '--if-revision', String(seen));
  expect(late.error.code).toBe('REVISION_MISMATCH');
});

test.each([
  ['--mode', 'FREE'],
  ['--when-revoked', 'never'],
])('%s %s is misuse', async (...flags) => {
  expect(await cli.refused('permissions', 'set', 'x', 'key', ...flags)).toMatchObject({
    code: 2,
    error: { code: 'USAGE' },
  });
});
