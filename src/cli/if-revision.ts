import type { Command } from 'commander';
import { toCount } from './arguments.ts';

/** What every change takes that must not overwrite what others did meanwhile. */
export function ifRevisionOption(command: Command): Command {
  return command.option('--if-revision <number>', 'only if nothing changed since this revision of the tree', toCount);
}
