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

/** As much of each kind is kept at most, over all tenants, in characters of JSON: a few large values count like many small ones. */
const maxCharacters = 32 * 1024 * 1024;

export function createEntryCache(): EntryCache {
  return {
    config: cacheOf<readonly OwnEntry[]>(weightOfRows),
    permissions: cacheOf<readonly OwnPolicy[]>(weightOfRows),
    configMaps: cacheOf<SharedMap>((map) => JSON.stringify(map).length),
    permissionMaps: cacheOf<SharedMap>((map) => JSON.stringify(map).length),
  };
}

function cacheOf<Kept extends object>(weightOf: (kept: Kept) => number): LRUCache<string, Kept> {
  return new LRUCache<string, Kept>({ maxSize: maxCharacters, sizeCalculation: weightOf });
}

/** What a row weighs beside its key and its value. */
const restOfRow = 100;

function weightOfRows(rows: readonly (OwnPolicy | OwnEntry)[]): number {
  return rows.reduce((weight, row) => {
    const sealed = 'ciphertext' in row ? row.ciphertext : null;
    return weight + restOfRow + JSON.stringify([row.key, row.value, sealed]).length;
  }, restOfRow);
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
