import { Prisma } from '../../db/generated/prisma/client.ts';
import { type Call, transaction } from '../call.ts';
import { contextOf, oldestKept } from '../idempotency.ts';
import { installationLedgerId, write } from '../ledger/write.ts';
import { webhookSecretContext } from '../webhooks/secrets.ts';
import { secretContext } from './resolved.ts';

export interface Resealed {
  /** How many sensitive values are sealed with the current key now that were not before. */
  readonly entries: number;
  /** The same of answers that are kept for repetitions. */
  readonly answers: number;
  /** The same of secrets of webhooks. */
  readonly webhookSecrets: number;
  /** How many envelopes no key opens; they stay as they are. */
  readonly unreadable: number;
}

/** Called after every batch, when nothing of it is open any more. */
type OnBatch = () => unknown;

/**
 * Seals every sensitive value, every kept answer and every secret of a webhook with the current key, a hundred rows in a transaction. Each envelope names its key, so it
 * can end anywhere and be repeated; and a row is only replaced as it was read, so that a write that comes between stays.
 */
export async function reseal(call: Call, onBatch: OnBatch = () => {}): Promise<Resealed> {
  const entries = await resealAll(call, configEntries, onBatch);
  const answers = await resealAll(call, keptAnswers, onBatch);
  const webhooks = await resealAll(call, webhookSecrets, onBatch);
  if (entries.resealed + answers.resealed + webhooks.resealed > 0) {
    await record(call, { entries: entries.resealed, webhookSecrets: webhooks.resealed });
  }
  return {
    entries: entries.resealed,
    answers: answers.resealed,
    webhookSecrets: webhooks.resealed,
    unreadable: entries.unreadable + answers.unreadable + webhooks.unreadable,
  };
}

/** A table with envelopes. */
interface Store<Row extends { readonly envelope: string }> {
  /** The next rows behind one, in the order of their ids, whose envelopes are not of the current key. */
  next(mark: string, after: Row | undefined): Prisma.Sql;
  contextOf(row: Row): string;
  /** Replaces the envelope, if it still is the one that was read. */
  replace(row: Row, sealed: string): Prisma.Sql;
}

interface EntryRow {
  readonly id: string;
  readonly tenantId: string;
  readonly key: string;
  readonly envelope: string;
}

const batchSize = 100;

const configEntries: Store<EntryRow> = {
  next: (mark, after) => Prisma.sql`
    select c.id, t.id as "tenantId", c.key, c.ciphertext as envelope
    from config_entries c join tenants t on t.key = c.tenant_key
    where c.ciphertext is not null and not starts_with(c.ciphertext, ${mark})
      and ${after === undefined ? Prisma.sql`true` : Prisma.sql`c.id > ${after.id}::uuid`}
    order by c.id limit ${batchSize}`,
  contextOf: ({ tenantId, key }) => secretContext(tenantId, key),
  replace: ({ id, envelope }, sealed) => Prisma.sql`
    update config_entries set ciphertext = ${sealed} where id = ${id}::uuid and ciphertext = ${envelope}`,
};

interface AnswerRow {
  readonly principal: string;
  readonly key: string;
  readonly envelope: string;
}

const keptAnswers: Store<AnswerRow> = {
  // Older ones are forgotten: nobody is given them, so it doesn't matter whether they can be read.
  next: (mark, after) => Prisma.sql`
    select principal, key, body as envelope from idempotency_keys
    where body is not null and not starts_with(body, ${mark}) and created_at >= ${oldestKept()}
      and ${after === undefined ? Prisma.sql`true` : Prisma.sql`(principal, key) > (${after.principal}, ${after.key})`}
    order by principal, key limit ${batchSize}`,
  contextOf: ({ principal, key }) => contextOf(principal, key),
  replace: ({ principal, key, envelope }, sealed) => Prisma.sql`
    update idempotency_keys set body = ${sealed} where principal = ${principal} and key = ${key} and body = ${envelope}`,
};

interface SecretRow {
  readonly id: string;
  readonly webhookId: string;
  readonly envelope: string;
}

const webhookSecrets: Store<SecretRow> = {
  next: (mark, after) => Prisma.sql`
    select id, webhook_id as "webhookId", envelope from webhook_secrets
    where not starts_with(envelope, ${mark}) and ${after === undefined ? Prisma.sql`true` : Prisma.sql`id > ${after.id}::uuid`}
    order by id limit ${batchSize}`,
  contextOf: ({ webhookId }) => webhookSecretContext(webhookId),
  replace: ({ id, envelope }, sealed) => Prisma.sql`
    update webhook_secrets set envelope = ${sealed} where id = ${id}::uuid and envelope = ${envelope}`,
};

async function resealAll<Row extends { readonly envelope: string }>(
  call: Call,
  store: Store<Row>,
  onBatch: OnBatch,
): Promise<{ resealed: number; unreadable: number }> {
  let [resealed, unreadable] = [0, 0];
  let last: Row | undefined;
  do {
    const rows = await call.database.query<Row>(store.next(call.secrets.currentMark, last));
    const updates = rows.flatMap((row) => sealedAnew(call, store, row) ?? []);
    unreadable += rows.length - updates.length;
    resealed += await runAll(call, updates);
    await onBatch();
    last = rows.length < batchSize ? undefined : rows.at(-1);
  } while (last !== undefined);
  return { resealed, unreadable };
}

/** The statement that puts a new envelope in the old one's place, or null when no key opens the old one. */
function sealedAnew<Row extends { readonly envelope: string }>(
  { secrets }: Call,
  store: Store<Row>,
  row: Row,
): Prisma.Sql | null {
  const context = store.contextOf(row);
  try {
    return store.replace(row, secrets.seal(secrets.open(row.envelope, context), context));
  } catch {
    return null;
  }
}

/** How many rows were replaced. */
function runAll(call: Call, updates: readonly Prisma.Sql[]): Promise<number> {
  return transaction(call, async (db) => {
    let replaced = 0;
    for (const update of updates) {
      replaced += await db.$executeRaw(update);
    }
    return replaced;
  });
}

/** Nothing that anybody sees has changed but the key. */
function record(
  call: Call,
  { entries, webhookSecrets }: Pick<Resealed, 'entries' | 'webhookSecrets'>,
): Promise<bigint> {
  return write(call, { tenantIds: [], installation: true }, async ({ ledger }) =>
    ledger(installationLedgerId).append({
      type: 'encryption.key_rotated',
      tenant: null,
      after: { config_entries: entries, webhook_secrets: webhookSecrets },
    }),
  );
}
