import type { Postgres } from './postgres.ts';

/** What a budget is measured with. */
export interface Bench {
  readonly postgres: Postgres;
  /** An empty folder for files, which is removed at the end. */
  readonly folder: string;
  /** Whether to measure at sizes that take minutes to set up. */
  readonly large: boolean;
  /** Says what is going on, and whatever is worth knowing beside the table. */
  note(line: string): void;
}

/** One line of the table: something measured in this run against something else measured in this run. */
export interface Result {
  readonly what: string;
  readonly measured: string;
  readonly baseline: string;
  readonly ratio: string;
  readonly limit: string;
  /** Null for what is shown for comparison and has no limit. */
  readonly ok: boolean | null;
}

/** Measures one budget of the design. */
export type Budget = (bench: Bench) => Promise<Result[]>;
