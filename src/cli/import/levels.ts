/** Stands for "no row": the place of the tenant that everything is imported beneath. */
export const top = -1;

export interface Levels {
  /** Longest way down: 1 when nothing lies under anything. */
  readonly depth: number;
  /** How often the file has to be read so that parents come before their children: once when they stand before them. */
  readonly passes: number;
  /** The pass a row is taken in, from 1. */
  readonly pass: Uint32Array;
  /** One row of each circle of parents; where there are any, the rest means nothing. */
  readonly circles: readonly number[];
}

/** Finds each row's level and pass. `parents[row]` is the row above, or `top`. */
export function findLevels(parents: Int32Array): Levels {
  const depth = new Uint32Array(parents.length);
  const pass = new Uint32Array(parents.length);
  const circles: number[] = [];
  for (let row = 0; row < parents.length; row += 1) {
    const way = climb(row, parents, depth);
    if (way.circle !== null) {
      circles.push(way.circle);
    }
    for (const below of way.rows.reverse()) {
      const above = parents[below] ?? top;
      depth[below] = (depth[above] ?? 0) + 1;
      pass[below] = Math.max(1, (pass[above] ?? 0) + (above > below ? 1 : 0));
    }
  }
  return { depth: largest(depth), passes: largest(pass), pass, circles };
}

/** The rows from `row` upwards that have no level yet, and where they meet themselves, if they do. */
function climb(row: number, parents: Int32Array, depth: Uint32Array): { rows: number[]; circle: number | null } {
  const rows: number[] = [];
  const seen = new Set<number>();
  let next = row;
  while (next !== top && depth[next] === 0) {
    if (seen.has(next)) {
      return { rows, circle: next };
    }
    seen.add(next);
    rows.push(next);
    next = parents[next] ?? top;
  }
  return { rows, circle: null };
}

function largest(numbers: Uint32Array): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}
