import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../db/database.ts';
import { isRetryable } from '../db/errors.ts';
import type { Prisma } from '../db/generated/prisma/client.ts';
import type { KeyMint } from './api-keys/mint.ts';
import type { EntryCache } from './entry-cache.ts';
import { StratumError } from './errors.ts';
import type { Feed } from './ledger/feed.ts';
import type { Lines } from './lines.ts';
import type { Principal } from './principal.ts';
import type { SecretBox } from './secrets.ts';
import type { LineageReader } from './tenants/lineage-reader.ts';

/** What the whole process shares. */
export interface Services {
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly keys: KeyMint;
  readonly cache: EntryCache;
  readonly lineages: LineageReader;
  readonly feed: Feed;
  readonly lines: Lines;
  /** Tells whoever follows a ledger that it has grown: those of this process, and of others that can't hear it of the database. */
  readonly announce: (ledgerId: string, revision: bigint) => void;
  readonly limits: Limits;
}

export interface Limits {
  /** How deep a tree may be: the largest `depth`, the number of levels beneath a root. */
  readonly maxDepth: number;
  /** How long a write transaction may take. */
  readonly transactionTimeoutMs: number;
  /** Whether webhooks may call addresses that are not public: for development alone. */
  readonly allowPrivateWebhooks: boolean;
}

/** Who asks, and where from. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId: string | null;
  readonly sourceIp: string | null;
  /** When nobody waits for an answer any more, on the clock of `performance.now()`: no write begins after it. */
  readonly deadline?: number;
  /** Set for a POST that carries an `Idempotency-Key`. */
  readonly idempotency?: { readonly key: string; readonly fingerprint: string };
  /** Asks anew who calls, for what goes on after its answer has begun: throws what a new request would be refused with. */
  readonly recheck?: () => Promise<Principal>;
}

/** What every domain function receives first: who asks, and the database they ask through. */
export interface Call extends Caller, Services {
  readonly db: Prisma.TransactionClient;
  /** What became of the reads of this call. */
  readonly view: View;
}

/** An answer is read in several statements, between which the world goes on. */
export interface View {
  /** Whether a part of the answer is newer than the tree revision that was read first. True as it is, but no tag names it. */
  torn: boolean;
}

export function createCall(services: Services, caller: Caller): Call {
  return { ...caller, ...services, db: services.database.prisma, view: { torn: false } };
}

/** The same call as a new one: whoever calls is asked again, and nothing is known of what was read before. */
export async function asOfNow(call: Call): Promise<Call> {
  const principal = (await call.recheck?.()) ?? call.principal;
  return { ...call, principal, view: { torn: false } };
}

/** The state moved away between a read and its lock: repeat the transaction. */
export class Outrun extends Error {}

const attempts = 8;

/**
 * Runs `work` in one transaction on one connection and commits. Deadlocks, serialization failures and {@link Outrun} repeat it,
 * so `work` must not do anything that can't be undone by a rollback. `SERVICE_UNAVAILABLE` when all attempts fail.
 */
export async function transaction<T>(call: Call, work: (db: Prisma.TransactionClient) => Promise<T>): Promise<T> {
  const { transactionTimeoutMs: timeout } = call.limits;
  if (call.deadline !== undefined && performance.now() > call.deadline) {
    throw new StratumError('SERVICE_UNAVAILABLE', 'The time for this request was over before the change could begin');
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call.database.prisma.$transaction(work, { timeout, maxWait: timeout });
    } catch (error) {
      if (!(error instanceof Outrun || isRetryable(error))) {
        throw error;
      }
      if (attempt === attempts) {
        throw new StratumError('SERVICE_UNAVAILABLE', 'Too many changes of others came in between', { cause: error });
      }
      await sleep(Math.random() * 10 * attempt);
    }
  }
}
