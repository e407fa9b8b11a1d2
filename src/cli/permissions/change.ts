import { Command } from 'commander';
import {
  type Client,
  CreatePermissionDocument,
  DeletePermissionDocument,
  ListOwnPermissionsDocument,
  type PermissionMode,
  type RestPermissionFragment,
  type RevocationMode,
  UpdatePermissionDocument,
} from '../../client/index.ts';
import { toWord } from '../arguments.ts';
import type { Context } from '../context.ts';
import { jsonText } from '../harmless.ts';
import { ifRevisionOption } from '../if-revision.ts';
import { present } from '../present.ts';
import { answer, onServer, type ServerFlags } from '../server.ts';
import { tenantIdOf } from '../tenant-name.ts';
import { shownValue, typedValue } from '../value.ts';

interface SetFlags extends ServerFlags {
  readonly string?: boolean;
  readonly mode?: PermissionMode;
  readonly whenRevoked?: RevocationMode;
  readonly ifRevision?: number;
}

const modes = ['INHERITED', 'LOCKED', 'DELEGATED'] as const;
const ways = ['CASCADE', 'SOFT', 'PERMANENT'] as const;

export function setCommand(context: Context): Command {
  const command = ifRevisionOption(new Command('set'))
    .description('Give a tenant a permission, or change the one it has set. What is left out stays what it was.')
    .argument('<tenant>', 'its id or slug')
    .argument('<key>', 'the key')
    .argument('[value]', 'JSON, or else text; true for a new one unless told')
    .option('--string', 'take the value as text, whatever it looks like')
    .option('--mode <mode>', `what tenants below may do with it: ${modes.join(', ')}`, toWord<PermissionMode>(modes))
    .option('--when-revoked <mode>', `what revoking it does below: ${ways.join(', ')}`, toWord<RevocationMode>(ways));
  return onServer(
    context,
    command,
    async (client, flags: SetFlags, name: string, key: string, typed: string | undefined) => {
      const tenantId = await tenantIdOf(client, name);
      const { mode, whenRevoked } = flags;
      const changes = {
        ...(typed !== undefined && { value: typedValue(typed, flags) }),
        ...(mode && { mode }),
        ...(whenRevoked && { revocationMode: whenRevoked }),
      };
      const policy = await put(client, { tenantId, key, changes, ifRevision: flags.ifRevision ?? null });
      answer(
        context,
        flags,
        policy,
        () => `set ${jsonText(key)} of ${name} to ${shownValue(policy.value)}, ${policy.mode}`,
      );
    },
  );
}

interface Put {
  readonly tenantId: string;
  readonly key: string;
  readonly changes: Readonly<Record<string, unknown>>;
  readonly ifRevision: number | null;
}

async function put(client: Client, { tenantId, key, changes, ifRevision }: Put): Promise<RestPermissionFragment> {
  const own = await findOwn(client, tenantId, key);
  if (own === undefined) {
    const input = { key, ...changes };
    return present((await client.mutate(CreatePermissionDocument, { tenantId, input })).createPermission);
  }
  const variables = { id: own.id, tenantId, input: changes, ifRevision };
  return present((await client.mutate(UpdatePermissionDocument, variables)).updatePermission);
}

async function findOwn(client: Client, id: string, key: string): Promise<RestPermissionFragment | undefined> {
  const { tenant } = await client.query(ListOwnPermissionsDocument, { id });
  return tenant?.permissions.find((policy) => policy.key === key);
}

interface RevokeFlags extends ServerFlags {
  readonly ifRevision?: number;
}

export function revokeCommand(context: Context): Command {
  const command = ifRevisionOption(new Command('revoke'))
    .description('Take away a permission that a tenant has set itself, and what its way of revoking says below.')
    .argument('<tenant>', 'its id or slug')
    .argument('<key>', 'the key');
  return onServer(context, command, async (client, flags: RevokeFlags, name: string, key: string) => {
    const tenantId = await tenantIdOf(client, name);
    const own = await findOwn(client, tenantId, key);
    if (own === undefined) {
      throw new Error(`${name} has not set ${jsonText(key)} itself: "permissions explain" says who has`);
    }
    const variables = { id: own.id, tenantId, ifRevision: flags.ifRevision ?? null };
    const { deletePermission } = await client.mutate(DeletePermissionDocument, variables);
    answer(context, flags, deletePermission, () => {
      const below = present(deletePermission).deletedCount - 1;
      return `revoked ${jsonText(key)} of ${name}${below > 0 ? `, and ${below} below it` : ''}`;
    });
  });
}
