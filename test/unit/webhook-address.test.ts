import { isIP, isIPv4 } from 'node:net';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import { StratumError } from '../../src/domain/errors.ts';
import { isPublicAddress, parseWebhookUrl } from '../../src/domain/webhooks/address.ts';

/** Blocks of the IANA registries by their first and last address, and what lies next to them where that is public. */
const blocks: readonly [name: string, first: string, last: string, neighbours: string[]][] = [
  ['this network', '0.0.0.0', '0.255.255.255', ['1.0.0.0']],
  ['private', '10.0.0.0', '10.255.255.255', ['9.255.255.255', '11.0.0.0']],
  ['carrier-grade NAT', '100.64.0.0', '100.127.255.255', ['100.63.255.255', '100.128.0.0']],
  ['loopback', '127.0.0.0', '127.255.255.255', ['126.255.255.255', '128.0.0.0']],
  ['link-local, metadata of clouds', '169.254.0.0', '169.254.255.255', ['169.253.255.255', '169.255.0.0']],
  ['private', '172.16.0.0', '172.31.255.255', ['172.15.255.255', '172.32.0.0']],
  ['protocol assignments', '192.0.0.0', '192.0.0.255', ['191.255.255.255', '192.0.1.0']],
  ['documentation', '192.0.2.0', '192.0.2.255', ['192.0.1.255', '192.0.3.0']],
  ['AS112', '192.31.196.0', '192.31.196.255', ['192.31.195.255', '192.31.197.0']],
  ['AMT', '192.52.193.0', '192.52.193.255', ['192.52.192.255', '192.52.194.0']],
  ['6to4 relays', '192.88.99.0', '192.88.99.255', ['192.88.98.255', '192.88.100.0']],
  ['private', '192.168.0.0', '192.168.255.255', ['192.167.255.255', '192.169.0.0']],
  ['AS112', '192.175.48.0', '192.175.48.255', ['192.175.47.255', '192.175.49.0']],
  ['benchmarks', '198.18.0.0', '198.19.255.255', ['198.17.255.255', '198.20.0.0']],
  ['documentation', '198.51.100.0', '198.51.100.255', ['198.51.99.255', '198.51.101.0']],
  ['documentation', '203.0.113.0', '203.0.113.255', ['203.0.112.255', '203.0.114.0']],
  ['multicast', '224.0.0.0', '239.255.255.255', ['223.255.255.255']],
  ['reserved, broadcast', '240.0.0.0', '255.255.255.255', []],
  ['unspecified, loopback, compatible with IPv4', '::', '::ffff:ffff', []],
  ['translated IPv4', '::ffff:0:0:0', '::ffff:0:ffff:ffff', []],
  ['NAT64 of one network', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff', []],
  ['discard only', '100::', '100::ffff:ffff:ffff:ffff', []],
  ['dummy', '100:0:0:1::', '100::1:ffff:ffff:ffff:ffff', []],
  ['before the global space', '1fff::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ['2000::']],
  ['protocol assignments', '2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', ['2000:ffff::1', '2001:200::']],
  ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2', '2001:0:ffff:ffff:ffff:ffff:ffff:ffff', []],
  ['benchmarks', '2001:2::', '2001:2:0:ffff:ffff:ffff:ffff:ffff', []],
  ['ORCHID', '2001:10::', '2001:1f:ffff:ffff:ffff:ffff:ffff:ffff', []],
  ['ORCHIDv2', '2001:20::', '2001:2f:ffff:ffff:ffff:ffff:ffff:ffff', []],
  ['documentation', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', ['2001:db7:ffff::1', '2001:db9::']],
  ['6to4', '2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ['2001:ffff::1', '2003::']],
  ['6to4 of a public address', '2002:808:808::', '2002:808:808:ffff::1', []],
  ['AS112', '2620:4f:8000::', '2620:4f:8000:ffff:ffff:ffff:ffff:ffff', ['2620:4f:7fff::1', '2620:4f:8001::']],
  ['documentation', '3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', ['3ffe:ffff::1', '3fff:1000::']],
  ['beyond the global space', '4000::', '4000::1', ['3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff']],
  ['segment routing', '5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff', []],
  ['unique local', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', []],
  ['link-local', 'fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff', []],
  ['site-local', 'fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', []],
  ['multicast', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', []],
];

describe('isPublicAddress', () => {
  test.each(blocks)('%s: %s to %s is refused, its neighbours are not', (_, first, last, neighbours) => {
    expect([first, last].filter(isPublicAddress)).toEqual([]);
    expect(neighbours.filter(isPublicAddress)).toEqual(neighbours);
  });

  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.215.14',
    '2606:4700:4700::1111',
    '2a00:1450:4001:82b::200e',
    '2A00:1450:4001:82B::200E',
    '::ffff:8.8.8.8',
    '::ffff:808:808',
    '64:ff9b::8.8.8.8',
    '64:ff9b::808:808',
  ])('%s is one', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    ['mapped', '::ffff:'],
    ['compatible', '::'],
    ['NAT64', '64:ff9b::'],
  ])('no address of a special block of IPv4 becomes one in its %s form', (_, prefix) => {
    const embedded = blocks.flatMap(([, first, last]) => (isIPv4(first) ? [prefix + first, prefix + last] : []));
    expect(embedded).toHaveLength(36);
    expect(embedded.every((address) => isIP(address) === 6)).toBe(true);
    expect(embedded.filter(isPublicAddress)).toEqual([]);
  });

  test.each([
    '',
    'example.com',
    'localhost',
    '8.8.8',
    '134744072',
    '0x8.8.8.8',
    '08.8.8.8',
    '010.8.8.8',
    '8.8.8.8.',
    ' 8.8.8.8',
    '8.8.8.8/32',
    '8.8.8.8:443',
    '[2606:4700::1]',
    '2606:4700::1%eth0',
    'fe80::1%1',
    '2606:4700:::1',
    '64:ff9b::256.1.1.1',
  ])('%j is not: it is no address in the plain form', (text) => {
    expect(isPublicAddress(text)).toBe(false);
  });

  test('is never more generous than the library that knows the registries too', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const range = ipaddr.parse(address).range();
        const isEmbedding = range === 'ipv4Mapped' || range === 'rfc6052';
        expect(isPublicAddress(address) && !isEmbedding).toBe(range === 'unicast' && isPublicAddress(address));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** What is wrong with a URL: the field, the code and the sentence. */
function faultOf(text: string, options?: { allowPrivate: boolean }): unknown[] | null {
  try {
    parseWebhookUrl(text, options);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(StratumError);
    const { code, issues } = error as StratumError;
    expect(code).toBe('VALIDATION_ERROR');
    return issues!.flatMap((issue) => [issue.path.join('.'), issue.code, issue.message]);
  }
}

describe('parseWebhookUrl', () => {
  test.each([
    ['https://example.com', 'https://example.com/'],
    ['http://example.com:8080/hooks?a=1&b=%20', 'http://example.com:8080/hooks?a=1&b=%20'],
    ['HTTPS://EXAMPLE.COM:443/Hooks', 'https://example.com/Hooks'],
    ['https://example.com/hooks#fragment', 'https://example.com/hooks'],
    ['https://example.com/hooks#', 'https://example.com/hooks'],
    ['  https://example.com/\n', 'https://example.com/'],
    ['https://bücher.example/straße', 'https://xn--bcher-kva.example/stra%C3%9Fe'],
    ['https://example.com./', 'https://example.com./'],
    ['https://8.8.8.8/', 'https://8.8.8.8/'],
    ['https://134744072/', 'https://8.8.8.8/'],
    ['https://[2606:4700:4700::1111]:8443/', 'https://[2606:4700:4700::1111]:8443/'],
    ['https://notlocalhost/', 'https://notlocalhost/'],
    ['https://localhost.example.com/', 'https://localhost.example.com/'],
  ])('%j is %s', (text, href) => {
    expect(parseWebhookUrl(text).href).toBe(href);
  });

  test.each([
    '',
    'example.com/hooks',
    '/hooks',
    'ftp://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/plain,x',
    'ws://example.com/',
    'unix:/var/run/docker.sock',
    'http://',
    'http://exa mple.com/',
    'http://example.com:99999/',
    'http://1.2.3.4.5/',
    'http://256.256.256.256/',
    'http://[::1/',
    'http://[fe80::1%25eth0]/',
    'http://example.com%00.internal/',
  ])('%j is no http or https URL', (text) => {
    expect(faultOf(text)).toEqual(['url', 'invalid_url', 'must be an http or https URL']);
    expect(faultOf(text, { allowPrivate: true })).toEqual(['url', 'invalid_url', 'must be an http or https URL']);
  });

  test.each(['https://user@example.com/', 'https://user:secret@example.com/', 'https://:secret@example.com/'])(
    '%j has credentials, which are not repeated',
    (text) => {
      const fault = ['url', 'invalid_url', 'must not contain a user name or a password'];
      expect(faultOf(text)).toEqual(fault);
      expect(faultOf(text, { allowPrivate: true })).toEqual(fault);
    },
  );

  test('at most 2048 characters, also when it is spelled out', () => {
    const fault = ['url', 'too_big', 'must have at most 2048 characters'];
    const start = 'https://example.com/';
    expect(faultOf(start.padEnd(2048, 'a'))).toBeNull();
    expect(faultOf(start.padEnd(2049, 'a'))).toEqual(fault);
    expect(faultOf(start.padEnd(1000, 'ü'))).toEqual(fault);
  });

  test.each([
    'http://localhost/',
    'http://LOCALHOST:3001/',
    'http://localhost./',
    'http://localhost../',
    'http://loc%61lhost/',
    'http://ｌｏｃａｌｈｏｓｔ/',
    'http://api.localhost/',
    'http://a.b.localhost./',
    'http://localhost.localdomain/',
    'http://localhost.localdomain./',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://metadata.google.internal./',
    'http://Metadata.Goog/',
    'http://metadata.goog./',
  ])('%s is a name of this machine or its cloud', (text) => {
    expect(faultOf(text)).toEqual(['url', 'address_not_public', expect.stringMatching(/^must have a public host: /)]);
    expect(faultOf(text, { allowPrivate: true })).toBeNull();
  });

  test.each([
    ['http://127.0.0.1:8080/', '127.0.0.1'],
    ['http://127.0.0.1./', '127.0.0.1'],
    ['http://127.1/', '127.0.0.1'],
    ['http://127.0.1/', '127.0.0.1'],
    ['http://2130706433/', '127.0.0.1'],
    ['http://0x7f000001/', '127.0.0.1'],
    ['http://0x7F.0x0.0x0.0x1/', '127.0.0.1'],
    ['http://0177.0.0.01/', '127.0.0.1'],
    ['http://017700000001/', '127.0.0.1'],
    ['http://0x7f.1/', '127.0.0.1'],
    ['http://%31%32%37.0.0.1/', '127.0.0.1'],
    ['http://１２７.0.0.1/', '127.0.0.1'],
    ['http://127。0。0。1/', '127.0.0.1'],
    ['http:\\\\127.0.0.1\\', '127.0.0.1'],
    ['http:127.0.0.1', '127.0.0.1'],
    ['ht\ntp://127.0.\t0.1/', '127.0.0.1'],
    ['http://0/', '0.0.0.0'],
    ['http://0.0.0.0/', '0.0.0.0'],
    ['http://10.1/', '10.0.0.1'],
    ['http://192.168.1/', '192.168.0.1'],
    ['http://172.16.65535/', '172.16.255.255'],
    ['http://0xa9fea9fe/latest/meta-data/', '169.254.169.254'],
    ['http://2852039166/', '169.254.169.254'],
    ['http://169.254.169.254/', '169.254.169.254'],
    ['http://100.100.100.200/', '100.100.100.200'],
    ['http://4294967295/', '255.255.255.255'],
    ['http://[::]/', '::'],
    ['http://[::1]:8080/', '::1'],
    ['http://[0:0:0:0:0:0:0:1]/', '::1'],
    ['http://[::127.0.0.1]/', '::7f00:1'],
    ['http://[::ffff:127.0.0.1]/', '::ffff:7f00:1'],
    ['http://[::ffff:0a00:0001]/', '::ffff:a00:1'],
    ['http://[64:ff9b::10.0.0.1]/', '64:ff9b::a00:1'],
    ['http://[64:ff9b:1::8.8.8.8]/', '64:ff9b:1::808:808'],
    ['http://[2002:7f00:1::]/', '2002:7f00:1::'],
    ['http://[2001::1]/', '2001::1'],
    ['http://[fd00:ec2::254]/', 'fd00:ec2::254'],
    ['http://[fe80::1]/', 'fe80::1'],
    ['http://[fec0::1]/', 'fec0::1'],
    ['http://[ff02::1]/', 'ff02::1'],
  ])('%s is the address %s, which is not public', (text, address) => {
    expect(faultOf(text)).toEqual(['url', 'address_not_public', `the address ${address} is not public`]);
    expect(faultOf(text, { allowPrivate: true })).toBeNull();
  });

  test('every IPv4 address is judged the same in every spelling', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const parts = address.split('.').map(Number);
        const whole = parts.reduce((number, part) => number * 256 + part, 0);
        const octal = parts.map((part) => `0${part.toString(8)}`).join('.');
        for (const spelling of [address, `${whole}`, `0x${whole.toString(16)}`, octal, `[::ffff:${address}]`]) {
          expect(faultOf(`http://${spelling}/`) === null, spelling).toBe(isPublicAddress(address));
        }
      }),
    );
  });
});
