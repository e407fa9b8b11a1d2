import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import type { Database } from '../../db/database.ts';
import { areCurrent, type Lineage, readLineages } from './lineage.ts';

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
 * and what doesn't is read again. Each statement begins after the last of its requests has come, so every answer is as current as one
 * that was read alone.
 */
export function createLineageReader(database: Database): LineageReader {
  const kept = new LRUCache<string, Lineage>({ maxSize: maxKept, sizeCalculation: ({ length }) => length });
  const advanced = new LRUCache<string, bigint>({ max: maxAdvanced });
  const mayHold = ([root]: Lineage): boolean =>
    root !== undefined && root.treeRevision >= (advanced.get(root.id) ?? root.treeRevision);
  const readAgain = async (ids: readonly string[]): Promise<(Lineage | null)[]> => {
    const lineages = await readLineages({ database }, ids);
    for (const [index, id] of ids.entries()) {
      kept.set(id, lineages[index] ?? undefined);
    }
    return lineages;
  };
  const loader = joined(async (asked) => {
    const ids = [...new Set(asked)];
    const known = ids.flatMap((id) => lineageIn(kept, id)).filter(mayHold);
    const isHolding = known.length === ids.length && (await areCurrent({ database }, known));
    const lineages = isHolding ? known : await readAgain(ids);
    const found = new Map(ids.map((id, index) => [id, lineages[index] ?? null]));
    return asked.map((id) => found.get(id) ?? null);
  });
  return { load: (id) => loader.load(id), advance: (rootId, revision) => void advanced.set(rootId, revision) };
}

/** Of this many trees the latest write is remembered. */
const maxAdvanced = 10_000;

/** The kept lineage, or nothing. */
function lineageIn(kept: LRUCache<string, Lineage>, id: string): [Lineage] | [] {
  const lineage = kept.get(id);
  return lineage === undefined ? [] : [lineage];
}

/** What is asked for while the database answers goes out together, when it has: many requests cost no more statements than a few. */
function joined(read: (ids: readonly string[]) => Promise<(Lineage | null)[]>): DataLoader<string, Lineage | null> {
  let running = false;
  // The batch that is being gathered, or null when nobody waits.
  let dispatch: (() => void) | null = null;
  const next = (): void => {
    if (dispatch !== null && !running) {
      const go = dispatch;
      dispatch = null;
      running = true;
      go();
    }
  };
  const readNext = (ids: readonly string[]): Promise<(Lineage | null)[]> =>
    read(ids).finally(() => {
      running = false;
      setImmediate(next);
    });
  return new DataLoader<string, Lineage | null>(readNext, {
    cache: false,
    batchScheduleFn: (go) => {
      dispatch = go;
      setImmediate(next);
    },
  });
}
