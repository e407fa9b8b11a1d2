import { Prisma, type Tenant } from '../../db/generated/prisma/client.ts';
import { type Call, Outrun, transaction } from '../call.ts';
import { tenantNotFound } from '../errors.ts';
import { claimIdempotencyKey } from '../idempotency.ts';
import { canSee, visibleSql, visibleTo } from '../principal.ts';
import { chainHash, type EventContent, genesis } from './chain.ts';
import type { EventType } from './types.ts';

/** The ledger of what belongs to no tree, and the lock for the order of the roots. */
export const installationLedgerId = '00000000-0000-0000-0000-000000000000';

/** One change to record. `before` and `after` are the thing's public state; secrets are replaced before they get here. */
export interface Change {
  readonly type: EventType;
  readonly tenant: Pick<Tenant, 'id' | 'path'> | null;
  readonly fromPath?: string;
  readonly before?: object | null;
  readonly after?: object | null;
}

/** A ledger whose row this transaction holds locked. */
export interface LockedLedger {
  readonly id: string;
  /** The revision that the next appended event will have. */
  readonly nextRevision: bigint;
  /** Appends one event and returns its revision. */
  append(change: Change): bigint;
}

/** An open write: the transaction, the tenants it names as they are under the lock, and their ledgers. */
export interface Write extends Call {
  /** The tenant as it is under the lock; `TENANT_NOT_FOUND` when it is gone or not visible. */
  tenant(id: string): Tenant;
  /** The ledger of a tree (by its root's id) or of the installation. */
  ledger(id: string): LockedLedger;
  /** Opens, or continues, the ledger of a tree whose root is `id`. */
  openLedger(id: string): Promise<LockedLedger>;
}

export interface WriteScope {
  /** The tenants the write is about: their trees are locked. */
  readonly tenantIds: readonly string[];
  /** Whether the write is about what belongs to no tree, such as the order of the roots. */
  readonly installation?: boolean;
  /** The one of `tenantIds` whose place changes. When it is a root, the order of the roots is locked too. */
  readonly placed?: string;
}

/**
 * The only way to change anything: locks the ledgers of the trees concerned in id order, reads the tenants again under the lock,
 * runs `work`, appends the events it recorded and commits, all in one transaction.
 */
export async function write<T>(call: Call, scope: WriteScope, work: (write: Write) => Promise<T>): Promise<T> {
  const { result, changed } = await transaction(call, async (db) => {
    await claimIdempotencyKey(call, db);
    const ledgers = await lockLedgers(db, call, scope);
    const tenants = await readTenants(db, call, scope.tenantIds);
    if (tenants.some(({ rootId }) => !ledgers.has(rootId))) {
      throw new Outrun();
    }
    const result = await work(openWrite(call, db, ledgers, tenants));
    const changed = [...ledgers.values()].filter(({ pending }) => pending.length > 0);
    await flush(db, changed);
    return { result, changed };
  });
  for (const { id, revision } of changed) {
    call.lineages.advance(id, revision);
    call.announce(id, revision);
  }
  return result;
}

function openWrite(
  call: Call,
  db: Prisma.TransactionClient,
  ledgers: Map<string, Ledger>,
  tenants: readonly Tenant[],
): Write {
  const byId = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  const ledger = (id: string): Ledger => {
    const found = ledgers.get(id);
    if (found === undefined) {
      throw new Error(`ledger ${id} is not locked by this write`);
    }
    return found;
  };
  return {
    ...call,
    db,
    ledger,
    tenant: (id) => {
      const tenant = byId.get(id);
      if (tenant === undefined || !canSee(call.principal, tenant.path)) {
        throw tenantNotFound();
      }
      return tenant;
    },
    openLedger: async (id) => {
      await db.$executeRaw`insert into ledgers (id, head_hash) values (${id}::uuid, ${genesis}) on conflict do nothing`;
      for (const head of await readHeads(db, Prisma.sql`id = ${id}::uuid`)) {
        ledgers.set(head.id, new Ledger(call, head));
      }
      return ledger(id);
    },
  };
}

/** Nobody waits for, or holds up, a tree that doesn't exist for them. */
async function lockLedgers(
  db: Prisma.TransactionClient,
  call: Call,
  { tenantIds, installation = false, placed = installationLedgerId }: WriteScope,
): Promise<Map<string, Ledger>> {
  const heads = await readHeads(
    db,
    Prisma.sql`id in (
      select root_id from tenants t where id = any(${tenantIds}::uuid[]) and ${visibleSql(call.principal)}
      union all select ${installationLedgerId}::uuid from tenants t where id = ${placed}::uuid and parent_id is null and ${visibleSql(call.principal)}
      union all select ${installationLedgerId}::uuid where ${installation}::boolean)`,
  );
  return new Map(heads.map((head) => [head.id, new Ledger(call, head)]));
}

interface Head {
  readonly id: string;
  readonly revision: bigint;
  readonly headHash: Uint8Array;
}

function readHeads(db: Prisma.TransactionClient, condition: Prisma.Sql): Promise<Head[]> {
  return db.$queryRaw<
    Head[]
  >`select id, revision, head_hash as "headHash" from ledgers where ${condition} order by id for update`;
}

async function readTenants(
  db: Prisma.TransactionClient,
  { principal }: Call,
  ids: readonly string[],
): Promise<Tenant[]> {
  return ids.length === 0 ? [] : db.tenant.findMany({ where: { id: { in: [...ids] }, ...visibleTo(principal) } });
}

interface EventRow extends EventContent {
  readonly previousHash: string;
  readonly hash: string;
}

class Ledger implements LockedLedger {
  readonly id: string;
  readonly pending: EventRow[] = [];
  readonly #call: Call;
  #revision: bigint;
  #head: Uint8Array;

  constructor(call: Call, { id, revision, headHash }: Head) {
    this.id = id;
    this.#call = call;
    this.#revision = revision;
    this.#head = headHash;
  }

  get revision(): bigint {
    return this.#revision;
  }

  get headHash(): string {
    return hex(this.#head);
  }

  get nextRevision(): bigint {
    return this.#revision + 1n;
  }

  append({ type, tenant, fromPath, before, after }: Change): bigint {
    const { principal, requestId, sourceIp } = this.#call;
    const content: EventContent = {
      ledgerId: this.id,
      revision: Number(this.nextRevision),
      type,
      tenantId: tenant?.id ?? null,
      path: tenant?.path ?? null,
      fromPath: fromPath ?? null,
      actorType: principal.type,
      actorId: principal.id,
      requestId,
      sourceIp,
      occurredAt: new Date().toISOString(),
      before: before ?? null,
      after: after ?? null,
    };
    const hash = chainHash(this.#head, content);
    this.pending.push({ ...content, previousHash: hex(this.#head), hash: hex(hash) });
    this.#head = hash;
    this.#revision += 1n;
    return this.#revision;
  }
}

const chunkSize = 1_000;

/** Writes what was appended: all events, then the heads. */
async function flush(db: Prisma.TransactionClient, ledgers: readonly Ledger[]): Promise<void> {
  const events = ledgers.flatMap(({ pending }) => pending);
  for (let start = 0; start < events.length; start += chunkSize) {
    const rows = JSON.stringify(events.slice(start, start + chunkSize));
    await db.$executeRaw`
      insert into events (ledger_id, revision, type, tenant_id, path, from_path, actor_type, actor_id, request_id, source_ip, occurred_at, before, after, previous_hash, hash)
      select "ledgerId", revision, type, "tenantId", path, "fromPath", "actorType", "actorId", "requestId", "sourceIp", "occurredAt", before, after,
        decode("previousHash", 'hex'), decode(hash, 'hex')
      from jsonb_to_recordset(${rows}::jsonb) as e("ledgerId" uuid, revision bigint, type text, "tenantId" uuid, path text, "fromPath" text, "actorType" text,
        "actorId" text, "requestId" text, "sourceIp" text, "occurredAt" timestamptz, before jsonb, after jsonb, "previousHash" text, hash text)`;
  }
  for (const { id, revision, headHash } of ledgers) {
    await db.$executeRaw`update ledgers set revision = ${revision}, head_hash = decode(${headHash}, 'hex') where id = ${id}::uuid`;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
