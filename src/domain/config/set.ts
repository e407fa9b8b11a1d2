import { isDeepStrictEqual } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import type { Tenant } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { atIndex, invalid, StratumError } from '../errors.ts';
import { type Write, write } from '../ledger/write.ts';
import { assertUnchanged } from '../revision.ts';
import type { SecretBox } from '../secrets.ts';
import { assertActive } from '../tenants/lifecycle.ts';
import { parse } from '../validation.ts';
import { type EntriesAbove, entriesAbove, entryState, type StoredEntry, touchConfig } from './change.ts';
import { entryColumns, type OwnEntry } from './entries.ts';
import { maxBatchEntries, type SetConfigInput, setConfigInput } from './input.ts';
import { secretContext } from './resolved.ts';

export interface SetConfig {
  readonly tenantId: string;
  readonly ifRevision?: number | null | undefined;
}

/** Sets one key of an active tenant. `CONFIG_LOCKED` when an ancestor has locked it. */
export async function setConfig(
  call: Call,
  { input, ...target }: SetConfig & { input: SetConfigInput },
): Promise<StoredEntry> {
  const [entry] = await setAll(call, target, [parse(setConfigInput, input, ['input'])], (error) => error);
  return entry as StoredEntry; // one in, one out
}

/** Sets up to 200 keys of one tenant, all or none. Of equal keys the last one counts. */
export async function setConfigs(
  call: Call,
  { entries, ...target }: SetConfig & { entries: readonly SetConfigInput[] },
): Promise<StoredEntry[]> {
  if (entries.length < 1 || entries.length > maxBatchEntries) {
    throw invalid([
      {
        path: ['entries'],
        message: `must have 1 to ${maxBatchEntries} items`,
        code: entries.length < 1 ? 'too_small' : 'too_big',
      },
    ]);
  }
  const parsed = entries.map((entry, index) => {
    try {
      return parse(setConfigInput, entry, ['entries', index]);
    } catch (error) {
      throw error instanceof StratumError ? atIndex(error, index) : error;
    }
  });
  return setAll(call, target, parsed, atIndex);
}

type NameItem = (error: StratumError, index: number) => StratumError;

async function setAll(
  call: Call,
  { tenantId, ifRevision }: SetConfig,
  inputs: readonly SetConfigInput[],
  nameItem: NameItem,
): Promise<StoredEntry[]> {
  return write(call, { tenantIds: [tenantId] }, async (write) => {
    const tenant = write.tenant(tenantId);
    assertActive(tenant);
    const keys = inputs.map(({ key }) => key);
    const above = await entriesAbove(write, tenant, keys);
    const existing = await readOwn(write, tenant, keys);
    const treeRevision = write.ledger(tenant.rootId).nextRevision - 1n;
    for (const [index, { key }] of inputs.entries()) {
      assertUnlocked(above, key, (error) => nameItem(error, index));
      try {
        assertUnchanged(ifRevision, { changedAt: existing.get(key)?.revision ?? null, treeRevision });
      } catch (error) {
        throw error instanceof StratumError ? nameItem(error, index) : error;
      }
    }
    const stored = await store(
      write,
      tenant,
      [...new Map(inputs.map((input) => [input.key, input])).values()],
      existing,
      above,
    );
    return keys.map((key) => ({ ...(stored.get(key) as OwnEntry), tenant })); // every key was stored
  });
}

function assertUnlocked(above: EntriesAbove, key: string, name: (error: StratumError) => StratumError): void {
  const lock = above.highestLock(key);
  if (lock !== null) {
    const message = `Config '${key}' is locked by tenant ${lock} and cannot be overridden`;
    throw name(new StratumError('CONFIG_LOCKED', message, { details: { key, source_tenant_id: lock } }));
  }
}

async function readOwn(
  { db }: Write,
  { key: tenantKey }: Tenant,
  keys: readonly string[],
): Promise<Map<string, OwnEntry>> {
  const entries = await db.configEntry.findMany({ where: { tenantKey, key: { in: [...keys] } } });
  return new Map(entries.map((entry) => [entry.key, entry]));
}

interface Plan {
  readonly id: string;
  readonly key: string;
  /** JSON text; null for a sensitive value. */
  readonly value: string | null;
  readonly ciphertext: string | null;
  readonly locked: boolean;
}

/** Writes what differs, in one statement, and records one event per changed key. */
async function store(
  write: Write,
  tenant: Tenant,
  inputs: readonly SetConfigInput[],
  existing: ReadonlyMap<string, OwnEntry>,
  above: EntriesAbove,
): Promise<Map<string, OwnEntry>> {
  const ledger = write.ledger(tenant.rootId);
  const stored = new Map(existing);
  const plans = inputs.flatMap(
    (input) => plan(write, tenant, input, existing.get(input.key), above.isSensitive(input.key)) ?? [],
  );
  if (plans.length === 0) {
    return stored;
  }
  const first = ledger.nextRevision;
  const rows = plans.map((one, index) => ({ ...one, revision: Number(first) + index }));
  const written = await write.db.$queryRaw<OwnEntry[]>`
    insert into config_entries as c (id, tenant_key, root_id, key, value, ciphertext, locked, revision)
    select id, ${tenant.key}, ${tenant.rootId}::uuid, key, value::jsonb, ciphertext, locked, revision
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row(id uuid, key text, value text, ciphertext text, locked boolean, revision bigint)
    on conflict (tenant_key, key) do update set
      value = excluded.value, ciphertext = excluded.ciphertext, locked = excluded.locked, revision = excluded.revision, updated_at = now()
    returning ${entryColumns}`;
  for (const entry of written.sort((a, b) => Number(a.revision - b.revision))) {
    const before = existing.get(entry.key);
    const hidden = above.isSensitive(entry.key);
    ledger.append({
      type: 'config.updated',
      tenant,
      before: before ? entryState(tenant, before, hidden) : null,
      after: entryState(tenant, entry, hidden),
    });
    stored.set(entry.key, entry);
  }
  await touchConfig(write, tenant);
  return stored;
}

/** What to write for one input, or null when it is stored like that already. */
function plan(
  { secrets }: Write,
  { id: tenantId }: Tenant,
  input: SetConfigInput,
  existing: OwnEntry | undefined,
  sensitiveAbove: boolean,
): Plan | null {
  const sensitive = sensitiveAbove || (input.sensitive ?? (existing !== undefined && existing.ciphertext !== null));
  const locked = input.locked ?? false;
  const context = secretContext(tenantId, input.key);
  const isAlike = existing?.locked === locked && (existing.ciphertext !== null) === sensitive;
  if (isAlike && isDeepStrictEqual(currentValue(existing, secrets, context), asRead(input.value))) {
    return null;
  }
  return {
    id: existing?.id ?? uuidv7(),
    key: input.key,
    value: sensitive ? null : JSON.stringify(input.value),
    ciphertext: sensitive ? secrets.seal(input.value, context) : null,
    locked,
  };
}

/** A value as it comes back from storage: JSON knows no negative zero. */
function asRead(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** What is stored now; undefined, which no JSON is, for a secret that can't be opened: it must be possible to write it anew. */
function currentValue({ value, ciphertext }: OwnEntry, secrets: SecretBox, context: string): unknown {
  try {
    return ciphertext === null ? value : secrets.open(ciphertext, context);
  } catch {
    return undefined;
  }
}
