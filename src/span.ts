const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span of time in short: `500ms`, `5s`, `5m`, `2h`, `1d`. In milliseconds, above zero and up to 30 days unless told; null for other text. */
export function spanMs(text: string, mostDays = 30): number | null {
  const [, count = '', unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(count) * (unitsMs[unit] ?? 0);
  return ms > 0 && ms <= mostDays * 86_400_000 ? ms : null;
}
