import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';

/** So many are removed at once: a statement that takes no time worth mentioning, and locks little. */
export const forgottenAtOnce = 1_000;

/**
 * Removes deliveries that ended, in whatever way, longer ago than `retentionMs`, with their tries; the oldest first, {@link forgottenAtOnce} at most.
 * Gives how many. What is on its way stays, however old, and so do events: the ledger forgets nothing.
 */
export async function forgetDeliveries({ database }: Pick<Call, 'database'>, retentionMs: number): Promise<number> {
  const [row] = await database.query<{ count: bigint }>(Prisma.sql`
    with ended as (
      select id from webhook_deliveries
      where status <> 'pending' and completed_at < now() - make_interval(secs => ${retentionMs / 1_000}::float8)
      order by completed_at limit ${forgottenAtOnce}
      -- Several workers take turns, and who sends one again has it.
      for update skip locked),
    gone as (delete from webhook_deliveries d using ended where d.id = ended.id returning d.id)
    select count(*) as count from gone`);
  return Number(row?.count ?? 0);
}
