/**
 * Makes a queue for what is woken all at once, as all who follow one tree: so many go on at a time, with all that follows for them, and in
 * between the process does whatever else it has to do. Those that are through no longer need their memory when the next begin.
 */
export function createTurns(size: number): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const next = (): void => {
    for (const goOn of waiting.splice(0, size)) {
      goOn();
    }
    if (waiting.length > 0) {
      setImmediate(next);
    }
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) {
        setImmediate(next);
      }
    });
}
