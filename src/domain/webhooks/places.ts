import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';

/** How many deliveries a worker would make at a time to a webhook. */
export interface PlacesWanted {
  readonly webhookId: string;
  readonly wanted: number;
  /** How many it makes at this moment: those are its own until they end. */
  readonly used: number;
  /** How many all workers together may make. */
  readonly most: number;
}

/** Stands for all webhooks together, where deliveries to a webhook are counted. */
export const allWebhooks = '00000000-0000-0000-0000-000000000000';

/** Gives a worker places at webhooks until `leaseMs` from now, instead of those it held there; by webhook, how many it may use. */
export async function holdPlaces(
  { database }: Pick<Call, 'database'>,
  {
    holder,
    leaseMs,
    wishes,
  }: { readonly holder: string; readonly leaseMs: number; readonly wishes: readonly PlacesWanted[] },
): Promise<Map<string, number>> {
  const column = (of: (wish: PlacesWanted) => number) => Prisma.sql`${wishes.map(of)}::integer[]`;
  const rows = await database.query<{ webhook_id: string; places: number }>(Prisma.sql`
    select * from hold_webhook_places(${holder}::uuid, ${wishes.map(({ webhookId }) => webhookId)}::uuid[],
      ${column(({ wanted }) => wanted)}, ${column(({ used }) => used)}, ${column(({ most }) => most)},
      make_interval(secs => ${leaseMs / 1_000}::float8))`);
  return new Map(rows.map(({ webhook_id, places }) => [webhook_id, places]));
}
