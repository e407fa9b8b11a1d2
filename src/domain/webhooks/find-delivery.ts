import { type Event, Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import { eventColumns } from '../ledger/rows.ts';
import { shownEvent } from '../ledger/shown.ts';
import type { Write } from '../ledger/write.ts';
import { visibleSql } from '../principal.ts';
import { type Delivery, type DeliveryRow, deliveriesWithEvents, deliveryColumns, deliveryOf } from './delivery-rows.ts';

/** Deliveries by id, in the order of `ids`, in one statement; null for one that doesn't exist for the caller. */
export async function findDeliveries(
  { database, principal }: Call,
  ids: readonly string[],
): Promise<(Delivery | null)[]> {
  const rows = await database.query<DeliveryRow>(Prisma.sql`
    select ${deliveryColumns} from ${deliveriesWithEvents(principal)} where d.id = any(${[...ids]}::uuid[]) and ${visibleSql(principal)}`);
  const byId = new Map(rows.map((row) => [row.id, deliveryOf(row)]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** A delivery as this transaction has made it. */
export async function deliveryIn({ db, principal }: Write, id: string): Promise<Delivery> {
  const [row] = await db.$queryRaw<DeliveryRow[]>(
    Prisma.sql`select ${deliveryColumns} from ${deliveriesWithEvents(principal)} where d.id = ${id}::uuid`,
  );
  if (row === undefined) {
    throw deliveryNotFound();
  }
  return deliveryOf(row);
}

/** The events of deliveries, in the order of `ids`, in one statement; null for a test, and for one that the caller may not see. */
export async function eventsOfDeliveries(
  { database, principal }: Call,
  ids: readonly string[],
): Promise<(Event | null)[]> {
  const rows = await database.query<Event & { deliveryId: string }>(Prisma.sql`
    select d.id as "deliveryId", ${eventColumns} from ${deliveriesWithEvents(principal)}
    where d.id = any(${[...ids]}::uuid[]) and e.revision is not null and ${visibleSql(principal)}`);
  const events = new Map(rows.map(({ deliveryId, ...event }) => [deliveryId, shownEvent(principal.home, event)]));
  return ids.map((id) => events.get(id) ?? null);
}

export function deliveryNotFound(): StratumError {
  return new StratumError('NOT_FOUND', 'No such delivery, or it is still on its way');
}
