import type { Database } from '../../db/database.ts';
import { Prisma, type TenantStatus } from '../../db/generated/prisma/client.ts';
import { joined } from '../joined.ts';
import type { Scope } from '../principal.ts';
import type { KeyHash } from './hash.ts';

/** Where somebody is at home. */
export interface HomeTenant {
  readonly id: string;
  readonly path: string;
  readonly status: TenantStatus;
}

/** What a key that works stands for at this moment. */
export interface KeyHolder {
  readonly id: string;
  readonly name: string | null;
  readonly scopes: readonly Scope[];
  /** Null for the whole installation. */
  readonly home: HomeTenant | null;
  readonly expiresAt: Date | null;
  readonly rateLimitMax: number | null;
  readonly rateLimitWindow: string | null;
}

/** Finds out who calls, for all requests of the process: those of one moment share a statement. Nothing is remembered. */
export interface HolderReader {
  /** Who holds a key; null when there is no such key, or it has ended. */
  ofKey(hash: KeyHash): Promise<KeyHolder | null>;
  /** The tenant with this id, for tokens; null when there is none. */
  tenant(id: string): Promise<HomeTenant | null>;
}

export function createHolderReader(database: Database): HolderReader {
  const keys = joined((hashes: readonly KeyHash[]) => readHolders(database, hashes));
  const tenants = joined((ids: readonly string[]) => readTenants(database, ids));
  return { ofKey: (hash) => keys.load(hash), tenant: (id) => tenants.load(id) };
}

type HolderRow = Omit<KeyHolder, 'home'> & {
  readonly hash: string;
  readonly tenantId: string | null;
  readonly path: string;
  readonly status: TenantStatus;
};

async function readHolders(database: Database, hashes: readonly KeyHash[]): Promise<(KeyHolder | null)[]> {
  const names = hashes.map((hash) => hash.toString('hex'));
  const rows = await database.query<HolderRow>(Prisma.sql`
    select encode(hash, 'hex') as hash, id, name, scopes, expires_at as "expiresAt", rate_limit_max as "rateLimitMax",
      rate_limit_window as "rateLimitWindow", tenant_id as "tenantId", path, status
    from key_holders(${[...new Map(hashes.map((hash, index) => [names[index], hash])).values()]}::bytea[])`);
  const holders = new Map(rows.map((row) => [row.hash, holderOf(row)]));
  return names.map((name) => holders.get(name) ?? null);
}

function holderOf({ hash: _, tenantId, path, status, ...holder }: HolderRow): KeyHolder {
  return { ...holder, home: tenantId === null ? null : { id: tenantId, path, status } };
}

async function readTenants(database: Database, ids: readonly string[]): Promise<(HomeTenant | null)[]> {
  const rows = await database.query<HomeTenant>(
    Prisma.sql`select id, path, status from tenants where id = any(${[...new Set(ids)]}::uuid[])`,
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}
