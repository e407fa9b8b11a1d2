import { Command } from 'commander';
import { InspectTenantDocument, type InspectTenantQuery } from '../../client/index.ts';
import type { Context } from '../context.ts';
import { present } from '../present.ts';
import { answer, onServer, type ServerFlags } from '../server.ts';
import { describe } from '../table.ts';
import { tenantIdOf } from '../tenant-name.ts';
import { shownValue } from '../value.ts';

export function getCommand(context: Context): Command {
  const command = new Command('get').description('Show a tenant of any status.').argument('<tenant>', 'its id or slug');
  return onServer(context, command, async (client, flags: ServerFlags, name: string) => {
    const { tenant } = await client.query(InspectTenantDocument, { id: await tenantIdOf(client, name) });
    answer(context, flags, tenant, () => describe(context.terminal, fieldsOf(present(tenant))));
  });
}

function fieldsOf(tenant: NonNullable<InspectTenantQuery['tenant']>): Record<string, string | null> {
  return {
    name: tenant.name,
    slug: tenant.slug,
    id: tenant.id,
    status: tenant.status,
    path: tenant.ancestry_ltree.replaceAll('.', ' › '),
    parent: tenant.parent_id,
    below: `${tenant.child_count} right below, ${tenant.descendant_count} in all`,
    isolation: tenant.isolation_strategy,
    region: tenant.region_id,
    document: ofObject(tenant.config),
    metadata: ofObject(tenant.metadata),
    created: tenant.created_at,
    updated: `${tenant.updated_at}, at revision ${tenant.revision} of ${tenant.tree_revision}`,
    archived: tenant.deleted_at,
  };
}

/** An object that nobody has filled isn't worth a line. */
function ofObject(value: unknown): string | null {
  const text = shownValue(value);
  return text === '{}' ? null : text;
}
