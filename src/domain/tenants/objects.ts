import { Prisma, type Tenant } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import type { TenantHead } from './rows.ts';

/** The two JSON objects of a tenant. */
export type TenantObjects = Pick<Tenant, 'document' | 'metadata'>;

/** The JSON objects of tenants, in the order of `tenants`, in one statement. A tenant that went meanwhile has empty ones. */
export async function readObjects(
  { database, view }: Call,
  tenants: readonly Pick<TenantHead, 'id' | 'revision'>[],
): Promise<TenantObjects[]> {
  const ids = tenants.map(({ id }) => id);
  const rows = await database.query<TenantObjects & Pick<TenantHead, 'id' | 'revision'>>(
    Prisma.sql`select id, revision, document, metadata from tenants where id = any(${ids}::uuid[])`,
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  view.torn ||= tenants.some(({ id, revision }) => byId.get(id)?.revision !== revision);
  return ids.map((id) => byId.get(id) ?? { document: {}, metadata: {} });
}
