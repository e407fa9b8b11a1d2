import { LRUCache } from 'lru-cache';
import { lineageOf, type TenantContext } from './tenant-context.ts';
import type { Watch } from './watch.ts';

/** A context as it was read, and who watches over it. */
export interface Kept {
  readonly context: TenantContext;
  /** The tree whose revision the context carries. */
  readonly tree: string;
  /** Null when nobody tells of changes. */
  readonly watch: Watch | null;
  /** When it was asked for, on the clock of `performance.now()`. */
  readonly readAt: number;
}

/** Contexts by tenant, those used last, and an index of what is kept beneath each tenant: a change costs what it drops. */
export class KeptContexts {
  readonly #byId: LRUCache<string, Kept>;
  readonly #beneath = new Map<string, Set<string>>();

  constructor(max: number) {
    this.#byId = new LRUCache<string, Kept>({ max, dispose: (kept, id) => this.#unlist(id, kept) });
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Kept | undefined {
    return this.#byId.get(id);
  }

  set(id: string, kept: Kept): void {
    this.#byId.set(id, kept); // which takes another of before off the lists
    count(kept, 1);
    for (const ancestor of lineageOf(kept.context)) {
      const beneath = this.#beneath.get(ancestor) ?? new Set();
      this.#beneath.set(ancestor, beneath.add(id));
    }
  }

  /** Drops what is kept at or beneath a tenant, of which this is true. */
  drop(tenantId: string, isDue: (kept: Kept) => boolean): void {
    for (const id of [...(this.#beneath.get(tenantId) ?? [])]) {
      const kept = this.#byId.peek(id);
      if (kept !== undefined && isDue(kept)) {
        this.#byId.delete(id);
      }
    }
  }

  /** Drops everything of which this is true. */
  dropAll(isDue: (kept: Kept) => boolean): void {
    for (const [id, kept] of [...this.#byId.entries()]) {
      if (isDue(kept)) {
        this.#byId.delete(id);
      }
    }
  }

  #unlist(id: string, kept: Kept): void {
    count(kept, -1);
    for (const ancestor of lineageOf(kept.context)) {
      const beneath = this.#beneath.get(ancestor);
      beneath?.delete(id);
      if (beneath?.size === 0) {
        this.#beneath.delete(ancestor);
      }
    }
  }
}

function count({ watch }: Kept, by: 1 | -1): void {
  if (watch !== null) {
    watch.count += by;
  }
}
