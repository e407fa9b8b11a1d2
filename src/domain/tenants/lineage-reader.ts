import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import type { Database } from '../../db/database.ts';
import { type Lineage, readLineages } from './lineage.ts';

/** Reads lineages for all calls of the process. */
export interface LineageReader {
  /** The lineage of a tenant as it is no earlier than now; null when the tenant is gone. */
  load(id: string): Promise<Lineage | null>;
}

/** What comes in while the database answers goes out together: few requests wait for many statements, and many for a few. */
const statementsAtOnce = 2;

/** How many tenants the kept lineages have at most, counted once for each. */
const maxKept = 100_000;

/**
 * Joins the reads of concurrent requests into one statement, which tells what has changed since the last time. Each statement begins
 * after the last of its requests has come, so every answer is as current as one that was read alone.
 */
export function createLineageReader(database: Database): LineageReader {
  const kept = new LRUCache<string, Lineage>({ maxSize: maxKept, sizeCalculation: ({ length }) => length });
  const read = async (ids: readonly string[]): Promise<(Lineage | null)[]> => {
    const wanted = [...new Set(ids)];
    const known = new Map(wanted.map((id) => [id, kept.get(id)] as const).filter(isKnown));
    const lineages = await readLineages({ database }, wanted, known);
    const found = new Map(wanted.map((id, index) => [id, lineages[index] ?? null]));
    for (const [id, lineage] of found) {
      kept.set(id, lineage ?? undefined);
    }
    return ids.map((id) => found.get(id) ?? null);
  };
  return joined(read);
}

function joined(read: (ids: readonly string[]) => Promise<(Lineage | null)[]>): LineageReader {
  let running = 0;
  // The batch that is being gathered, or null when nobody waits.
  let dispatch: (() => void) | null = null;
  const next = (): void => {
    if (dispatch !== null && running < statementsAtOnce) {
      const go = dispatch;
      dispatch = null;
      running += 1;
      go();
    }
  };
  const readNext = (ids: readonly string[]): Promise<(Lineage | null)[]> =>
    read(ids).finally(() => {
      running -= 1;
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

function isKnown(entry: readonly [string, Lineage | undefined]): entry is readonly [string, Lineage] {
  return entry[1] !== undefined;
}
