import { Prisma } from '../../src/db/generated/prisma/client.ts';
import type { Services } from '../../src/domain/call.ts';
import { envelopesOf, openSecret } from '../../src/domain/webhooks/secrets.ts';

/** The secrets that deliveries of a webhook are signed with, in clear. */
export async function readSecrets(
  services: Pick<Services, 'database' | 'secrets'>,
  webhookId: string,
): Promise<string[]> {
  const [row] = await services.database.query<{ envelopes: string[] }>(
    Prisma.sql`select ${envelopesOf(Prisma.sql`${webhookId}::uuid`)} as envelopes`,
  );
  return (row?.envelopes ?? []).map((envelope) => openSecret(services, webhookId, envelope));
}
