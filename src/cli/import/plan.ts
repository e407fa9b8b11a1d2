import type { Problem } from './formats.ts';
import { findLevels, type Levels, top } from './levels.ts';
import type { Row } from './rows.ts';
import { SlugTable } from './slug-table.ts';

/**
 * What has to be known of the whole file before its first tenant is created. Rows are numbered from 0 in the file's order. Only
 * ids and slugs are kept in memory: the rest of a row is read again when its turn comes.
 */
export interface Plan extends Levels {
  readonly size: number;
  /** The row above each row, or `top`. */
  readonly parents: Int32Array;
  readonly hasChildren: (row: number) => boolean;
  readonly slugs: SlugTable;
  /** The slug of the tenant everything goes beneath; null when the file has a single row at its top, which then is the root. */
  readonly root: string | null;
  /** In the order of their lines. A file with problems is not imported at all. */
  readonly problems: readonly Problem[];
}

export interface RootChoice {
  /** The tenant that was asked for. */
  readonly wanted: string | null;
  /** The root's slug when none was asked for and several rows have no parent. */
  readonly otherwise: string;
}

export type Read = (report: (problem: Problem) => void) => AsyncIterable<Row>;

/** Reads every row once. */
export async function planImport(read: Read, { wanted, otherwise }: RootChoice): Promise<Plan> {
  const found = await collect(read);
  const parents = findParents(found);
  const levels = findLevels(parents);
  const root = wanted ?? (hasOneTop(parents) ? null : otherwise);
  const problems = [
    ...found.problems,
    ...levels.circles.map((row) => describeCircle(row, found)),
    ...found.slugs.settle({ ids: found.ids.keys(), lines: found.lines, reserved: root }),
  ];
  problems.sort((a, b) => a.line - b.line);
  return {
    ...levels,
    size: found.lines.length,
    parents,
    hasChildren: parentTest(parents),
    slugs: found.slugs,
    root,
    problems,
  };
}

interface Found {
  readonly ids: Map<string, number>;
  readonly lines: number[];
  readonly above: (string | null)[];
  readonly slugs: SlugTable;
  readonly problems: Problem[];
}

async function collect(read: Read): Promise<Found> {
  const found: Found = { ids: new Map(), lines: [], above: [], slugs: new SlugTable(), problems: [] };
  for await (const row of read((problem) => found.problems.push(problem))) {
    const twin = found.ids.get(row.id);
    if (twin !== undefined) {
      found.problems.push({ line: row.line, message: `id "${row.id}" is already used in line ${found.lines[twin]}` });
      continue;
    }
    found.ids.set(row.id, found.ids.size);
    found.lines.push(row.line);
    found.above.push(row.parent);
    found.slugs.add(row);
  }
  return found;
}

function findParents({ ids, lines, above, problems }: Found): Int32Array {
  return Int32Array.from(above, (id, row) => {
    const parent = id === null ? top : ids.get(id);
    if (parent === undefined) {
      problems.push({ line: lines[row] ?? 0, message: `parent "${id}" is not the id of any row` });
    }
    return parent ?? top;
  });
}

function describeCircle(row: number, { ids, lines, above }: Found): Problem {
  const way: string[] = [];
  let next: string | null | undefined = above[row];
  while (next && !way.includes(next)) {
    way.push(next);
    next = above[ids.get(next) ?? top];
  }
  const shown = way.length > 6 ? [...way.slice(0, 5), '…', way.at(-1)] : way;
  return {
    line: lines[row] ?? 0,
    message: `the row lies beneath itself: above it are ${shown.map((id) => `"${id}"`).join(', ')}`,
  };
}

function hasOneTop(parents: Int32Array): boolean {
  return parents.indexOf(top) !== -1 && parents.indexOf(top) === parents.lastIndexOf(top);
}

function parentTest(parents: Int32Array): (row: number) => boolean {
  const marks = new Uint8Array(parents.length);
  for (const parent of parents) {
    if (parent !== top) {
      marks[parent] = 1;
    }
  }
  return (row) => marks[row] === 1;
}
