import { Prisma } from '../db/generated/prisma/client.ts';
import type { Call } from './call.ts';

/** What an id names, and the tenant it belongs to; null for what belongs to the whole installation. */
export interface Owner {
  readonly kind: 'Tenant' | 'ConfigEntry' | 'PermissionPolicy' | 'Role' | 'ApiKey' | 'Webhook' | 'WebhookDelivery';
  readonly tenantId: string | null;
}

/** What ids name, in their order, in one statement; null for an id of nothing. Says nothing of who may see it. */
export async function findOwners({ database }: Call, ids: readonly string[]): Promise<(Owner | null)[]> {
  const wanted = Prisma.sql`any(${[...ids]}::uuid[])`;
  const rows = await database.query<Owner & { id: string }>(Prisma.sql`
    select id, 'Tenant' as kind, id as "tenantId" from tenants where id = ${wanted}
    union all select c.id, 'ConfigEntry', t.id from config_entries c join tenants t on t.key = c.tenant_key where c.id = ${wanted}
    union all select p.id, 'PermissionPolicy', t.id from permission_policies p join tenants t on t.key = p.tenant_key where p.id = ${wanted}
    union all select r.id, 'Role', t.id from roles r left join tenants t on t.key = r.tenant_key where r.id = ${wanted}
    union all select k.id, 'ApiKey', t.id from api_keys k left join tenants t on t.key = k.tenant_key where k.id = ${wanted}
    union all select w.id, 'Webhook', t.id from webhooks w left join tenants t on t.key = w.tenant_key where w.id = ${wanted}
    union all select d.id, 'WebhookDelivery', t.id from webhook_deliveries d join webhooks w on w.id = d.webhook_id
      left join tenants t on t.key = w.tenant_key where d.id = ${wanted}`);
  const owners = new Map(rows.map(({ id, ...owner }) => [id, owner]));
  return ids.map((id) => owners.get(id) ?? null);
}
