import { Command } from 'commander';
import { ListApiKeysDocument, type ListApiKeysQueryVariables, type RestApiKeyFragment } from '../../client/index.ts';
import { allItems } from '../../client/pages.ts';
import type { Context } from '../context.ts';
import { showAll } from '../list.ts';
import type { Door } from '../server.ts';
import { tenantIdOrNull } from '../tenant-name.ts';
import type { Style } from '../terminal.ts';
import { type DoorFlags, doorOptions, withDoor } from './door.ts';

interface Flags extends DoorFlags {
  readonly tenant?: string;
}

export function listCommand(context: Context): Command {
  const command = new Command('list')
    .description('List keys, newest first, those that have ended included.')
    .option('--tenant <tenant>', 'only keys of exactly this tenant');
  return doorOptions(command).action((flags: Flags) =>
    withDoor(context, flags, async (door) => {
      showAll(context, flags, shape, await allKeys(door, await tenantIdOrNull(door, flags.tenant)));
    }),
  );
}

function allKeys(door: Door, tenantId: string | null): Promise<RestApiKeyFragment[]> {
  return allItems(async (cursor, limit) => {
    const variables: ListApiKeysQueryVariables = { limit, cursor, tenantId };
    return (await door.query(ListApiKeysDocument, variables)).apiKeys;
  });
}

const shape = {
  name: 'keys',
  columns: ['ID', 'STATE', 'SCOPES', 'HOME', 'LAST USED', 'NAME'],
  row: (key: RestApiKeyFragment) => [
    key.id,
    stateOf(key),
    key.scopes.join(','),
    key.tenant_id ?? 'installation',
    key.last_used_at === null ? 'never' : new Date(key.last_used_at).toISOString().slice(0, 16),
    key.name ?? '',
  ],
};

function stateOf({ revoked_at, expires_at }: RestApiKeyFragment): { text: string; style: Style } {
  const hasExpired = expires_at !== null && new Date(expires_at).getTime() <= Date.now();
  if (revoked_at !== null) {
    return { text: 'revoked', style: 'dim' };
  }
  return hasExpired ? { text: 'expired', style: 'yellow' } : { text: 'active', style: 'green' };
}
