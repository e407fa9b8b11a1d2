import { describe, expect, test } from 'vitest';
import { createAuthenticator } from '../../src/auth/authenticate.ts';
import { createKeyHash } from '../../src/domain/api-keys/hash.ts';
import { createKeyMint } from '../../src/domain/api-keys/mint.ts';

const authenticate = createAuthenticator({
  keys: createKeyMint(createKeyHash('a secret of at least thirty-two bytes'), 'sk_test_'),
  holders: { ofKey: async () => null, tenant: async () => null },
  usage: { note: () => {} },
  readToken: null,
  configuredKeys: [
    { id: 'bootstrap', key: 'sk_live_of_the_operator' },
    { id: 'development', key: 'sk_test_bootstrap', isLocal: true },
  ],
});

const arrive = (key: string, { host = 'localhost:3001', peer = '127.0.0.1' } = {}) =>
  authenticate({ headers: { 'x-api-key': key, host }, peer });

describe('the development key', () => {
  test.each([
    { host: 'localhost', peer: '127.0.0.1' },
    { host: '127.0.0.1:3001', peer: '::1' },
    { host: '[::1]:3001', peer: '::ffff:127.0.0.1' },
  ])('is accepted from this machine under its own name (%o)', async (from) => {
    expect(await arrive('sk_test_bootstrap', from)).toMatchObject({
      principal: { id: 'development', scopes: ['admin'], home: null },
    });
  });

  test.each([
    { peer: '192.0.2.2' },
    { peer: '::ffff:10.0.0.1' },
    { peer: '127.0.0.1.evil.example' },
    { host: 'evil.example' },
    { host: 'localhost.evil.example:3001' },
    { host: '127.0.0.1.evil.example' },
  ])('is refused from elsewhere, and under a name that somebody else gave this machine (%o)', async (from) => {
    await expect(arrive('sk_test_bootstrap', from)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringContaining('STRATUM_BOOTSTRAP_KEY'),
    });
  });
});

test('a key of the operator is accepted from everywhere', async () => {
  expect(await arrive('sk_live_of_the_operator', { host: 'api.example.com', peer: '192.0.2.2' })).toMatchObject({
    principal: { id: 'bootstrap' },
  });
});

test('no key, and one that nobody has, are refused', async () => {
  await expect(authenticate({ headers: {}, peer: '127.0.0.1' })).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await expect(arrive('sk_test_bootstra')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});
