import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isPublicAddress, notPublic } from './address.ts';

/** Finds all addresses of a host. */
export type Lookup = (host: string) => Promise<readonly LookupAddress[]>;

/** As any program of this machine finds them. */
export const systemLookup: Lookup = (host) => lookup(host, { all: true });

/** A host that can't or must not be called; the message is a sentence for people. */
export class HostRefused extends Error {
  override readonly name = 'HostRefused';
}

/**
 * The addresses of a host, at least one, all of them public (unless `allowPrivate`). One that isn't refuses the host, since who
 * answers for the name chooses which of them is called.
 */
export async function callableAddresses(
  host: string,
  { lookup, allowPrivate }: { lookup: Lookup; allowPrivate: boolean },
): Promise<readonly [LookupAddress, ...LookupAddress[]]> {
  const [first, ...others] = await found(host, lookup);
  if (first === undefined) {
    throw new HostRefused('the host has no address');
  }
  const addresses = [first, ...others] as const;
  const stranger = allowPrivate ? undefined : addresses.find(({ address }) => !isPublicAddress(address));
  if (stranger !== undefined) {
    throw new HostRefused(notPublic(stranger.address));
  }
  return addresses;
}

async function found(host: string, lookup: Lookup): Promise<readonly LookupAddress[]> {
  try {
    return await lookup(host);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const isMissing = code === 'ENOTFOUND' || code === 'ENODATA';
    throw new HostRefused(isMissing ? 'the host has no address' : 'the host could not be looked up', { cause });
  }
}
