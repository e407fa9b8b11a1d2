import { Prisma } from '../../db/generated/prisma/client.ts';

/** Whether a worker is about a delivery at this moment. */
export function isHeld(id: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`exists (select from graphile_worker.jobs j where j.key = 'delivery:' || ${id} and j.locked_at is not null)`;
}
