import { z } from 'zod';
import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { decodeCursor, encodeCursor, type Page, type PageInput, pageOf, pageSizeOf } from '../page.ts';
import { text } from '../validation.ts';
import { type Role, roleColumns, rolesWithHomes, roleVisibleTo } from './rows.ts';

export interface ListRoles extends PageInput {
  /** Only roles of exactly this tenant, and those of the installation. */
  readonly tenantId?: string | null | undefined;
}

const placeOf = z.tuple([text(1, 100), z.uuid()]);

/** One page of the roles that exist for the caller, by name. */
export async function listRoles(call: Call, input: ListRoles): Promise<Page<Role>> {
  const size = pageSizeOf(input);
  const place = decodeCursor(placeOf, input.after);
  const behind = place === null ? Prisma.empty : Prisma.sql`and (r.name, r.id) > (${place[0]}, ${place[1]}::uuid)`;
  const rows = await call.database.query<Role>(Prisma.sql`
    select ${roleColumns} from ${rolesWithHomes} where ${matching(call, input)} ${behind} order by r.name, r.id limit ${size + 1}`);
  return pageOf(rows, size, ({ name, id }) => encodeCursor([name, id]));
}

/** How many there are on all pages. */
export async function countRoles(call: Call, input: ListRoles): Promise<number> {
  const [row] = await call.database.query<{ count: bigint }>(
    Prisma.sql`select count(*) as count from ${rolesWithHomes} where ${matching(call, input)}`,
  );
  return Number(row?.count ?? 0);
}

function matching({ principal }: Call, { tenantId }: ListRoles): Prisma.Sql {
  const visible = roleVisibleTo(principal);
  return tenantId ? Prisma.sql`(r.tenant_key is null or t.id = ${tenantId}::uuid) and ${visible}` : visible;
}
