import { Command, Option } from 'commander';
import {
  type AppliedPermissionFragment,
  ListAppliedPermissionsDocument,
  ListOwnPermissionsDocument,
  type RestPermissionFragment,
} from '../../client/index.ts';
import type { Context } from '../context.ts';
import { showAll } from '../list.ts';
import { onServer, type ServerFlags } from '../server.ts';
import { nameOfSource, tenantIdOf } from '../tenant-name.ts';
import { shownValue } from '../value.ts';

interface Flags extends ServerFlags {
  readonly prefix?: string;
  readonly own?: boolean;
}

export function listCommand(context: Context): Command {
  const command = new Command('list')
    .description('List the permissions that apply to a tenant, its own and inherited.')
    .argument('<tenant>', 'its id or slug')
    .option('--prefix <text>', 'only keys that begin with this')
    .addOption(new Option('--own', 'only what the tenant has set itself').conflicts('prefix'));
  return onServer(context, command, async (client, flags: Flags, name: string) => {
    const id = await tenantIdOf(client, name);
    const { tenant } = flags.own
      ? await client.query(ListOwnPermissionsDocument, { id })
      : await client.query(ListAppliedPermissionsDocument, { id, prefix: flags.prefix ?? null });
    showAll<Permission>(context, flags, shape, tenant?.permissions ?? []);
  });
}

type Permission = AppliedPermissionFragment | RestPermissionFragment;

const shape = {
  name: 'permissions',
  columns: ['KEY', 'VALUE', 'MODE', 'WHEN REVOKED', 'SET BY'],
  row: (permission: Permission) => [
    permission.key,
    shownValue(permission.value),
    permission.mode,
    permission.revocation_mode,
    'source' in permission && permission.inherited
      ? nameOfSource(permission.source)
      : { text: 'itself', style: 'bold' as const },
  ],
};
