import { ApiError, type Client, ImportTenantsDocument } from '../../client/index.ts';
import { top } from './levels.ts';
import type { Plan } from './plan.ts';
import type { Row } from './rows.ts';

/** What the server takes in one mutation. */
const batchSize = 100;

/** A tree's writes wait for each other in the database; a second batch uses the time the first one spends elsewhere. */
const batchesAtOnce = 2;

/** The server refused a row, or the file can't be imported as it is. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
}

export interface WriterOptions {
  readonly client: Client;
  readonly plan: Plan;
  /** What rows without a parent go beneath; null when they are roots. */
  readonly rootId: string | null;
  /** Slug → id of what an earlier run has created. */
  readonly present: ReadonlyMap<string, string>;
  readonly onProgress: (done: number) => void;
}

interface Item {
  readonly index: number;
  readonly row: Row;
}

/** Takes rows one by one, parents before children, and creates their tenants in batches. */
export class TenantWriter {
  readonly #options: WriterOptions;
  /** The tenants that rows still to come may lie beneath. */
  readonly #ids = new Map<number, string>();
  /** Where a row is on its way: its children's batch waits for this. */
  readonly #underway = new Map<number, Promise<void>>();
  readonly #sending = new Set<Promise<void>>();
  #batch: Item[] = [];
  #failure: unknown = null;
  created = 0;
  present = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Resolves when there is room for the next row, which keeps memory constant. */
  async add(row: Row, index: number): Promise<void> {
    if (this.#isPresent(index)) {
      return;
    }
    this.#batch.push({ index, row });
    if (this.#batch.length === batchSize) {
      await this.#dispatch();
    }
  }

  /** Sends what is left and waits for all of it. */
  async finish(): Promise<void> {
    await this.#dispatch();
    await this.settle();
    this.#throwFailure();
  }

  /** Waits for what is on its way, whatever comes of it. */
  async settle(): Promise<void> {
    await Promise.all(this.#sending);
  }

  #isPresent(index: number): boolean {
    const { plan, present } = this.#options;
    const id = present.get(plan.slugs.of(index));
    if (id === undefined) {
      return false;
    }
    this.#remember(index, id);
    this.present += 1;
    this.#report();
    return true;
  }

  #remember(index: number, id: string): void {
    if (this.#options.plan.hasChildren(index)) {
      this.#ids.set(index, id);
    }
  }

  #report(): void {
    this.#options.onProgress(this.created + this.present);
  }

  async #dispatch(): Promise<void> {
    while (this.#sending.size >= batchesAtOnce) {
      await Promise.race(this.#sending);
    }
    this.#throwFailure();
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) {
      this.#start(batch);
    }
  }

  #start(batch: readonly Item[]): void {
    const parents = new Set(batch.map(({ index }) => this.#underway.get(this.#parentOf(index))));
    const sending = Promise.all(parents)
      .then(() => this.#send(batch))
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#sending.delete(sending);
        batch.forEach(({ index }) => void this.#underway.delete(index));
      });
    this.#sending.add(sending);
    batch.forEach(({ index }) => void this.#underway.set(index, sending));
  }

  /** A slug that someone else in the installation has is replaced, unless the file asks for it, and the batch is sent again. */
  async #send(batch: readonly Item[]): Promise<void> {
    this.#throwFailure();
    for (let items = batch; items.length > 0; ) {
      try {
        return await this.#create(items);
      } catch (error) {
        const refused = refusedItem(error, items);
        if (refused === null || !this.#isSlugToReplace(error, refused)) {
          throw refused === null ? error : refusal(error, refused);
        }
        this.#options.plan.slugs.replace(refused.index, refused.row.id);
        items = this.#isPresent(refused.index) ? items.filter((item) => item !== refused) : items;
      }
    }
  }

  async #create(items: readonly Item[]): Promise<void> {
    const tenants = items.map((item) => this.#toInput(item));
    const { createTenants } = await this.#options.client.mutate(ImportTenantsDocument, { tenants });
    const created = createTenants ?? [];
    for (const [position, { id }] of created.entries()) {
      this.#remember(items[position]?.index ?? top, id);
    }
    this.created += created.length;
    this.#report();
  }

  #toInput({ index, row }: Item): {
    name: string;
    slug: string;
    parentId?: string | null;
    parentSlug?: string;
    metadata: object;
  } {
    const { plan, rootId } = this.#options;
    const parent = this.#parentOf(index);
    const parentId = parent === top ? rootId : this.#ids.get(parent);
    const above = parentId === undefined ? { parentSlug: plan.slugs.of(parent) } : { parentId };
    return { name: row.name, slug: plan.slugs.of(index), ...above, metadata: { importedId: row.id } };
  }

  #parentOf(index: number): number {
    return this.#options.plan.parents[index] ?? top;
  }

  #isSlugToReplace(error: unknown, { index }: Item): boolean {
    return (
      error instanceof ApiError && error.code === 'TENANT_ALREADY_EXISTS' && !this.#options.plan.slugs.isGiven(index)
    );
  }

  #throwFailure(): void {
    if (this.#failure !== null) {
      throw this.#failure;
    }
  }
}

/** A refused batch names the item it was refused for. */
function refusedItem(error: unknown, items: readonly Item[]): Item | null {
  const index = error instanceof ApiError ? error.details['index'] : undefined;
  return typeof index === 'number' ? (items[index] ?? null) : null;
}

function refusal(error: unknown, { row }: Item): ImportError {
  const { code, message } =
    error instanceof ApiError ? error : { code: 'INTERNAL_SERVER_ERROR', message: String(error) };
  return new ImportError(`line ${row.line}, "${row.name}": ${message} (${code})`, { cause: error });
}
