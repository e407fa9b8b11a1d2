import measure from 'fast-string-truncated-width';
import { harmless } from './harmless.ts';
import type { Style, Terminal } from './terminal.ts';

/** What stands in one place of a table. Text of others is made harmless here. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** A value of 64 KiB in one row must not push everything else out of sight; `--json` has it whole. */
const widest = 60;
const gap = '  ';

/** Lines with columns below each other, whatever script they are in; on a terminal no line is longer than that. */
export function tableOf(
  { paint, out }: Terminal,
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
): string[] {
  const cells = rows.map((row) => row.map((cell) => clip(textOf(cell), widest)));
  const widths = widthsOf([header, ...cells], out.isTTY === true ? (out.columns ?? 80) : Number.POSITIVE_INFINITY);
  const lineOf = (texts: readonly string[], styleAt: (column: number) => Style | undefined) =>
    texts
      .map((text, column) => styled(paint, padded(text, widths[column] ?? 0), styleAt(column)))
      .join(gap)
      .trimEnd();
  return [
    lineOf(header, () => 'dim'),
    ...cells.map((texts, row) => lineOf(texts, (column) => styleOf(rows[row]?.[column]))),
  ];
}

/** One thing, a line for each of its fields. */
export function describe({ paint }: Terminal, fields: Readonly<Record<string, string | null>>): string[] {
  const shown = Object.entries(fields).filter(([, value]) => value !== null);
  const width = Math.max(...shown.map(([label]) => label.length));
  return shown.map(([label, value]) => `${paint('dim', label.padEnd(width))}${gap}${harmless(value ?? '')}`);
}

/** As much of a text as has room in so many columns. */
export function clip(text: string, columns: number): string {
  const { index, ellipsed } = measure(text, { limit: columns, ellipsis: '…', ellipsisWidth: 1 });
  return ellipsed ? `${text.slice(0, index)}…` : text;
}

function widthsOf(rows: readonly (readonly string[])[], columns: number): number[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  const last = widths.length - 1;
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + gap.length, 0);
  return widths.with(last, Math.min(widths[last] ?? 0, Math.max(8, columns - before)));
}

function padded(text: string, width: number): string {
  const fitting = clip(text, width);
  return fitting + ' '.repeat(Math.max(0, width - widthOf(fitting)));
}

function widthOf(text: string): number {
  return measure(text).width;
}

function textOf(cell: Cell): string {
  return harmless(typeof cell === 'string' ? cell : cell.text);
}

function styleOf(cell: Cell | undefined): Style | undefined {
  return typeof cell === 'object' ? cell.style : undefined;
}

function styled(paint: Terminal['paint'], text: string, style: Style | undefined): string {
  return style === undefined || text.trim() === '' ? text : paint(style, text);
}
