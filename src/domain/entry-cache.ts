import { LRUCache } from 'lru-cache';
import type { OwnEntry } from './config/entries.ts';
import type { OwnPolicy } from './permissions/policies.ts';

/** A JSON object by key, in the shape of REST. Frozen: many answers share it. */
export type SharedMap = Readonly<Record<string, unknown>>;

/**
 * Own entries and policies of tenants, kept under the version that names them, and what they resolve to along a lineage, kept under all
 * versions on the way (`lineageKey`). A version is never used twice, not even by a database that was restored from a backup: so nothing is
 * ever invalidated, a reader first learns the current versions from the database and asks for those.
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

/** Names what applies at the end of a lineage: by the versions of each tenant on the way. */
export function lineageKey<Tenant>(lineage: readonly Tenant[], versionOf: (tenant: Tenant) => string): string {
  return lineage.map(versionOf).join('/');
}

/** Keeps a map for all who ask for the same from now on. */
export function share(maps: LRUCache<string, SharedMap>, key: string, map: Record<string, unknown>): SharedMap {
  const shared = Object.freeze(map);
  maps.set(key, shared);
  return shared;
}
