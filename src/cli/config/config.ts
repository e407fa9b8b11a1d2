import { Command } from 'commander';
import type { Context } from '../context.ts';
import { setCommand, unsetCommand } from './change.ts';
import { diffCommand } from './diff.ts';
import { explainCommand } from './explain.ts';
import { getCommand, listCommand } from './read.ts';

/** `stratum config`: what applies to a tenant, and why. */
export function configCommand(context: Context): Command {
  return new Command('config')
    .description('Read, set and explain the config of tenants. A tenant is named by its id or its slug.')
    .addCommand(getCommand(context))
    .addCommand(listCommand(context))
    .addCommand(setCommand(context))
    .addCommand(unsetCommand(context))
    .addCommand(diffCommand(context))
    .addCommand(explainCommand(context));
}
