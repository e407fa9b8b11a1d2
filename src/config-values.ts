import { isIP } from 'node:net';
import { z } from 'zod';
import { rateWindowMs } from './rate-window.ts';
import { spanMs } from './span.ts';

/** What the variables of the environment may hold: each schema turns text into a value, or says how the text must look ("must be …"). */

export const onOff = z.enum(['on', 'off'], 'must be "on" or "off"').transform((word) => word === 'on');

export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words): z.ZodType<Words[number]> {
  return z.enum(words, `must be one of ${words.join(', ')}`);
}

export function wholeNumber(from: number, to: number): z.ZodType<number> {
  const inRange = (text: string) => /^\d{1,9}$/.test(text) && Number(text) >= from && Number(text) <= to;
  return z.string().refine(inRange, `must be a whole number from ${from} to ${to}`).transform(Number);
}

/** Long enough, and not one letter over and over: what a person types to get past a check is not a key. */
export const keyMaterial = z
  .string()
  .refine((text) => Buffer.byteLength(text) >= 32, 'must have 32 bytes or more')
  .refine((text) => new Set(text).size >= 8, 'must be random (openssl rand -base64 32)');

/** What programs send along to be let in: fit to stand in a header. */
export const bearerToken = z
  .string()
  .refine((text) => text.length >= 16, 'must have 16 characters or more')
  .refine((text) => /^[\x21-\x7e]+$/.test(text), 'must be printable ASCII without spaces');

export const postgresUrl = z
  .string()
  .refine(
    (text) => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text),
    'must be a URL like postgresql://user:password@host:5432/name',
  );

export const origins = z
  .string()
  .transform((text) => text.split(',').map((origin) => origin.trim()))
  .refine((list) => list.every(isOrigin), 'must be origins like https://app.example.com, separated by commas');

/**
 * Not "trust everybody", and no number of proxies either: whoever reaches the server directly could then write any address into the
 * ledger.
 */
export const trustedProxies = z
  .string()
  .refine((text) => text === 'off' || text.split(',').every((one) => isNetwork(one.trim())), {
    error: 'must be "off", or the addresses or networks of the proxies, separated by commas',
  })
  .transform((text): false | string => (text === 'off' ? false : text));

/** An address, a network like 10.0.0.0/8, or a name for all private or all local ones. */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const fits = bits === undefined ? longest > 0 : /^\d{1,3}$/.test(bits) && Number(bits) <= longest;
  return /^(loopback|linklocal|uniquelocal)$/.test(text) || (fits && rest.length === 0);
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

export const rateWindow = z
  .string()
  .refine((text) => rateWindowMs(text) !== null, 'must be a span like "30 seconds", "1 minute", "2 hours" or "1 day"');

/** Plain HTTP is for a server on this machine: whoever can change what comes back can sign any token. */
export const jwksUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^(https:|http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/])/.test(new URL(text).href),
    'must be a URL that begins with https://',
  );

export const redisUrl = z
  .string()
  .refine((text) => /^rediss?:\/\//.test(text) && URL.canParse(text), 'must be a URL like redis://host:6379');

/** Signatures that anybody may check, and nobody without the private key can make. */
const asymmetric = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

export const algorithms = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .refine(
    (list) => list.every((one) => asymmetric.includes(one)),
    `must be some of ${asymmetric.join(', ')}, separated by commas`,
  );

export const claimPath = z.string().refine((text) => text.length <= 255, 'must have 255 characters or less');

/** Pauses between the tries of something, in milliseconds. */
export const pauses = z
  .string()
  .transform((text) => text.split(',').map((one) => spanMs(one.trim())))
  .refine(
    (list): list is number[] => list.length <= 50 && list.every((one) => one !== null),
    'must be spans of time like 5s, 5m, 2h, 1d, separated by commas',
  );

/** A span of time, in milliseconds. */
export const span = z
  .string()
  .transform((text) => spanMs(text))
  .refine((ms): ms is number => ms !== null, 'must be a span of time like 5s, 5m, 2h or 1d');

/** How long something is kept, in milliseconds. */
export const retention = z
  .string()
  .transform((text) => spanMs(text, 3_650))
  .refine((ms): ms is number => ms !== null, 'must be a span of time like 12h, 30d or 365d');
