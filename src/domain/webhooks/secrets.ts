import { v7 as uuidv7 } from 'uuid';
import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import type { Write } from '../ledger/write.ts';

/** What an envelope of a secret belongs to. */
export function webhookSecretContext(webhookId: string): string {
  return `webhook:${webhookId}`;
}

/** Keeps a secret, sealed, as the one that deliveries are signed with. */
export async function keepSecret({ db, secrets }: Write, webhookId: string, secret: string): Promise<void> {
  const envelope = secrets.seal(secret, webhookSecretContext(webhookId));
  await db.$executeRaw`
    insert into webhook_secrets (id, webhook_id, envelope) values (${uuidv7()}::uuid, ${webhookId}::uuid, ${envelope})`;
}

/** The same in place of the one before, which goes on for so many seconds. Of those before that one nothing is left. */
export async function replaceSecret(
  write: Write,
  webhookId: string,
  { secret, overlapSeconds }: { readonly secret: string; readonly overlapSeconds: number },
): Promise<void> {
  await write.db.$executeRaw`
    delete from webhook_secrets where webhook_id = ${webhookId}::uuid and (ends_at is not null or ${overlapSeconds} = 0)`;
  await write.db.$executeRaw`
    update webhook_secrets set ends_at = now() + make_interval(secs => ${overlapSeconds}::float8) where webhook_id = ${webhookId}::uuid`;
  await keepSecret(write, webhookId, secret);
}

/** The envelopes of a webhook's secrets that have not ended, the current one first, as a column. */
export function envelopesOf(webhookId: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`array(
    select envelope from webhook_secrets s where s.webhook_id = ${webhookId} and (s.ends_at is null or s.ends_at > now())
    order by s.ends_at desc nulls first)`;
}

/** A secret in clear: for signing alone. */
export function openSecret({ secrets }: Pick<Call, 'secrets'>, webhookId: string, envelope: string): string {
  return String(secrets.open(envelope, webhookSecretContext(webhookId)));
}
