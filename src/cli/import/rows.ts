import { type FileHandle, open } from 'node:fs/promises';
import { extname } from 'node:path';
import { type Entry, FileError, type Format, type Problem, readCsv, readNdjson } from './formats.ts';
import { slugPattern } from './slugs.ts';

/** One tenant of the file. */
export interface Row {
  readonly line: number;
  readonly id: string;
  /** The id of the row above it; null at the top. */
  readonly parent: string | null;
  readonly name: string;
  /** Null when the file leaves it to us. */
  readonly slug: string | null;
}

const formats: Readonly<{ [extension: string]: Format }> = {
  '.csv': readCsv,
  '.ndjson': readNdjson,
  '.jsonl': readNdjson,
};

/** The good rows of a `.csv`, `.ndjson` or `.jsonl` file, one at a time in the file's order; the bad ones are reported. */
export async function* readRows(file: string, report: (problem: Problem) => void = () => {}): AsyncGenerator<Row> {
  const read = formats[extname(file).toLowerCase()];
  if (read === undefined) {
    throw new FileError(`${file}: the name must end in .csv, .ndjson or .jsonl`);
  }
  await using handle = await openFile(file);
  for await (const entry of read(handle)) {
    const checked = 'message' in entry ? entry : check(entry);
    if ('message' in checked) {
      report(checked);
    } else {
      yield checked;
    }
  }
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file);
  } catch (error) {
    throw new FileError(`${file} can't be opened: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** Thrown and caught in this file only: the row is a problem to report. */
class BadRow extends Error {}

function check({ line, fields }: Entry): Row | Problem {
  try {
    return toRow(line, fields);
  } catch (error) {
    if (error instanceof BadRow) {
      return { line, message: error.message };
    }
    throw error;
  }
}

function toRow(line: number, fields: Entry['fields']): Row {
  const id = required(fields, 'id');
  const name = required(fields, 'name');
  const slug = optional(fields, 'slug');
  if (name.length > 255) {
    throw new BadRow(`name is longer than 255 characters (id "${id}")`);
  }
  if (slug !== null && !slugPattern.test(slug)) {
    throw new BadRow(
      `slug "${slug}" must begin with a lower-case letter and have up to 63 lower-case letters, digits and "_"`,
    );
  }
  return { line, id, parent: optional(fields, 'parent'), name, slug };
}

function required(fields: Entry['fields'], field: string): string {
  const text = optional(fields, field);
  if (text === null) {
    throw new BadRow(`${field} is empty`);
  }
  return text;
}

function optional(fields: Entry['fields'], field: string): string | null {
  const value = fields[field] ?? '';
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new BadRow(`${field} must be text or a number`);
  }
  return String(value).trim() || null;
}
