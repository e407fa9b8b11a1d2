import { Command } from 'commander';
import type { Context } from '../context.ts';
import { createCommand, moveCommand, renameCommand, updateCommand } from './change.ts';
import { getCommand } from './get.ts';
import { archiveCommand, purgeCommand, resumeCommand, suspendCommand } from './lifecycle.ts';
import { listCommand } from './list.ts';
import { treeCommand } from './tree.ts';

/** `stratum tenants`: the tree and what becomes of those in it. */
export function tenantsCommand(context: Context): Command {
  return new Command('tenants')
    .description('Look at the tree of tenants, and change it. A tenant is named by its id or its slug.')
    .addCommand(listCommand(context))
    .addCommand(treeCommand(context))
    .addCommand(getCommand(context))
    .addCommand(createCommand(context))
    .addCommand(updateCommand(context))
    .addCommand(renameCommand(context))
    .addCommand(moveCommand(context))
    .addCommand(suspendCommand(context))
    .addCommand(resumeCommand(context))
    .addCommand(archiveCommand(context))
    .addCommand(purgeCommand(context));
}
