import { Command } from 'commander';
import type { Context } from '../context.ts';
import { tailCommand } from './tail.ts';

/** `stratum events`: what happens, as it happens. */
export function eventsCommand(context: Context): Command {
  return new Command('events').description('Follow the ledger.').addCommand(tailCommand(context));
}
