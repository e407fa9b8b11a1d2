import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Write } from '../ledger/write.ts';

/** The siblings under `parentId`; under null, the roots. */
export function siblingsOf(parentId: string | null): Prisma.Sql {
  return parentId === null ? Prisma.sql`parent_id is null` : Prisma.sql`parent_id = ${parentId}::uuid`;
}

/** Hands out the next free positions under each parent, behind all siblings there are. */
export async function nextPositions(
  { db }: Write,
  parentIds: readonly (string | null)[],
): Promise<(parentId: string | null) => number> {
  const next = new Map<string | null, number>();
  for (const parentId of new Set(parentIds)) {
    const [last] = await db.$queryRaw<{ position: number }[]>`
      select sort_order as position from tenants where ${siblingsOf(parentId)} order by sort_order desc limit 1`;
    next.set(parentId, (last?.position ?? -1) + 1);
  }
  return (parentId) => {
    const position = next.get(parentId) ?? 0;
    next.set(parentId, position + 1);
    return position;
  };
}
