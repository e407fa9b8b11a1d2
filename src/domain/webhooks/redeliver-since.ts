import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { invalid, invalidField } from '../errors.ts';
import { assertHomeActive, type LockedHome } from '../home.ts';
import type { Write } from '../ledger/write.ts';
import { changeWebhook } from './change.ts';
import { enqueue, maxDeliveries } from './enqueue.ts';
import type { Redelivery } from './redeliver.ts';

export interface RedeliverSince {
  readonly webhookId: string;
  /** The first event to deliver. */
  readonly revision: number | bigint;
  /** The last one; all there are unless told. */
  readonly untilRevision?: number | bigint | null | undefined;
  /** The ledger that these revisions are of: of the tree that the webhook's tenant is in, unless told. */
  readonly ledgerId?: string | null | undefined;
}

/**
 * Delivers all events of a ledger from a revision on that the webhook is told of, or would have been: those that it missed while it was off, and
 * before it was made. Refused, naming `revision`, when there are more than 10,000 of them.
 */
export async function redeliverSince(call: Call, input: RedeliverSince): Promise<Redelivery> {
  return changeWebhook(call, input.webhookId, async (write, { home }) => {
    assertHomeActive(home);
    const ledgerId = await ledgerOf(write, home, input.ledgerId ?? null);
    const wanted = matching(input, ledgerId);
    await assertFew(write, wanted);
    const changes = Prisma.sql`
      sent as (
        insert into webhook_deliveries as d (id, webhook_id, ledger_id, revision)
        select gen_random_uuid(), w.id, e.ledger_id, e.revision from ${wanted} order by e.revision
        on conflict (webhook_id, ledger_id, revision)
          do update set status = 'pending', attempts = 0, next_attempt_at = now(), completed_at = null where d.status <> 'pending'
        returning d.id, d.webhook_id)`;
    return { count: await enqueue(write, { changes, rows: Prisma.sql`select id, webhook_id from sent` }) };
  });
}

/** Events that the webhook is told of: as the trigger that makes deliveries has it. */
function matching({ webhookId, revision, untilRevision }: RedeliverSince, ledgerId: string): Prisma.Sql {
  const until = untilRevision ?? null;
  return Prisma.sql`
    events e join webhooks w on w.id = ${webhookId}::uuid
    where e.ledger_id = ${ledgerId}::uuid and e.revision >= ${BigInt(revision)}
      and ${until === null ? Prisma.sql`true` : Prisma.sql`e.revision <= ${BigInt(until)}`}
      and (e.type = any (w.events) or '*' = any (w.events))
      and (w.tenant_key is null or (case when w.subtree
        then '/' || e.path like '%/' || tenant_path_part(w.tenant_key) || '%' or '/' || e.from_path like '%/' || tenant_path_part(w.tenant_key) || '%'
        else '/' || e.path like '%/' || tenant_path_part(w.tenant_key) end))`;
}

async function assertFew({ db }: Write, wanted: Prisma.Sql): Promise<void> {
  const [row] = await db.$queryRaw<{ count: bigint }[]>(
    Prisma.sql`select count(*) as count from (select from ${wanted} limit ${maxDeliveries + 1}) found`,
  );
  if (Number(row?.count ?? 0) > maxDeliveries) {
    const message = `is followed by more than ${maxDeliveries} events for this webhook: name a later one, or where to end by untilRevision`;
    throw invalidField('revision', message, 'too_many');
  }
}

/** A webhook of a tenant hears of its own tree alone; one of the installation of all ledgers, so it must be said of which. */
async function ledgerOf({ db }: Write, { tenant }: LockedHome, ledgerId: string | null): Promise<string> {
  if (tenant === null && ledgerId === null) {
    throw invalidField('ledgerId', 'is required for a webhook of the installation', 'required');
  }
  if (tenant !== null && ledgerId !== null && ledgerId !== tenant.rootId) {
    throw invalidField('ledgerId', 'must be the ledger of the tree that the webhook’s tenant is in', 'out_of_reach');
  }
  const id = ledgerId ?? tenant?.rootId ?? '';
  if ((await db.ledger.findUnique({ where: { id } })) === null) {
    throw invalid([{ path: ['ledgerId'], message: 'is not the id of a ledger', code: 'not_found' }]);
  }
  return id;
}
