import { Command, Option } from 'commander';
import {
  type DeliveryStatus,
  ListDeliveriesWithEventsDocument,
  RedeliverFailedDocument,
  RedeliverSinceDocument,
  type RestDeliveryFragment,
  RetryDeliveryDocument,
  TestWebhookDocument,
} from '../../client/index.ts';
import { toCount, toUuid, toWords } from '../arguments.ts';
import { type Context, UsageError } from '../context.ts';
import { type ListFlags, listOptions, showList } from '../list.ts';
import { present } from '../present.ts';
import { answer, onServer, type ServerFlags } from '../server.ts';
import type { Style } from '../terminal.ts';
import { onWebhook } from './change.ts';

export function testCommand(context: Context): Command {
  const command = onWebhook('test', 'Send a webhook a delivery that tells of no event, to see whether it arrives.');
  return onServer(context, command, async (client, flags: ServerFlags, id: string) => {
    const { testWebhook } = await client.mutate(TestWebhookDocument, { id });
    const delivery = present(testWebhook);
    answer(
      context,
      flags,
      delivery,
      () => `delivery ${delivery.id} is on its way: "webhooks deliveries ${id}" shows it`,
    );
  });
}

interface DeliveriesFlags extends ListFlags {
  readonly status?: readonly DeliveryStatus[];
}

export function deliveriesCommand(context: Context): Command {
  const command = listOptions(onWebhook('deliveries', 'List what a webhook was told, the latest first.')).option(
    '--status <list>',
    'only these: pending, success, failed',
    toWords<DeliveryStatus>(['pending', 'success', 'failed']),
  );
  return onServer(context, command, async (client, flags: DeliveriesFlags, id: string) => {
    const statuses = flags.status === undefined ? null : [...flags.status];
    await showList(context, flags, shape, async (cursor, limit) => {
      const { webhook } = await client.query(ListDeliveriesWithEventsDocument, { id, cursor, limit, statuses });
      return webhook?.deliveries;
    });
  });
}

interface Delivery extends RestDeliveryFragment {
  readonly event_type: string | null;
}

const styles: Readonly<Record<DeliveryStatus, Style>> = { pending: 'cyan', success: 'green', failed: 'red' };

const shape = {
  name: 'deliveries',
  columns: ['ID', 'CREATED', 'EVENT', 'STATUS', 'TRIES', 'ANSWER', 'LAST ERROR'],
  row: (delivery: Delivery) => [
    delivery.id,
    delivery.created_at.slice(0, 19),
    delivery.event_type ?? 'test',
    { text: delivery.status, style: styles[delivery.status] },
    String(delivery.attempts),
    delivery.response_code === null ? '' : String(delivery.response_code),
    delivery.last_error ?? '',
  ],
};

interface RedeliverFlags extends ServerFlags {
  readonly failed?: boolean;
  readonly webhook?: string;
  readonly since?: number;
  readonly until?: number;
  readonly ledger?: string;
}

export function redeliverCommand(context: Context): Command {
  const command = new Command('redeliver')
    .description('Send a delivery out again, all that failed, or all since a revision.')
    .argument('[delivery]', 'the id of one delivery', toUuid)
    .addOption(new Option('--failed', 'all that failed for good').conflicts(['since', 'until', 'ledger']))
    .option('--webhook <id>', 'of this webhook', toUuid)
    .option('--since <revision>', 'every event from this revision on that --webhook is told of', toCount)
    .option('--until <revision>', 'up to this revision', toCount)
    .option('--ledger <id>', 'the ledger these are of, for a webhook of the installation', toUuid);
  return onServer(context, command, async (client, flags: RedeliverFlags, delivery: string | undefined) => {
    const { failed, webhook, since, until, ledger } = flags;
    if ([delivery, failed, since].filter((one) => one !== undefined).length !== 1) {
      throw new UsageError('which ones? Give the id of a delivery, --failed, or --since with --webhook: one of them');
    }
    if (delivery !== undefined) {
      const { redeliver } = await client.mutate(RetryDeliveryDocument, { deliveryId: delivery });
      return answer(context, flags, redeliver, () => `delivery ${delivery} is on its way again`);
    }
    if (failed) {
      const { redeliverFailed } = await client.mutate(RedeliverFailedDocument, { webhookId: webhook ?? null });
      return tellCount(context, flags, present(redeliverFailed));
    }
    if (webhook === undefined || since === undefined) {
      throw new UsageError('--since needs --webhook');
    }
    const range = { webhookId: webhook, revision: since, untilRevision: until ?? null, ledgerId: ledger ?? null };
    const { redeliverSince } = await client.mutate(RedeliverSinceDocument, range);
    tellCount(context, flags, present(redeliverSince));
  });
}

function tellCount(context: Context, flags: ServerFlags, redelivery: { readonly count: number }): void {
  const { count } = redelivery;
  const what = count === 1 ? '1 delivery is' : `${count} deliveries are`;
  answer(context, flags, { count }, () => (count === 0 ? 'there was nothing to send' : `${what} on the way`));
}
