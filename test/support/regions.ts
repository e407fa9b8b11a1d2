import { v7 as uuidv7 } from 'uuid';
import type { RegionStatus } from '../../src/db/generated/prisma/client.ts';
import { uniqueSlug } from './domain-world.ts';

interface Sql {
  sql(text: string, values: unknown[]): Promise<unknown>;
}

/** A region as an operator puts it into the database; its id. */
export async function newRegion(world: Sql, status: RegionStatus = 'active', id = uuidv7()): Promise<string> {
  await world.sql('insert into regions (id, slug, display_name, status) values ($1, $2, $2, $3::region_status)', [
    id,
    uniqueSlug(),
    status,
  ]);
  return id;
}
