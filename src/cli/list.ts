import type { Command } from 'commander';
import type { ReadPage } from '../client/pages.ts';
import { toLimit } from './arguments.ts';
import type { Context } from './context.ts';
import { jsonText } from './harmless.ts';
import { takeItems } from './pages.ts';
import type { ServerFlags } from './server.ts';
import { type Cell, tableOf } from './table.ts';

/** What every command takes that shows a list which may be long. */
export interface ListFlags extends ServerFlags {
  readonly limit: number;
  readonly after?: string;
}

export function listOptions(command: Command): Command {
  return command
    .option('--limit <count>', 'how many at most', toLimit, 100)
    .option('--after <cursor>', 'go on where an earlier answer ended');
}

interface Shape<Item> {
  /** What they are called, for people and in JSON. */
  readonly name: string;
  readonly columns: readonly string[];
  row(item: Item): readonly Cell[];
}

/** Prints a part of a list, and how to get the rest. */
export async function showList<Item>(
  context: Context,
  { json, limit, after }: ListFlags,
  { name, columns, row }: Shape<Item>,
  read: ReadPage<Item>,
): Promise<void> {
  const { items, nextCursor } = await takeItems(read, limit, after ?? null);
  if (json) {
    context.print(jsonText({ [name]: items, next_cursor: nextCursor }));
    return;
  }
  showAll(context, {}, { name, columns, row }, items);
  if (nextCursor !== null) {
    context.note(`there are more: --after ${nextCursor}`);
  }
}

/** Prints all of a list that is short by nature. */
export function showAll<Item>(
  { print, terminal }: Context,
  { json }: ServerFlags,
  { name, columns, row }: Shape<Item>,
  items: readonly Item[],
): void {
  if (json) {
    print(jsonText({ [name]: items }));
    return;
  }
  const lines = items.length === 0 ? [`no ${name}`] : tableOf(terminal, columns, items.map(row));
  lines.forEach(print);
}
