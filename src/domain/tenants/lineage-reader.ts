import { LRUCache } from 'lru-cache';
import type { Database } from '../../db/database.ts';
import { joined } from '../joined.ts';
import { currentOf, type Lineage, readLineages, tenantOf } from './lineage.ts';

/** Reads lineages for all calls of the process. */
export interface LineageReader {
  /** The lineage of a tenant as it is no earlier than now; null when the tenant is gone. */
  load(id: string): Promise<Lineage | null>;
  /** Is told of a write of this process, after which nobody needs to ask whether older lineages of the tree still hold. */
  advance(rootId: string, revision: bigint): void;
}

/** How many tenants the kept lineages have at most, counted once for each. */
const maxKept = 100_000;

/**
 * Joins the reads of concurrent requests into one. What was read before is asked first whether it still holds, which costs next to nothing,
 * and the rest is read. Each statement begins after the last of its requests has come, so every answer is as current as one that was
 * read alone.
 */
export function createLineageReader(database: Database): LineageReader {
  const kept = new LRUCache<string, Lineage>({ maxSize: maxKept, sizeCalculation: ({ length }) => length });
  const advanced = new LRUCache<string, bigint>({ max: maxAdvanced });
  const mayHold = ([root]: Lineage): boolean =>
    root !== undefined && root.treeRevision >= (advanced.get(root.id) ?? root.treeRevision);
  const read = async (asked: readonly string[]): Promise<(Lineage | null)[]> => {
    const ids = [...new Set(asked)];
    const known = ids.flatMap((id) => lineageIn(kept, id)).filter(mayHold);
    const holding = known.length === 0 ? [] : await currentOf({ database }, known);
    const found = new Map<string, Lineage | null>(holding.map((lineage) => [tenantOf(lineage).id, lineage]));
    const missing = ids.filter((id) => !found.has(id));
    const fresh = missing.length === 0 ? [] : await readLineages({ database }, missing);
    for (const [index, id] of missing.entries()) {
      found.set(id, fresh[index] ?? null);
      kept.set(id, fresh[index] ?? undefined);
    }
    return asked.map((id) => found.get(id) ?? null);
  };
  const loader = joined(read);
  return { load: (id) => loader.load(id), advance: (rootId, revision) => void advanced.set(rootId, revision) };
}

/** Of this many trees the latest write is remembered. */
const maxAdvanced = 10_000;

/** The kept lineage, or nothing. */
function lineageIn(kept: LRUCache<string, Lineage>, id: string): [Lineage] | [] {
  const lineage = kept.get(id);
  return lineage === undefined ? [] : [lineage];
}
