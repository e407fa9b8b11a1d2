import type { Problem } from './formats.ts';
import type { Row } from './rows.ts';
import { freeSlug, slugFrom } from './slugs.ts';

export interface SettleOptions {
  readonly ids: Iterable<string>;
  readonly lines: readonly number[];
  /** A slug that no row may have. */
  readonly reserved: string | null;
}

/** The slug of every row: the file's own where it gives one, otherwise one made of its name and unique in the file. */
export class SlugTable {
  readonly #slugs: string[] = [];
  readonly #given: boolean[] = [];
  readonly #taken = new Set<string>();

  add({ slug, name, id }: Row): void {
    this.#slugs.push(slug ?? slugFrom(name, id));
    this.#given.push(slug !== null);
  }

  of(row: number): string {
    return this.#slugs[row] ?? '';
  }

  /** Whether the file itself asks for this slug. */
  isGiven(row: number): boolean {
    return this.#given[row] === true;
  }

  /** Settles who has which slug: first those the file gives, then the others in the file's order. */
  settle({ ids, lines, reserved }: SettleOptions): Problem[] {
    if (reserved !== null) {
      this.#taken.add(reserved);
    }
    const problems = this.#settleGiven(lines);
    let row = 0;
    for (const id of ids) {
      if (!this.isGiven(row)) {
        this.replace(row, id);
      }
      row += 1;
    }
    return problems;
  }

  /** The same slug if it is free, else another one. Called again when someone else in the installation turns out to have it. */
  replace(row: number, id: string): void {
    const slug = freeSlug(this.of(row), id, (candidate) => !this.#taken.has(candidate));
    this.#taken.add(slug);
    this.#slugs[row] = slug;
  }

  #settleGiven(lines: readonly number[]): Problem[] {
    const problems: Problem[] = [];
    for (const [row, slug] of this.#slugs.entries()) {
      if (this.isGiven(row) && this.#taken.has(slug)) {
        problems.push({ line: lines[row] ?? 0, message: `slug "${slug}" is already used by another row or the root` });
      } else if (this.isGiven(row)) {
        this.#taken.add(slug);
      }
    }
    return problems;
  }
}
