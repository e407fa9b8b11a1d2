import type { Prisma } from '../db/generated/prisma/client.ts';
import type { Call } from './call.ts';
import { StratumError } from './errors.ts';
import { principalName } from './principal.ts';

/** The answer that was given to a request, as it is kept under its `Idempotency-Key`. */
export interface KeptAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Keys are forgotten after this long. */
export const idempotencyKeyHours = 24;

/**
 * Marks the key as used, in the transaction of the change it stands for: a second request with it waits for the first and then
 * fails on the primary key, so nothing is ever carried out twice, whenever the process dies.
 */
export async function claimIdempotencyKey(call: Call, db: Prisma.TransactionClient): Promise<void> {
  if (call.idempotency === undefined) {
    return;
  }
  const { key, fingerprint } = call.idempotency;
  const claimed = await db.$executeRaw`
    insert into idempotency_keys (principal, key, fingerprint) values (${principalName(call.principal)}, ${key}, ${fingerprint})
    on conflict (principal, key) do update set fingerprint = excluded.fingerprint, status = null, body = null, created_at = excluded.created_at
      where idempotency_keys.created_at < ${oldestKept()}`;
  if (claimed === 0) {
    throw new StratumError(
      'IDEMPOTENCY_KEY_IN_USE',
      'A request with this Idempotency-Key was carried out meanwhile; repeat to get its answer',
    );
  }
}

/**
 * The kept answer of an earlier request with the same key, or null when there was none.
 * `IDEMPOTENCY_KEY_REUSED` for a different request; `IDEMPOTENCY_KEY_IN_USE` when the change was made but its answer was lost.
 */
export async function findAnswer(call: Call): Promise<KeptAnswer | null> {
  if (call.idempotency === undefined) {
    return null;
  }
  const { key, fingerprint } = call.idempotency;
  const kept = await call.db.idempotencyKey.findUnique({
    where: { principal_key: { principal: principalName(call.principal), key } },
  });
  if (kept === null || kept.createdAt < oldestKept()) {
    return null;
  }
  if (kept.fingerprint !== fingerprint) {
    throw new StratumError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for a different request');
  }
  const unavailable = 'The first request with this Idempotency-Key was carried out, its answer is not available';
  if (kept.status === null) {
    throw new StratumError('IDEMPOTENCY_KEY_IN_USE', unavailable);
  }
  try {
    const body =
      kept.body === null ? null : call.secrets.open(kept.body, contextOf(principalName(call.principal), key));
    return { status: kept.status, body };
  } catch (cause) {
    // The encryption key was changed since, and the one before it is gone.
    throw new StratumError('IDEMPOTENCY_KEY_IN_USE', unavailable, { cause });
  }
}

/** Keeps the answer for repetitions, and forgets what is too old. */
export async function keepAnswer(call: Call, { status, body }: KeptAnswer): Promise<void> {
  if (call.idempotency === undefined) {
    return;
  }
  const { key } = call.idempotency;
  const sealed = call.secrets.seal(body ?? null, contextOf(principalName(call.principal), key));
  await call.db.$executeRaw`
    update idempotency_keys set status = ${status}, body = ${sealed}
    where principal = ${principalName(call.principal)} and key = ${key}`;
  await call.db.idempotencyKey.deleteMany({ where: { createdAt: { lt: oldestKept() } } });
}

/** An answer may hold a secret that is shown but once, so it is kept sealed, for its caller and its key alone. */
export function contextOf(principal: string, key: string): string {
  return `idempotency:${principal}:${key}`;
}

/** What was kept before this moment is forgotten. */
export function oldestKept(): Date {
  return new Date(Date.now() - idempotencyKeyHours * 3_600_000);
}
