import { LRUCache } from 'lru-cache';
import type { OwnEntry } from './config/entries.ts';
import type { OwnPolicy } from './permissions/policies.ts';

/** A JSON object by key, in the shape of REST. Frozen: many answers share it. */
export type SharedMap = Readonly<Record<string, unknown>>;

/**
 * Own entries and policies of tenants, kept under the version that names them, and what they resolve to along a lineage, kept under all
 * versions on the way. A version is never used twice, not even by a database that was restored from a backup: so nothing is
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

/** What a map is made of, and whether everybody may see it as it is. */
export interface Made {
  readonly map: Record<string, unknown>;
  readonly isForAll: boolean;
}

/**
 * The map of all that applies at the end of a lineage: the one that is kept under the versions of each tenant on the way, or a new one. What
 * is for everybody is kept for all who ask for the same.
 */
export async function sharedMap(
  maps: LRUCache<string, SharedMap>,
  versions: readonly string[],
  make: () => Promise<Made>,
): Promise<SharedMap> {
  const key = versions.join('/');
  const kept = maps.get(key);
  if (kept !== undefined) {
    return kept;
  }
  const { map, isForAll } = await make();
  if (isForAll) {
    maps.set(key, Object.freeze(map));
  }
  return map;
}
