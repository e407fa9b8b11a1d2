import { type Change, mayLack } from './change.ts';
import { deepFreeze } from './deep-freeze.ts';
import { type Kept, KeptContexts } from './kept-contexts.ts';
import { lineageOf, type TenantContext } from './tenant-context.ts';
import type { Watches } from './watches.ts';

/** A context with the tree whose revision it carries. */
export interface Found {
  readonly tree: string;
  readonly context: TenantContext;
}

export interface LiveCopyOptions {
  /** Asks the control plane. */
  readonly read: (id: string) => Promise<Found>;
  readonly watches: (onChange: (change: Change) => void) => Pick<Watches, 'of' | 'status' | 'endIdle' | 'close'>;
  readonly maxSize: number;
  /** How old a kept context can get at most, in milliseconds. */
  readonly ttlMs: number;
  /** The same while nobody tells of changes. */
  readonly fallbackTtlMs: number;
}

/** How the live copy is getting on. */
export interface CacheStatus {
  /** How many contexts are kept. */
  readonly contexts: number;
  /** How many trees they are of. */
  readonly trees: number;
  /** Of how many trees changes are told within moments. */
  readonly live: number;
}

/** A read that is on its way, and what happened meanwhile. */
interface Reading {
  readonly promise: Promise<TenantContext>;
  readonly changes: Change[];
}

/** How often what is too old makes room. */
const sweepMs = 30_000;

/**
 * Contexts of tenants, read once and kept for as long as nothing has happened to them: whatever happens at or above a tenant drops what is
 * kept of it, so that the next read asks anew. An answer is never older than the last change that had come in when it was asked for.
 */
export class LiveCopy {
  readonly #options: LiveCopyOptions;
  readonly #kept: KeptContexts;
  readonly #watches: ReturnType<LiveCopyOptions['watches']>;
  /** Those that others may still join. */
  readonly #joinable = new Map<string, Reading>();
  readonly #readings = new Set<Reading>();
  readonly #sweeper: ReturnType<typeof setInterval>;

  constructor(options: LiveCopyOptions) {
    this.#options = options;
    this.#kept = new KeptContexts(options.maxSize);
    this.#watches = options.watches((change) => this.changed(change));
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs);
    this.#sweeper.unref?.(); // a browser-like runtime has numbers for timers
  }

  get status(): CacheStatus {
    return { contexts: this.#kept.size, ...this.#watches.status };
  }

  /** The context of a tenant, from memory if it is there and good. */
  read(id: string): Promise<TenantContext> {
    const kept = this.#kept.get(id);
    if (kept !== undefined && this.#isGood(kept)) {
      return Promise.resolve(kept.context);
    }
    return (this.#joinable.get(id) ?? this.#startReading(id)).promise;
  }

  /** Drops what is known of a tenant and all beneath it, unless it was read behind the change. */
  changed(change: Change): void {
    this.#kept.drop(change.tenantId, ({ tree, context }) => mayLack({ tree, revision: context.revision }, change));
    for (const reading of this.#readings) {
      reading.changes.push(change);
    }
    this.#joinable.clear(); // whoever asks from now on is not answered with what was asked before
  }

  /** Drops everything. */
  clear(): void {
    this.#kept.dropAll(() => true);
    for (const reading of this.#readings) {
      reading.changes.push(everything);
    }
    this.#joinable.clear();
  }

  close(): void {
    clearInterval(this.#sweeper);
    this.#watches.close();
    this.clear();
  }

  #startReading(id: string): Reading {
    const changes: Change[] = [];
    const readAt = performance.now();
    const promise = this.#options.read(id).then((found) => {
      deepFreeze(found.context);
      this.#keep(id, found, changes, readAt);
      return found.context;
    });
    const reading = { promise, changes };
    this.#readings.add(reading);
    this.#joinable.set(id, reading);
    const end = () => {
      this.#readings.delete(reading);
      if (this.#joinable.get(id) === reading) {
        this.#joinable.delete(id);
      }
    };
    promise.then(end, end);
    return reading;
  }

  #keep(id: string, { tree, context }: Found, changes: readonly Change[], readAt: number): void {
    const lineage = lineageOf(context);
    const isOvertaken = changes.some(
      (change) =>
        change === everything ||
        (lineage.includes(change.tenantId) && mayLack({ tree, revision: context.revision }, change)),
    );
    const [top = id] = lineage;
    if (!isOvertaken) {
      this.#kept.set(id, { context, tree, watch: this.#watches.of(top), readAt });
    }
  }

  #isGood({ watch, readAt }: Kept): boolean {
    const now = performance.now();
    const { ttlMs, fallbackTtlMs } = this.#options;
    if (watch?.isLive) {
      return now - readAt < ttlMs;
    }
    return now - readAt < ttlMs && now - Math.max(readAt, watch?.lostAt ?? readAt) < fallbackTtlMs;
  }

  #sweep(): void {
    this.#kept.dropAll((kept) => !this.#isGood(kept));
    this.#watches.endIdle();
  }
}

/** Stands for a change of all there is. */
const everything: Change = { tenantId: '', place: null };
