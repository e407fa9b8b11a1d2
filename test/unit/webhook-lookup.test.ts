import { isIP } from 'node:net';
import { describe, expect, test } from 'vitest';
import { callableAddresses, HostRefused } from '../../src/domain/webhooks/lookup.ts';

describe('callableAddresses', () => {
  const resolved = (...addresses: string[]) =>
    callableAddresses('example.com', {
      lookup: async () => addresses.map((address) => ({ address, family: isIP(address) })),
      allowPrivate: false,
    });

  test('are all that the host has, in their order', async () => {
    expect(await resolved('2606:4700::1111', '8.8.8.8')).toEqual([
      { address: '2606:4700::1111', family: 6 },
      { address: '8.8.8.8', family: 4 },
    ]);
  });

  test.each([
    ['one that is not public', ['10.0.0.1'], 'the address 10.0.0.1 is not public'],
    ['one among others', ['8.8.8.8', '2606:4700::1', '::1'], 'the address ::1 is not public'],
    ['something that is no address', ['8.8.8.8', 'example.org'], 'the address example.org is not public'],
    ['none', [], 'the host has no address'],
  ])('are refused with %s', async (_, addresses, message) => {
    await expect(resolved(...addresses)).rejects.toThrow(new HostRefused(message));
  });

  test.each([
    ['ENOTFOUND', 'the host has no address'],
    ['ENODATA', 'the host has no address'],
    ['EAI_AGAIN', 'the host could not be looked up'],
    ['ETIMEOUT', 'the host could not be looked up'],
  ])('a lookup that fails with %s: %s', async (code, message) => {
    const lookup = () => Promise.reject(Object.assign(new Error('queryA failed'), { code }));
    const refused = callableAddresses('example.com', { lookup, allowPrivate: true });
    await expect(refused).rejects.toThrow(new HostRefused(message));
  });
});
