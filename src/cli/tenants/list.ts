import { Command, Option } from 'commander';
import {
  ListChildrenOfStatusDocument,
  type RestTenantFragment,
  SearchTenantsDocument,
  type TenantStatus,
} from '../../client/index.ts';
import type { Context } from '../context.ts';
import { type ListFlags, listOptions, showList } from '../list.ts';
import { onServer } from '../server.ts';
import { tenantIdOf } from '../tenant-name.ts';
import { inUse, styleOfStatus, toStatuses } from './status.ts';

interface Flags extends ListFlags {
  readonly search?: string;
  readonly roots?: boolean;
  readonly under?: string;
  readonly status: readonly TenantStatus[];
}

const shape = {
  name: 'tenants',
  columns: ['ID', 'SLUG', 'STATUS', 'DEPTH', 'NAME'],
  row: ({ id, slug, status, depth, name }: RestTenantFragment) => [
    id,
    slug,
    { text: status, style: styleOfStatus[status] },
    String(depth),
    name,
  ],
};

export function listCommand(context: Context): Command {
  const command = listOptions(new Command('list'))
    .description('List tenants, the oldest first.')
    .option('--search <text>', 'only those whose name or slug contains this')
    .option('--roots', 'only those at the top')
    .addOption(
      new Option('--under <tenant>', 'only those right below this one, in their order').conflicts(['search', 'roots']),
    )
    .option('--status <list>', 'only these: pending, active, suspended, archived', toStatuses, [...inUse]);
  return onServer(context, command, async (client, flags: Flags) => {
    const statuses = [...flags.status];
    if (flags.under !== undefined) {
      const id = await tenantIdOf(client, flags.under);
      await showList(context, flags, shape, async (cursor, limit) => {
        const { tenant } = await client.query(ListChildrenOfStatusDocument, { id, cursor, limit, statuses });
        return tenant?.children;
      });
      return;
    }
    const { search = null, roots = false } = flags;
    await showList(context, flags, shape, async (cursor, limit) => {
      const { tenants } = await client.query(SearchTenantsDocument, { cursor, limit, search, roots, statuses });
      return tenants;
    });
  });
}
