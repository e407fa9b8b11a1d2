import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import type { Write } from '../ledger/write.ts';
import { visibleSql } from '../principal.ts';
import { type Webhook, webhookColumns, webhooksWithHomes } from './rows.ts';

/** Webhooks by id, in the order of `ids`, in one statement; null for one that doesn't exist for the caller. */
export async function findWebhooks({ database, principal }: Call, ids: readonly string[]): Promise<(Webhook | null)[]> {
  const rows = await database.query<Webhook>(Prisma.sql`
    select ${webhookColumns} from ${webhooksWithHomes} where w.id = any(${[...ids]}::uuid[]) and ${visibleSql(principal)}`);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** A webhook before any lock is taken; `WEBHOOK_NOT_FOUND` when there is none for the caller. */
export async function requireWebhook(call: Call, id: string): Promise<Webhook> {
  const [webhook] = await findWebhooks(call, [id]);
  if (!webhook) {
    throw webhookNotFound();
  }
  return webhook;
}

/** A webhook under the lock of its home; `WEBHOOK_NOT_FOUND` when there is none for the caller. */
export async function lockedWebhook({ db, principal }: Write, id: string): Promise<Webhook> {
  const [webhook] = await db.$queryRaw<Webhook[]>(Prisma.sql`
    select ${webhookColumns} from ${webhooksWithHomes} where w.id = ${id}::uuid and ${visibleSql(principal)} for update of w`);
  if (webhook === undefined) {
    throw webhookNotFound();
  }
  return webhook;
}

function webhookNotFound(): StratumError {
  return new StratumError('WEBHOOK_NOT_FOUND', 'No such webhook');
}
