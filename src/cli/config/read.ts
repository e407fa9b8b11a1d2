import { Command, Option } from 'commander';
import {
  type AppliedConfigFragment,
  ListAppliedConfigDocument,
  ListOwnConfigDocument,
  type ListOwnConfigQuery,
} from '../../client/index.ts';
import type { Context } from '../context.ts';
import { harmless, jsonText } from '../harmless.ts';
import { showAll } from '../list.ts';
import { onServer, type ServerFlags } from '../server.ts';
import { nameOfSource, tenantIdOf } from '../tenant-name.ts';
import { shownValue } from '../value.ts';

interface GetFlags extends ServerFlags {
  readonly reveal?: boolean;
  readonly raw?: boolean;
}

export function revealOption(command: Command): Command {
  return command.option('--reveal', 'show secrets: to who is at home in the tenant, and to administrators');
}

export function getCommand(context: Context): Command {
  const command = revealOption(new Command('get'))
    .description('Print the value that applies to a tenant under one key, as JSON.')
    .argument('<tenant>', 'its id or slug')
    .argument('<key>', 'the key')
    .option('--raw', 'print a text without quotes');
  return onServer(context, command, async (client, flags: GetFlags, name: string, key: string) => {
    const { reveal = false } = flags;
    const id = await tenantIdOf(client, name);
    const { tenant } = await client.query(ListAppliedConfigDocument, { id, keys: [key], reveal });
    const [entry] = tenant?.config ?? [];
    if (entry === undefined) {
      throw new Error(`nothing applies to ${name} under ${jsonText(key)}`);
    }
    if (entry.masked && !flags.json) {
      throw new Error(`${jsonText(key)} is a secret: --reveal shows it to who may see it`);
    }
    context.print(flags.json ? jsonText(entry) : textOf(context, entry.value, flags));
  });
}

/** A text without quotes goes to a file as it is, and is harmless where a person looks on. */
function textOf({ terminal }: Context, value: unknown, { raw }: GetFlags): string {
  if (!raw || typeof value !== 'string') {
    return jsonText(value);
  }
  return terminal.out.isTTY === true ? harmless(value) : value;
}

interface ListFlags extends ServerFlags {
  readonly prefix?: string;
  readonly reveal?: boolean;
  readonly own?: boolean;
}

export function listCommand(context: Context): Command {
  const command = revealOption(new Command('list'))
    .description('List what applies to a tenant, its own and inherited.')
    .argument('<tenant>', 'its id or slug')
    .option('--prefix <text>', 'only keys that begin with this')
    .addOption(
      new Option('--own', 'only what the tenant has set itself, beaten by a lock or not').conflicts([
        'prefix',
        'reveal',
      ]),
    );
  return onServer(context, command, async (client, flags: ListFlags, name: string) => {
    const id = await tenantIdOf(client, name);
    if (flags.own) {
      const { tenant } = await client.query(ListOwnConfigDocument, { id });
      showAll(context, flags, ownShape, tenant?.config ?? []);
      return;
    }
    const { prefix = null, reveal = false } = flags;
    const { tenant } = await client.query(ListAppliedConfigDocument, { id, prefix, reveal });
    showAll(context, flags, appliedShape, tenant?.config ?? []);
  });
}

const appliedShape = {
  name: 'config',
  columns: ['KEY', 'VALUE', 'SET BY', ''],
  row: (entry: AppliedConfigFragment) => [
    entry.key,
    shownValue(entry.value, entry.masked),
    entry.inherited ? nameOfSource(entry.source) : { text: 'itself', style: 'bold' as const },
    marksOf(entry),
  ],
};

const ownShape = {
  name: 'config',
  columns: ['KEY', 'VALUE', 'CHANGED', ''],
  row: (entry: NonNullable<ListOwnConfigQuery['tenant']>['config'][number]) => [
    entry.key,
    shownValue(entry.value, entry.masked),
    entry.updated_at.slice(0, 16),
    marksOf(entry),
  ],
};

/** What else there is to know of an entry. */
function marksOf({ locked, sensitive }: { locked: boolean; sensitive: boolean }) {
  const marks = [...(locked ? ['locked'] : []), ...(sensitive ? ['secret'] : [])];
  return { text: marks.join(', '), style: 'yellow' as const };
}
