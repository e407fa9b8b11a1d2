import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { DeleteConfigDocument, SetConfigDocument } from '../../client/index.ts';
import { type Context, UsageError } from '../context.ts';
import { jsonText } from '../harmless.ts';
import { ifRevisionOption } from '../if-revision.ts';
import { present } from '../present.ts';
import { answer, onServer, type ServerFlags } from '../server.ts';
import { tenantIdOf } from '../tenant-name.ts';
import { shownValue, typedValue, type ValueFlags } from '../value.ts';

interface SetFlags extends ServerFlags, ValueFlags {
  readonly locked?: boolean;
  readonly sensitive?: boolean;
  readonly ifRevision?: number;
}

export function setCommand(context: Context): Command {
  const command = ifRevisionOption(new Command('set'))
    .description('Set a key of a tenant: to JSON where the value is JSON, else to the text itself.')
    .argument('<tenant>', 'its id or slug')
    .argument('<key>', 'the key')
    .argument('[value]', 'the value')
    .option('--string', 'take the value as text, whatever it looks like')
    .option('--stdin', 'read the value from standard input, where nobody sees a secret')
    .option('--locked', 'tenants below may not override it; unless told they may')
    .option('--sensitive', 'it is a secret; unless told it stays what it was');
  return onServer(
    context,
    command,
    async (client, flags: SetFlags, name: string, key: string, typed: string | undefined) => {
      const value = typedValue(await textOf(context, typed, flags), flags);
      const { locked = false, sensitive, ifRevision = null } = flags;
      const input = { key, value, locked, ...(sensitive && { sensitive }) };
      const tenantId = await tenantIdOf(client, name);
      const { setConfig } = await client.mutate(SetConfigDocument, { tenantId, input, ifRevision });
      const entry = present(setConfig);
      answer(context, flags, entry, () => {
        const shown = shownValue(entry.value, entry.masked || entry.sensitive);
        return `set ${jsonText(key)} of ${name} to ${shown}${entry.locked ? ', locked' : ''}`;
      });
    },
  );
}

async function textOf({ streams }: Context, typed: string | undefined, { stdin }: ValueFlags): Promise<string> {
  if ((typed === undefined) === !stdin) {
    throw new UsageError('give a value, or --stdin: one of them');
  }
  // What is piped ends with a line end that nobody means.
  return typed ?? (await text(streams.stdin ?? Readable.from([]))).replace(/\r?\n$/, '');
}

interface UnsetFlags extends ServerFlags {
  readonly ifRevision?: number;
}

export function unsetCommand(context: Context): Command {
  const command = ifRevisionOption(new Command('unset'))
    .description('Remove what a tenant has set itself: what is inherited applies again.')
    .argument('<tenant>', 'its id or slug')
    .argument('<key>', 'the key');
  return onServer(context, command, async (client, flags: UnsetFlags, name: string, key: string) => {
    const variables = { tenantId: await tenantIdOf(client, name), key, ifRevision: flags.ifRevision ?? null };
    const { deleteConfig } = await client.mutate(DeleteConfigDocument, variables);
    answer(context, flags, deleteConfig, () => `${jsonText(key)} of ${name} is not set any more`);
  });
}
