import { LRUCache } from 'lru-cache';
import type { OwnEntry } from './config/entries.ts';
import type { OwnPolicy } from './permissions/policies.ts';

/** A JSON object by key, in the shape of REST. Frozen: many answers share it. */
export type SharedMap = Readonly<Record<string, unknown>>;

/**
 * Own entries and policies of tenants, kept under the revision at which they last changed (`ownKey`), and what they resolve to along a
 * lineage, kept under all of its revisions (`lineageKey`). What a key stands for never changes, so nothing is ever invalidated: a
 * reader first learns the current revisions from the database and asks for those.
 */
export interface EntryCache {
  readonly config: LRUCache<string, readonly OwnEntry[]>;
  readonly permissions: LRUCache<string, readonly OwnPolicy[]>;
  readonly configMaps: LRUCache<string, SharedMap>;
  readonly permissionMaps: LRUCache<string, SharedMap>;
}

/** @param maxRows How many entries of each kind are kept at most, over all tenants. */
export function createEntryCache(maxRows = 200_000): EntryCache {
  return {
    config: cacheOf<readonly OwnEntry[]>(maxRows, ({ length }) => length),
    permissions: cacheOf<readonly OwnPolicy[]>(maxRows, ({ length }) => length),
    configMaps: cacheOf<SharedMap>(maxRows, (map) => Object.keys(map).length),
    permissionMaps: cacheOf<SharedMap>(maxRows, (map) => Object.keys(map).length),
  };
}

function cacheOf<Kept extends object>(maxSize: number, rowsOf: (kept: Kept) => number): LRUCache<string, Kept> {
  return new LRUCache<string, Kept>({ maxSize, sizeCalculation: (kept) => rowsOf(kept) + 1 });
}

/** Revisions are numbers of one tree, so the tree is part of the key. */
export function ownKey(tenantKey: bigint, rootId: string, revision: bigint): string {
  return `${tenantKey}:${rootId}:${revision}`;
}

/** Names what applies at the end of a lineage: the tree, and the revision of each tenant on the way. */
export function lineageKey<Tenant extends { readonly key: bigint; readonly rootId: string }>(
  lineage: readonly Tenant[],
  revisionOf: (tenant: Tenant) => bigint,
): string {
  return lineage.reduce((key, tenant) => `${key}/${tenant.key}:${revisionOf(tenant)}`, lineage[0]?.rootId ?? '');
}

/** Keeps a map for all who ask for the same from now on. */
export function share(maps: LRUCache<string, SharedMap>, key: string, map: Record<string, unknown>): SharedMap {
  const shared = Object.freeze(map);
  maps.set(key, shared);
  return shared;
}
