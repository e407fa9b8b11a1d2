import { Prisma } from '../../db/generated/prisma/client.ts';
import { sampleLedgers } from '../../domain/ledger/sample.ts';
import { count } from '../count.ts';
import { bad, type Check, good, none, unknown } from './check.ts';

const restore = 'somebody wrote past Stratum: restore a backup, or repair the rows by hand with nobody writing';

export const paths: Check = {
  name: 'paths',
  level: 'failure',
  advice: restore,
  examine: none(
    'tenant',
    'with a wrong path, depth or root',
    Prisma.sql`
      select t.id::text as id from tenants t left join tenants p on p.id = t.parent_id
      where (p.id is not null or t.parent_id is null) and (
        t.path <> coalesce(p.path, '') || tenant_path_part(t.key)
        or t.depth <> coalesce(p.depth + 1, 0) or t.root_id <> coalesce(p.root_id, t.id))`,
  ),
};

export const orphans: Check = {
  name: 'orphans',
  level: 'failure',
  advice: restore,
  examine: none(
    'row',
    'without their tenant',
    Prisma.sql`
      select 'tenant ' || t.id as id from tenants t
      where t.parent_id is not null and not exists (select from tenants p where p.id = t.parent_id)
      union all
      select kind || ' ' || owned.id from (
        select 'config entry' as kind, id, tenant_key, root_id from config_entries
        union all select 'permission policy', id, tenant_key, root_id from permission_policies
        union all select 'key', id, tenant_key, root_id from api_keys
        union all select 'role', id, tenant_key, root_id from roles
        union all select 'webhook', id, tenant_key, root_id from webhooks
      ) owned
      where tenant_key is not null
        and not exists (select from tenants t where t.key = owned.tenant_key and t.root_id = owned.root_id)`,
  ),
};

export const inactiveParents: Check = {
  name: 'inactive-parents',
  level: 'failure',
  advice: restore,
  examine: none(
    'active tenant',
    'beneath one that is not',
    Prisma.sql`
      select t.id::text as id from tenants t join tenants p on p.id = t.parent_id
      where t.status = 'active' and p.status <> 'active'`,
  ),
};

/** From here on the limit is near enough to speak of it. */
const fullAt = 0.8;

export const depth: Check = {
  name: 'depth',
  level: 'warning',
  advice: 'make the tree flatter, or raise STRATUM_MAX_DEPTH (256 at most)',
  examine: async ({ query, config }) => {
    if (config === null) {
      return unknown('the limit is not known while the configuration is wrong');
    }
    const [deepest] = await query<{ depth: number }>(Prisma.sql`select coalesce(max(depth), 0) as depth from tenants`);
    const depth = deepest?.depth ?? 0;
    const detail = `levels below the roots: ${depth} of ${config.maxDepth}`;
    return depth < config.maxDepth * fullAt ? good(detail) : bad(detail);
  },
};

const sample = { ledgers: 20, events: 100 };

export const ledgerChain: Check = {
  name: 'ledger-chain',
  level: 'failure',
  advice: 'run "stratum audit verify" to see every event that was changed, removed or reordered',
  examine: async ({ query }) => {
    const reports = await sampleLedgers({ query }, sample);
    const broken = reports.filter(({ faults }) => faults.length > 0);
    const events = reports.reduce((sum, report) => sum + report.events, 0);
    const detail = `the latest ${count(events, 'event')} of ${count(reports.length, 'ledger')}`;
    if (reports.length === 0) {
      return good('nothing is written yet');
    }
    return broken.length === 0
      ? good(`${detail} are what was written`)
      : bad(`${detail}: ${broken.map(({ ledgerId }) => ledgerId).join(', ')} is not what was written`);
  },
};
