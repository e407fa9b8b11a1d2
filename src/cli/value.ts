import { UsageError } from './context.ts';
import { jsonText } from './harmless.ts';

/** A value as a person reads it: JSON on one line; one that is withheld has none to show. */
export function shownValue(value: unknown, masked = false): string {
  return masked ? '(withheld)' : jsonText(value);
}

export interface ValueFlags {
  readonly string?: boolean;
  readonly stdin?: boolean;
}

/** What was typed as a value: JSON where it is JSON, else the text itself, which `--string` makes of anything. */
export function typedValue(text: string, { string = false }: ValueFlags): unknown {
  if (string) {
    return text;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  assertExact(text, value);
  return value;
}

/** A long number would be stored as another one without a word. */
function assertExact(text: string, value: unknown): void {
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    !Number.isSafeInteger(value) &&
    /^-?\d+$/.test(text.trim())
  ) {
    throw new UsageError(`${text.trim()} is a number that JSON can't hold exactly: give it as text with --string`);
  }
}
