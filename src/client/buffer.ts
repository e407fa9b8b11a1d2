/** What has come and not been taken yet, in order. Who puts in is told when it is full; it never throws anything away. */
export class Buffer<Value> {
  readonly #values: Value[] = [];
  readonly #takers: PromiseWithResolvers<IteratorResult<Value, undefined>>[] = [];
  #end: { readonly error: unknown } | null = null;

  readonly #capacity: number;
  readonly #onDrained: () => void;

  /** @param onDrained Called when the last value was taken. */
  constructor(capacity: number, onDrained: () => void) {
    this.#capacity = capacity;
    this.#onDrained = onDrained;
  }

  get isFull(): boolean {
    return this.#values.length >= this.#capacity;
  }

  put(value: Value): void {
    const taker = this.#takers.shift();
    if (taker === undefined) {
      this.#values.push(value);
    } else {
      taker.resolve({ done: false, value });
    }
  }

  /** Nothing more will come; what is there can still be taken. An error is thrown to one taker, behind the last value. */
  end(error: unknown = null): void {
    this.#end ??= { error };
    for (const taker of this.#takers.splice(0)) {
      this.#take().then(taker.resolve, taker.reject);
    }
  }

  /** Forgets what is there, too. */
  discard(): void {
    this.#values.length = 0;
    this.#end = { error: null };
    this.end();
  }

  take(): Promise<IteratorResult<Value, undefined>> {
    if (this.#values.length > 0 || this.#end !== null) {
      return this.#take();
    }
    const taker = Promise.withResolvers<IteratorResult<Value, undefined>>();
    this.#takers.push(taker);
    return taker.promise;
  }

  async #take(): Promise<IteratorResult<Value, undefined>> {
    const [value] = this.#values;
    if (this.#values.length > 0) {
      this.#values.shift();
      if (this.#values.length === 0) {
        this.#onDrained();
      }
      return { done: false, value: value as Value }; // there was one
    }
    const error = this.#end?.error ?? null;
    this.#end = { error: null };
    if (error !== null) {
      throw error;
    }
    return { done: true, value: undefined };
  }
}
