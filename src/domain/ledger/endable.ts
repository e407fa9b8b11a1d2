/** Something that yields until it is told to end, or fails: a failure is the last thing it yields. */
export type Endable<Item> = AsyncIterableIterator<Item | Failure>;

/** Why nothing more comes. Yielded, so that whoever is told of items is told of it the same way, whatever the transport. */
export class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * A generator that can be ended while it waits: its own `return` would only be heard when the waiting is over.
 * @param make Has to stop waiting, and return, once the signal is aborted.
 */
export function endable<Item>(make: (signal: AbortSignal) => AsyncGenerator<Item>): Endable<Item> {
  const controller = new AbortController();
  const { signal } = controller;
  const generator = make(signal);
  let failed = false;
  return {
    next: async () => {
      try {
        return failed ? { done: true, value: undefined } : await generator.next();
      } catch (error) {
        failed = true;
        return { done: false, value: new Failure(error) };
      }
    },
    return: async () => {
      controller.abort();
      return generator.return(undefined);
    },
    throw: async (error) => {
      controller.abort();
      return generator.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The same; `onEnd` is called when nothing more comes, or nobody wants it. */
export function whenEnded<Item>(endable: Endable<Item>, onEnd: () => void): Endable<Item> {
  return {
    next: async () => {
      const result = await endable.next();
      if (result.done || result.value instanceof Failure) {
        onEnd();
      }
      return result;
    },
    return: async () => {
      onEnd();
      return (await endable.return?.()) ?? { done: true, value: undefined };
    },
    throw: async (error) => {
      onEnd();
      return (await endable.throw?.(error)) ?? { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
