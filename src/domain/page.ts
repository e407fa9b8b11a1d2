import { z } from 'zod';
import { invalidField } from './errors.ts';
import { parse } from './validation.ts';

/** What a caller says about the page it wants. */
export interface PageInput {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** One page of a list that is read forward. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasNextPage: boolean;
  /** The cursor behind which the list goes on after an item. */
  readonly cursorOf: (item: Item) => string;
}

/** A page has this many items unless told, and never more than {@link maxPageSize}. */
export const defaultPageSize = 50;
export const maxPageSize = 100;

const pageSize = z
  .number()
  .int()
  .min(1, `must be between 1 and ${maxPageSize}`)
  .max(maxPageSize, `must be between 1 and ${maxPageSize}`);

/** How many items the page has at most. `VALIDATION_ERROR` outside of 1..100. */
export function pageSizeOf({ first }: PageInput): number {
  return parse(pageSize, first ?? defaultPageSize, ['first']);
}

/** A page out of the rows read for it: one more than its size, if there are more. */
export function pageOf<Item>(rows: readonly Item[], size: number, cursorOf: (item: Item) => string): Page<Item> {
  return { items: rows.slice(0, size), hasNextPage: rows.length > size, cursorOf };
}

/** An opaque cursor that stands for a place in an order. */
export function encodeCursor(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** The place a cursor stands for, or null without a cursor. `VALIDATION_ERROR` for one that this list never gave. */
export function decodeCursor<Place>(schema: z.ZodType<Place>, cursor: string | null | undefined): Place | null {
  if (cursor === null || cursor === undefined) {
    return null;
  }
  const place = schema.safeParse(jsonOf(Buffer.from(cursor, 'base64url').toString()));
  if (!place.success) {
    throw invalidField('after', 'is not the cursor of a page of this list', 'invalid_cursor');
  }
  return place.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
