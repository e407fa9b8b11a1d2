import { Prisma } from '../../db/generated/prisma/client.ts';
import { precededBy } from '../../domain/webhooks/due.ts';
import { type Check, none } from './check.ts';

export const disabledWebhooks: Check = {
  name: 'disabled-webhooks',
  level: 'warning',
  advice: 'mend their receivers, switch them on again, and redeliver what they missed',
  examine: none(
    'webhook',
    'switched off because nothing arrived',
    Prisma.sql`select id::text from webhooks where not active and disabled_reason is not null`,
  ),
};

export const deadDeliveries: Check = {
  name: 'dead-deliveries',
  level: 'warning',
  advice: 'mend the receivers and redeliver',
  examine: none(
    'webhook',
    'with deliveries given up',
    Prisma.sql`
      select w.id::text from webhooks w where w.active
        and exists (select from webhook_deliveries d where d.webhook_id = w.id and d.status = 'failed')`,
  ),
};

/** So much later than due, and nobody is at work. What waits for an earlier one, in order, is not late. */
export const lateDeliveries: Check = {
  name: 'late-deliveries',
  level: 'warning',
  advice: 'start a server with STRATUM_WORKER=on, or "stratum worker"; when one runs, look into its log',
  examine: none(
    'webhook',
    'with deliveries due for 5 minutes',
    Prisma.sql`
      select distinct w.id::text from webhook_deliveries d join webhooks w on w.id = d.webhook_id
      where w.active and d.status = 'pending' and d.next_attempt_at < now() - interval '5 minutes'
        and not (w.ordered and ${precededBy(Prisma.sql`d`)})`,
  ),
};
