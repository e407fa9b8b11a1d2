import { LRUCache } from 'lru-cache';
import type { OwnEntry } from './config/entries.ts';
import type { OwnPolicy } from './permissions/policies.ts';

/**
 * Own entries and policies of tenants, kept under the revision at which they last changed (`ownKey`). What a key stands for never
 * changes, so nothing is ever invalidated: a reader first learns the current revisions from the database and asks for those.
 */
export interface EntryCache {
  readonly config: LRUCache<string, readonly OwnEntry[]>;
  readonly permissions: LRUCache<string, readonly OwnPolicy[]>;
}

/** @param maxRows How many entries, and how many policies, are kept at most, over all tenants. */
export function createEntryCache(maxRows = 200_000): EntryCache {
  return { config: cacheOf<OwnEntry>(maxRows), permissions: cacheOf<OwnPolicy>(maxRows) };
}

function cacheOf<Row>(maxSize: number): LRUCache<string, readonly Row[]> {
  return new LRUCache<string, readonly Row[]>({ maxSize, sizeCalculation: (rows) => rows.length + 1 });
}

/** Revisions are numbers of one tree, so the tree is part of the key. */
export function ownKey(tenantKey: bigint, rootId: string, revision: bigint): string {
  return `${tenantKey}:${rootId}:${revision}`;
}
