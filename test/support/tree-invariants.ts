import { timingSafeEqual } from 'node:crypto';
import type { Database } from '../../src/db/database.ts';
import { chainHash, genesis } from '../../src/domain/ledger/chain.ts';

/** A promise as a query for what breaks it: every row is one violation, `what` says of whom. */
const promises: Readonly<Record<string, string>> = {
  "a path is the parent's path and the own part": `
    select t.id::text as what from tenants t left join tenants p on p.id = t.parent_id
    where t.path is distinct from coalesce(p.path, '') || tenant_path_part(t.key) or (t.parent_id is not null and p.id is null)`,
  'depth is the number of ancestors': `
    select id::text as what from tenants where depth <> length(path) - length(replace(path, '/', '')) - 1`,
  'every tenant hangs from a root': `
    with recursive reached as (
      select id, id as root from tenants where parent_id is null
      union all select t.id, r.root from tenants t join reached r on t.parent_id = r.id
    ) select t.id::text as what from tenants t left join reached r using (id) where r.root is distinct from t.root_id`,
  'no active tenant beneath an inactive parent': `
    select t.id::text as what from tenants t join tenants p on p.id = t.parent_id where t.status = 'active' and p.status <> 'active'`,
  'siblings have different positions': `
    select coalesce(parent_id::text, 'roots') || ' at ' || sort_order as what from tenants group by parent_id, sort_order having count(*) > 1`,
  'entries are of the tree of their tenant': `
    select c.id::text as what from config_entries c left join tenants t on t.key = c.tenant_key where c.root_id is distinct from t.root_id`,
  'policies are of the tree of their tenant': `
    select p.id::text as what from permission_policies p left join tenants t on t.key = p.tenant_key where p.root_id is distinct from t.root_id`,
  'every tree has a ledger': `
    select t.id::text as what from tenants t left join ledgers l on l.id = t.root_id where l.id is null`,
  'revisions are without gaps and end at the head': `
    select l.id::text as what from ledgers l left join events e on e.ledger_id = l.id group by l.id
    having count(e.revision) <> l.revision or coalesce(max(e.revision), 0) <> l.revision or coalesce(min(e.revision), 1) <> 1`,
  'nothing is of a later revision than its tree': `
    select t.id::text as what from tenants t join ledgers l on l.id = t.root_id
    left join config_entries c on c.tenant_key = t.key left join permission_policies p on p.tenant_key = t.key
    where greatest(t.revision, c.revision, p.revision) > l.revision`,
  'no version is used twice': `
    select config_version::text as what from tenants group by config_version having count(*) > 1
    union all select permission_version::text from tenants group by permission_version having count(*) > 1`,
  'no entry was accepted beneath a lock': `
    select e.ledger_id || ' ' || e.revision as what
    from events e join events k on k.ledger_id = e.ledger_id and k.revision < e.revision and k.type = 'config.updated'
      and k.after @> '{"locked": true}' and k.after->>'key' = e.after->>'key' and starts_with(e.path, k.path) and e.path <> k.path
    where e.type = 'config.updated' and not exists (
      select from events x where x.ledger_id = e.ledger_id and x.revision > k.revision and x.revision < e.revision and (
        (x.type in ('config.updated', 'config.deleted') and x.tenant_id = k.tenant_id and coalesce(x.after, x.before)->>'key' = e.after->>'key')
        or (x.type = 'tenant.moved' and (starts_with(k.path, x.path) or starts_with(k.path, x.from_path)))))`,
};

/** Everything that is wrong with the tree and the ledgers, in words. */
export async function violations(database: Database): Promise<string[]> {
  const found: string[] = [];
  for (const [promise, text] of Object.entries(promises)) {
    const rows = await database.query<{ what: string }>({ text, values: [] });
    found.push(...rows.map(({ what }) => `${promise}: ${what}`));
  }
  return [...found, ...(await brokenChains(database))];
}

interface EventRow {
  readonly ledgerId: string;
  readonly revision: bigint;
  readonly type: string;
  readonly tenantId: string | null;
  readonly path: string | null;
  readonly fromPath: string | null;
  readonly actorType: string;
  readonly actorId: string;
  readonly requestId: string | null;
  readonly sourceIp: string | null;
  readonly occurredAt: Date;
  readonly before: unknown;
  readonly after: unknown;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
}

/** Computes every chain again, as somebody would who trusts nothing but the events. */
async function brokenChains(database: Database): Promise<string[]> {
  const events = await database.query<EventRow>({ text: readEvents, values: [] });
  const heads = await database.query<{ id: string; hash: Buffer }>({
    text: 'select id, head_hash as hash from ledgers',
    values: [],
  });
  const chains = new Map<string, Uint8Array>();
  const found: string[] = [];
  for (const { hash, previousHash, occurredAt, ...event } of events) {
    const content = { ...event, revision: Number(event.revision), occurredAt: occurredAt.toISOString() };
    const previous = chains.get(event.ledgerId) ?? genesis;
    if (!timingSafeEqual(previous, previousHash) || !timingSafeEqual(chainHash(previous, content), hash)) {
      found.push(`the chain of events verifies: ${event.ledgerId} ${event.revision}`);
    }
    chains.set(event.ledgerId, hash);
  }
  const wrong = heads.filter(({ id, hash }) => !timingSafeEqual(chains.get(id) ?? genesis, hash));
  return [...found, ...wrong.map(({ id }) => `a head is the hash of the last event: ${id}`)];
}

const readEvents = `
  select ledger_id as "ledgerId", revision, type, tenant_id as "tenantId", path, from_path as "fromPath", actor_type as "actorType", actor_id as "actorId",
    request_id as "requestId", source_ip as "sourceIp", occurred_at as "occurredAt", before, after, previous_hash as "previousHash", hash
  from events order by ledger_id, revision`;
