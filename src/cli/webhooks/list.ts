import { Command } from 'commander';
import { ListWebhooksDocument, type RestWebhookFragment } from '../../client/index.ts';
import type { Context } from '../context.ts';
import { type ListFlags, listOptions, showList } from '../list.ts';
import { onServer } from '../server.ts';
import type { Cell } from '../table.ts';
import { tenantIdOrNull } from '../tenant-name.ts';

interface Flags extends ListFlags {
  readonly tenant?: string;
}

export function listCommand(context: Context): Command {
  const command = listOptions(new Command('list'))
    .description('List webhooks.')
    .option('--tenant <tenant>', 'only those of exactly this tenant');
  return onServer(context, command, async (client, flags: Flags) => {
    const tenantId = await tenantIdOrNull(client, flags.tenant);
    await showList(context, flags, shape, async (cursor, limit) => {
      const { webhooks } = await client.query(ListWebhooksDocument, { tenantId, cursor, limit });
      return webhooks;
    });
  });
}

const shape = {
  name: 'webhooks',
  columns: ['ID', 'STATE', 'HOME', 'EVENTS', 'URL'],
  row: (webhook: RestWebhookFragment) => [
    webhook.id,
    stateOf(webhook),
    webhook.tenant_id ?? 'installation',
    webhook.events.join(','),
    webhook.url,
  ],
};

function stateOf({ active, disabled_reason, failing_since }: RestWebhookFragment): Cell {
  if (!active) {
    return { text: disabled_reason === null ? 'off' : `off: ${disabled_reason}`, style: 'dim' };
  }
  return failing_since === null ? { text: 'on', style: 'green' } : { text: 'failing', style: 'red' };
}
