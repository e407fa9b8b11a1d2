import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { type Page, type PageInput, pageOf, pageSizeOf } from '../page.ts';
import { visibleSql } from '../principal.ts';
import { parse, uuid } from '../validation.ts';
import { type Webhook, webhookColumns, webhooksWithHomes } from './rows.ts';

export interface ListWebhooks extends PageInput {
  /** Only webhooks of exactly this tenant. */
  readonly tenantId?: string | null | undefined;
}

/** One page of the webhooks that exist for the caller, oldest first. The cursor is the id of the last one. */
export async function listWebhooks(call: Call, input: ListWebhooks): Promise<Page<Webhook>> {
  const size = pageSizeOf(input);
  const after = parse(uuid.nullish(), input.after, ['after']) ?? null;
  const behind = after === null ? Prisma.empty : Prisma.sql`and w.id > ${after}::uuid`;
  const rows = await call.database.query<Webhook>(Prisma.sql`
    select ${webhookColumns} from ${webhooksWithHomes} where ${matching(call, input)} ${behind} order by w.id limit ${size + 1}`);
  return pageOf(rows, size, ({ id }) => id);
}

/** How many there are on all pages. */
export async function countWebhooks(call: Call, input: ListWebhooks): Promise<number> {
  const [row] = await call.database.query<{ count: bigint }>(
    Prisma.sql`select count(*) as count from ${webhooksWithHomes} where ${matching(call, input)}`,
  );
  return Number(row?.count ?? 0);
}

/** All webhooks of a tenant, oldest first. */
export function ownWebhooks(call: Call, tenantId: string): Promise<Webhook[]> {
  return call.database.query<Webhook>(
    Prisma.sql`select ${webhookColumns} from ${webhooksWithHomes} where ${matching(call, { tenantId })} order by w.id`,
  );
}

function matching({ principal }: Call, { tenantId }: ListWebhooks): Prisma.Sql {
  return tenantId ? Prisma.sql`t.id = ${tenantId}::uuid and ${visibleSql(principal)}` : visibleSql(principal);
}
