import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { pageSizeOf } from '../page.ts';

/** One try to deliver, and what came of it. */
export interface Try {
  /** 1 for the first of a delivery, over all its lives. */
  readonly number: number;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly responseCode: number | null;
  /** How the answer began. */
  readonly responseBody: string | null;
  readonly error: string | null;
}

/** The last tries of each delivery, in the order of `deliveryIds`, the latest first, in one statement. */
export async function listTries(
  { database }: Call,
  deliveryIds: readonly string[],
  input: { readonly first: number },
): Promise<Try[][]> {
  const rows = await database.query<Try & { deliveryId: string }>(Prisma.sql`
    select attempt.* from unnest(${[...deliveryIds]}::uuid[]) as wanted(id) cross join lateral (
      select a.delivery_id as "deliveryId", a.number, a.started_at as "startedAt", a.duration_ms as "durationMs",
        a.response_code as "responseCode", a.response_body as "responseBody", a.error
      from webhook_attempts a where a.delivery_id = wanted.id order by a.number desc limit ${pageSizeOf(input)}
    ) attempt order by attempt.number desc`);
  const byDelivery = Map.groupBy(rows, ({ deliveryId }) => deliveryId);
  return deliveryIds.map((id) => byDelivery.get(id) ?? []);
}
