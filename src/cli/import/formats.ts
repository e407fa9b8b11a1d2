import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';

/** What stands in one place of the file, not yet checked. */
export interface Entry {
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Something in the file that can't be imported. */
export interface Problem {
  readonly line: number;
  readonly message: string;
}

/** The file as a whole can't be read as what its name says. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

export type Format = (handle: FileHandle) => AsyncGenerator<Entry | Problem>;

/** Comma-separated values with a header line, RFC 4180; trailing columns may be left out. */
export async function* readCsv(handle: FileHandle): AsyncGenerator<Entry | Problem> {
  const skipped: CsvError[] = [];
  const onSkip = (error?: CsvError): undefined => void (error && skipped.push(error));
  const parser = parse({ ...csvOptions, columns: columnNames, on_skip: onSkip });
  pipeline(handle.createReadStream({ autoClose: false }), parser, () => {});
  let last = 1;
  // The parser is a stream of `any`; with `info` and `columns` its chunks have this shape.
  for await (const { record, info } of parser as AsyncIterable<{ record: Entry['fields']; info: { lines: number } }>) {
    yield* skipped.splice(0).map((error) => toProblem(error, last));
    last = info.lines;
    yield { line: info.lines, fields: record };
  }
  yield* skipped.map((error) => toProblem(error, last));
}

const csvOptions = {
  bom: true,
  info: true,
  relax_column_count_less: true,
  skip_empty_lines: true,
  skip_records_with_error: true,
} as const;

function columnNames(header: readonly string[]): string[] {
  const names = header.map((column) => column.trim().toLowerCase());
  const missing = ['id', 'parent', 'name'].filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw new FileError(
      `line 1: the header must name the columns id, parent, name and, if you like, slug; ${missing.join(', ')} not found in: ${header.join(',')}`,
    );
  }
  return names;
}

/** The parser notices an open quote at the end of the file only; it stands somewhere behind the last good row. */
function toProblem(error: CsvError, lastGoodLine: number): Problem {
  return error.code === 'CSV_QUOTE_NOT_CLOSED'
    ? { line: lastGoodLine + 1, message: 'a quote is opened here or further down and never closed' }
    : { line: Number(error['lines']), message: error.message };
}

/** One JSON object on each line. */
export async function* readNdjson(handle: FileHandle): AsyncGenerator<Entry | Problem> {
  let line = 0;
  for await (const text of handle.readLines({ autoClose: false })) {
    line += 1;
    const json = text.replace(/^\uFEFF/, '').trim();
    if (json !== '') {
      const fields = toFields(json);
      yield fields === null ? { line, message: 'not a JSON object' } : { line, fields };
    }
  }
}

function toFields(json: string): Entry['fields'] | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
