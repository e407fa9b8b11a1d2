import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { assertHomeActive } from '../home.ts';
import { write } from '../ledger/write.ts';
import { visibleSql } from '../principal.ts';
import { changeWebhook } from './change.ts';
import type { Delivery } from './delivery-rows.ts';
import { sendAgain } from './enqueue.ts';
import { deliveryIn, deliveryNotFound, findDeliveries } from './find-delivery.ts';

/** How many deliveries were set going. */
export interface Redelivery {
  readonly count: number;
}

/** Sends one delivery out again, whether it failed or arrived. `NOT_FOUND` for one that is on its way. */
export async function redeliver(call: Call, { deliveryId }: { readonly deliveryId: string }): Promise<Delivery> {
  const [found] = await findDeliveries(call, [deliveryId]);
  if (!found) {
    throw deliveryNotFound();
  }
  return changeWebhook(call, found.webhookId, async (write, { home }) => {
    assertHomeActive(home);
    if ((await sendAgain(write, Prisma.sql`d.id = ${deliveryId}::uuid`)) === 0) {
      throw deliveryNotFound();
    }
    return deliveryIn(write, deliveryId);
  });
}

export interface RedeliverFailed {
  /** All webhooks that exist for the caller, unless told. Those of tenants that are not active are left out then. */
  readonly webhookId?: string | null | undefined;
}

/** Sends out again what failed, the oldest first, up to 10,000 deliveries. */
export async function redeliverFailed(call: Call, { webhookId }: RedeliverFailed): Promise<Redelivery> {
  if (webhookId) {
    return changeWebhook(call, webhookId, async (write, { home }) => {
      assertHomeActive(home);
      return { count: await sendAgain(write, Prisma.sql`d.status = 'failed' and w.id = ${webhookId}::uuid`) };
    });
  }
  const inUse = Prisma.sql`(t.key is null or t.status = 'active') and ${visibleSql(call.principal)}`;
  return write(call, { tenantIds: [] }, async (write) => ({
    count: await sendAgain(write, Prisma.sql`d.status = 'failed' and ${inUse}`),
  }));
}
