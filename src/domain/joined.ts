import DataLoader from 'dataloader';

/** A statement that is slower than this, as on a connection that is dead, holds up nobody but its own. */
const patienceMs = 100;

/**
 * Joins what many requests ask for at the same moment: what is asked for while the database answers goes out together, when it has, so that
 * many requests cost no more statements than a few. Each statement begins after the last of its requests has come: every answer is as
 * current as one that was read alone. The same key may be asked for several times in one batch.
 */
export function joined<Key, Value>(read: (keys: readonly Key[]) => Promise<Value[]>): DataLoader<Key, Value> {
  let running = 0;
  let startedAt = 0;
  // The batch that is being gathered, or null when nobody waits.
  let dispatch: (() => void) | null = null;
  const next = (): void => {
    const now = performance.now();
    if (dispatch !== null && (running === 0 || now - startedAt >= patienceMs)) {
      const go = dispatch;
      dispatch = null;
      running += 1;
      startedAt = now;
      go();
    }
  };
  const readNext = (keys: readonly Key[]): Promise<Value[]> =>
    read(keys).finally(() => {
      running -= 1;
      setImmediate(next);
    });
  return new DataLoader<Key, Value>(readNext, {
    cache: false,
    batchScheduleFn: (go) => {
      dispatch = go;
      setImmediate(next);
      setTimeout(next, patienceMs).unref();
    },
  });
}
