import { Prisma } from '../../db/generated/prisma/client.ts';

/** The columns of `events e` as an `Event`. */
export const eventColumns = Prisma.sql`
  e.ledger_id as "ledgerId", e.revision, e.type, e.tenant_id as "tenantId", e.path, e.from_path as "fromPath", e.actor_type as "actorType",
  e.actor_id as "actorId", e.request_id as "requestId", e.source_ip as "sourceIp", e.occurred_at as "occurredAt", e.before, e.after,
  e.previous_hash as "previousHash", e.hash`;
