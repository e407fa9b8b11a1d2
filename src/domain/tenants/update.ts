import { isDeepStrictEqual } from 'node:util';
import { violatesUnique } from '../../db/errors.ts';
import type { Tenant } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { type Write, write } from '../ledger/write.ts';
import { assertUnchanged } from '../revision.ts';
import { jsonText, parse } from '../validation.ts';
import { alreadyExists } from './create.ts';
import { type UpdateTenantInput, updateTenantInput } from './input.ts';
import { assertActive } from './lifecycle.ts';
import { tenantColumns, tenantState } from './rows.ts';

export interface UpdateTenant {
  readonly id: string;
  readonly input: UpdateTenantInput;
  readonly ifRevision?: number | null | undefined;
}

/** Changes name, slug, document or metadata of an active tenant. What is equal already is no change: no event then. */
export async function updateTenant(call: Call, { id, input, ifRevision }: UpdateTenant): Promise<Tenant> {
  const wanted = parse(updateTenantInput, input, ['input']);
  try {
    return await write(call, { tenantIds: [id] }, async (write) => {
      const tenant = write.tenant(id);
      const ledger = write.ledger(tenant.rootId);
      assertUnchanged(ifRevision, { changedAt: tenant.revision, treeRevision: ledger.nextRevision - 1n });
      assertActive(tenant);
      const changes = Object.entries(wanted).filter(
        ([field, value]) => value !== undefined && !isDeepStrictEqual(value, tenant[field as keyof typeof wanted]),
      );
      if (changes.length === 0) {
        return tenant;
      }
      const updated = await update(write, id, Object.fromEntries(changes), ledger.nextRevision);
      ledger.append({
        type: 'tenant.updated',
        tenant: updated,
        before: tenantState(tenant),
        after: tenantState(updated),
      });
      return updated;
    });
  } catch (error) {
    throw violatesUnique(error, 'tenant_slug') ? alreadyExists(wanted.slug ?? '', error) : error;
  }
}

/** By hand, for the sake of the JSON: see {@link jsonText}. What is not given stays. */
async function update(
  { db }: Write,
  id: string,
  { name, slug, document, metadata }: UpdateTenantInput,
  revision: bigint,
): Promise<Tenant> {
  const [updated] = await db.$queryRaw<Tenant[]>`
    update tenants t set name = coalesce(${name ?? null}, t.name), slug = coalesce(${slug ?? null}, t.slug),
      document = coalesce(${jsonText(document)}::jsonb, t.document), metadata = coalesce(${jsonText(metadata)}::jsonb, t.metadata),
      revision = ${revision}, updated_at = ${new Date()}
    where t.id = ${id}::uuid returning ${tenantColumns}`;
  return updated as Tenant; // the row is locked by this transaction
}
