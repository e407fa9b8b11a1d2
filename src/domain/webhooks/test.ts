import { v7 as uuidv7 } from 'uuid';
import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { assertHomeActive } from '../home.ts';
import { changeWebhook } from './change.ts';
import type { Delivery } from './delivery-rows.ts';
import { enqueue } from './enqueue.ts';
import { deliveryIn } from './find-delivery.ts';

/** Sends a delivery that tells of no event, to see whether it arrives. */
export async function testWebhook(call: Call, { id: webhookId }: { readonly id: string }): Promise<Delivery> {
  return changeWebhook(call, webhookId, async (write, { home }) => {
    assertHomeActive(home);
    const id = uuidv7();
    const changes = Prisma.sql`
      sent as (insert into webhook_deliveries (id, webhook_id) values (${id}::uuid, ${webhookId}::uuid) returning id, webhook_id)`;
    await enqueue(write, { changes, rows: Prisma.sql`select id, webhook_id from sent` });
    return deliveryIn(write, id);
  });
}
