import { Command } from 'commander';
import type { Context } from '../context.ts';
import { createCommand, deleteCommand, disableCommand, enableCommand } from './change.ts';
import { deliveriesCommand, redeliverCommand, testCommand } from './deliveries.ts';
import { listCommand } from './list.ts';

/** `stratum webhooks`: who is told of events, and what became of it. */
export function webhooksCommand(context: Context): Command {
  return new Command('webhooks')
    .description('Make webhooks, see what they were told, and tell them again.')
    .addCommand(listCommand(context))
    .addCommand(createCommand(context))
    .addCommand(testCommand(context))
    .addCommand(enableCommand(context))
    .addCommand(disableCommand(context))
    .addCommand(deleteCommand(context))
    .addCommand(deliveriesCommand(context))
    .addCommand(redeliverCommand(context));
}
