import { isIP, isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { invalidField } from '../errors.ts';

/** Every block of the IANA special-purpose registry of IPv4, multicast and what is reserved. */
const specialV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  // AS112 and AMT relays: reachable in name, answered by whichever machine of the own network plays them.
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
].map((block) => ipaddr.IPv4.parseCIDR(block));

/** Where IPv6 addresses of the whole world are handed out; everything else is special or not in use. */
const globalV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** The special blocks within: protocol assignments with Teredo and ORCHID, documentation, 6to4, AS112. */
const specialV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'].map((block) =>
  ipaddr.IPv6.parseCIDR(block),
);

/** Blocks whose last 32 bits are the IPv4 address that is meant: mapped addresses, and NAT64 on networks that have IPv6 alone. */
const embeddingV6 = ['::ffff:0:0/96', '64:ff9b::/96'].map((block) => ipaddr.IPv6.parseCIDR(block));

/** Whether an address is one of the public internet: unicast, and reachable from everywhere. False for what is no address. */
export function isPublicAddress(address: string): boolean {
  // Only the plain forms: with a zone an address is of one link, and in octal or short forms readers differ.
  if (isIP(address) === 0 || address.includes('%')) {
    return false;
  }
  return isIPv4(address) ? isPublicV4(ipaddr.IPv4.parse(address)) : isPublicV6(ipaddr.IPv6.parse(address));
}

function isPublicV4(address: ipaddr.IPv4): boolean {
  return !specialV4.some((block) => address.match(block));
}

function isPublicV6(address: ipaddr.IPv6): boolean {
  if (embeddingV6.some((block) => address.match(block))) {
    return isPublicV4(new ipaddr.IPv4(address.toByteArray().slice(-4)));
  }
  return address.match(globalV6) && !specialV6.some((block) => address.match(block));
}

/** Names of this machine and of what clouds answer about it. Their addresses are refused too: this says so at once. */
const localNames = /^(?:(?:.*\.)?localhost|localhost\.localdomain|metadata\.google\.internal|metadata\.goog)\.*$/;

const maxUrlLength = 2048;

/**
 * The URL of a webhook in its normal form, without fragment: http or https, no credentials, and no host that is known not to be public.
 * With `allowPrivate` any host will do.
 */
export function parseWebhookUrl(text: string, { allowPrivate = false }: { allowPrivate?: boolean } = {}): URL {
  const url = text.length <= maxUrlLength ? URL.parse(text) : null;
  if (text.length > maxUrlLength || (url?.href.length ?? 0) > maxUrlLength) {
    throw invalidField('url', `must have at most ${maxUrlLength} characters`, 'too_big');
  }
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalidField('url', 'must be an http or https URL', 'invalid_url');
  }
  if (url.username !== '' || url.password !== '') {
    throw invalidField('url', 'must not contain a user name or a password', 'invalid_url');
  }
  const fault = allowPrivate ? null : hostFault(url);
  if (fault !== null) {
    throw invalidField('url', fault, 'address_not_public');
  }
  url.hash = '';
  return url;
}

function hostFault(url: URL): string | null {
  const host = hostOf(url);
  if (localNames.test(host)) {
    return `must have a public host: ${host} is not`;
  }
  return isIP(host) !== 0 && !isPublicAddress(host) ? notPublic(host) : null;
}

/** The host of a URL as names are looked up: IPv6 addresses without brackets. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** What people are told of an address that must not be called. */
export function notPublic(address: string): string {
  return `the address ${address} is not public`;
}
