import type { Client } from '../client/index.ts';
import type { Change } from './change.ts';
import { followTree } from './follow-tree.ts';
import { pause } from './pause.ts';

export interface WatchOptions {
  /** The highest tenant of a tree that the key of the program may see. */
  readonly top: string;
  readonly client: Pick<Client, 'query' | 'subscribe'>;
  readonly onChange: (change: Change) => void;
  readonly settleMs: number;
}

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

/** Follows one tree for as long as something of it is kept. */
export class Watch {
  /** How many contexts it watches over. */
  count = 0;
  readonly #options: WatchOptions;
  readonly #ended = new AbortController();
  #isLive = false;
  #lostAt = Number.NEGATIVE_INFINITY;
  #tries = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    void this.#run();
  }

  /** Whether every change is told within moments. */
  get isLive(): boolean {
    return this.#isLive;
  }

  /** Since when changes may go unheard, on the clock of `performance.now()`. */
  get lostAt(): number {
    return this.#lostAt;
  }

  end(): void {
    this.#ended.abort();
  }

  /** What ends it for good, a revoked key say, is tried again from time to time: meanwhile nothing is kept for long. */
  async #run(): Promise<void> {
    const { signal } = this.#ended;
    const { top, onChange } = this.#options;
    while (!signal.aborted) {
      const round = new AbortController(); // one subscription that has ended ends the others
      await followTree({
        ...this.#options,
        signal: AbortSignal.any([signal, round.signal]),
        onLive: (isLive) => this.#turn(isLive && !round.signal.aborted),
      }).catch(() => {}); // whoever reads meets the same, and is told
      round.abort();
      onChange({ tenantId: top, place: null });
      await pause(Math.min(longestPauseMs, firstPauseMs * 2 ** this.#tries), signal);
      this.#tries += 1;
    }
  }

  #turn(isLive: boolean): void {
    if (this.#isLive && !isLive) {
      this.#lostAt = performance.now();
    }
    this.#isLive = isLive;
    this.#tries = isLive ? 0 : this.#tries;
  }
}
