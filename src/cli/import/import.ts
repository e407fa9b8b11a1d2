import { Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import { jsonText } from '../harmless.ts';
import { onServer, type ServerFlags } from '../server.ts';
import { importTree } from './run.ts';
import { slugPattern } from './slugs.ts';
import { runImport, silent } from './tell.ts';

interface Flags extends ServerFlags {
  readonly root?: string;
}

/** `stratum import`: loads a hierarchy of any size. */
export function importCommand(context: Context): Command {
  const command = new Command('import')
    .description('Load a hierarchy of tenants. Run again, it creates only what is missing.')
    .argument('<file>', 'a .csv or .ndjson file with the columns id, parent, name and, optionally, slug')
    .option('--root <slug>', 'the tenant to import beneath, created if need be', toSlug)
    .addHelpText('after', importHelp);
  return onServer(context, command, async (client, { json, root }: Flags, file: string) => {
    const options = { client, file, root: root ?? null };
    if (!json) {
      return runImport({ ...options, terminal: context.terminal });
    }
    const { rootSlug, created, present, depth, seconds } = await importTree({ ...options, observer: silent });
    context.print(jsonText({ root: rootSlug, created, present, levels: depth, seconds }));
  });
}

/** What the columns of a file mean. */
export const importHelp = `
An import creates one tenant for each row, under the row its parent names. A single row without a parent becomes the root; several
go beneath a root named after the file, or beneath --root. A slug that the file leaves out is made of the name. Each tenant's
metadata keeps the row's id as importedId. An import that was interrupted continues when it is run again.`;

export function toSlug(text: string): string {
  if (!slugPattern.test(text)) {
    throw new InvalidArgumentError('A slug is lower-case letters, digits and "_", and begins with a letter.');
  }
  return text;
}
