import { Command } from 'commander';
import type { Context } from '../context.ts';
import { revokeCommand, setCommand } from './change.ts';
import { explainCommand } from './explain.ts';
import { listCommand } from './list.ts';

/** `stratum permissions`: what tenants may do, and what they may pass on. */
export function permissionsCommand(context: Context): Command {
  return new Command('permissions')
    .description('List, set, revoke and explain permissions. A tenant is named by its id or its slug.')
    .addCommand(listCommand(context))
    .addCommand(setCommand(context))
    .addCommand(revokeCommand(context))
    .addCommand(explainCommand(context));
}
