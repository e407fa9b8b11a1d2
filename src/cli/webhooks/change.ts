import { Command } from 'commander';
import {
  CreateWebhookDocument,
  DeleteWebhookDocument,
  DisableWebhookDocument,
  EnableWebhookDocument,
} from '../../client/index.ts';
import { toList, toUuid } from '../arguments.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { present } from '../present.ts';
import { answer, onServer, type ServerFlags } from '../server.ts';
import { tenantIdOrNull } from '../tenant-name.ts';

interface CreateFlags extends ServerFlags {
  readonly tenant?: string;
  readonly events: readonly string[];
  readonly subtree: boolean;
  readonly ordered?: boolean;
  readonly description?: string;
}

export function createCommand(context: Context): Command {
  const command = new Command('create')
    .description('Make a webhook, and print the secret that its deliveries are signed with, once.')
    .argument('<url>', 'where to send deliveries')
    .option('--tenant <tenant>', 'the tenant where it is at home; the whole installation unless told')
    .option('--events <list>', 'the types of events to tell of, separated by commas', toList, ['*'])
    .option('--no-subtree', 'do not tell of what happens below the tenant')
    .option('--ordered', 'one delivery after the other, in the order of the ledger')
    .option('--description <text>', 'what it is for');
  return onServer(context, command, async (client, flags: CreateFlags, url: string) => {
    const { subtree, ordered = false, description } = flags;
    const tenantId = await tenantIdOrNull(client, flags.tenant);
    const input = { url, tenantId, events: [...flags.events], subtree, ordered, ...(description && { description }) };
    const { made } = await client.mutate(CreateWebhookDocument, { input });
    const { secret, webhook } = present(made);
    if (!flags.json) {
      context.note(`webhook ${webhook.id}; its secret is shown this once:`);
    }
    answer(context, flags, { ...webhook, secret }, () => present(secret));
  });
}

export function enableCommand(context: Context): Command {
  const command = onWebhook('enable', 'Switch a webhook on. "redeliver --since" sends what it missed.');
  return onServer(context, command, async (client, flags: ServerFlags, id: string) => {
    const { enableWebhook } = await client.mutate(EnableWebhookDocument, { id });
    answer(context, flags, enableWebhook, () => `${id} is on`);
  });
}

export function disableCommand(context: Context): Command {
  const command = onWebhook('disable', 'Switch a webhook off: it is told of nothing more.');
  return onServer(context, command, async (client, flags: ServerFlags, id: string) => {
    const { disableWebhook } = await client.mutate(DisableWebhookDocument, { id });
    answer(context, flags, disableWebhook, () => `${id} is off`);
  });
}

interface DeleteFlags extends ServerFlags {
  readonly yes?: boolean;
}

export function deleteCommand(context: Context): Command {
  const command = onWebhook('delete', 'Remove a webhook, and what is known of its deliveries.').option(
    '--yes',
    'do it without asking',
  );
  return onServer(context, command, async (client, flags: DeleteFlags, id: string) => {
    await confirm(context, { what: `The webhook ${id} will be gone.`, word: 'yes', yes: flags.yes });
    const { deleteWebhook } = await client.mutate(DeleteWebhookDocument, { id });
    answer(context, flags, deleteWebhook, () => `deleted ${id}`);
  });
}

export function onWebhook(name: string, description: string): Command {
  return new Command(name).description(description).argument('<id>', 'the id of the webhook', toUuid);
}
