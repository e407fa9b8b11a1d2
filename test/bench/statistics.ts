/** The middle of the values: what one slow round doesn't move. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** The value that this share of the values doesn't exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN;
}

/** What came of measuring two things side by side. */
export interface Rounds<Value> {
  readonly measured: readonly Value[];
  readonly baseline: readonly Value[];
}

/**
 * Measures both by turns, the one that begins changing from round to round, so that whatever else the machine does meets both alike.
 */
export async function byTurns<Value>(
  rounds: number,
  sides: { readonly [Side in keyof Rounds<Value>]: (round: number) => Promise<Value> },
): Promise<Rounds<Value>> {
  const measured: Value[] = [];
  const baseline: Value[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const turns = [
      async () => measured.push(await sides.measured(round)),
      async () => baseline.push(await sides.baseline(round)),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) {
      await turn();
    }
  }
  return { measured, baseline };
}

/** The middle of the ratios of each round. */
export function medianRatio<Value>({ measured, baseline }: Rounds<Value>, of: (value: Value) => number): number {
  return median(
    measured.flatMap((value, round) => {
      const other = baseline[round];
      return other === undefined ? [] : [of(value) / of(other)];
    }),
  );
}
