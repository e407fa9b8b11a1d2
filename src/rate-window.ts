const seconds: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3_600, day: 86_400 };

/** A span of time in words, as limits of rates are given: `30 seconds`, `1 minute`, `2 hours`, `1 day`. In milliseconds; null for other text. */
export function rateWindowMs(text: string): number | null {
  const [, count = '', unit = ''] = /^([1-9]\d{0,4}) (second|minute|hour|day)s?$/i.exec(text) ?? [];
  const factor = seconds[unit.toLowerCase()];
  return factor === undefined ? null : Number(count) * factor * 1_000;
}
