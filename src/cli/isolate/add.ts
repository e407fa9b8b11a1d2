import { Command } from 'commander';
import { withSession } from '../../db/session.ts';
import { addTable } from '../../domain/isolation/add-table.ts';
import type { Context } from '../context.ts';
import { withDatabaseUrl } from '../database.ts';
import { jsonText } from '../harmless.ts';
import { type WantedFlags, wantedOf, wantedOptions } from './wanted.ts';

interface Flags extends WantedFlags {
  readonly json?: boolean;
}

/** `stratum isolate add`: may be stopped at any moment, and repeated. */
export function addCommand(context: Context): Command {
  const command = new Command('add')
    .description(
      'Give a table a tenant_id, an index and the policies by which each tenant has its own rows. Keeps nobody from the table for long; may be stopped and repeated.',
    )
    .option('--json', 'print what was done as JSON');
  return wantedOptions(command).action((table: string, { json, ...flags }: Flags) =>
    withDatabaseUrl(context, (url) =>
      withSession(url, async ({ query }) => {
        const done: string[] = [];
        await addTable(query, table, await wantedOf(query, flags), (line) => {
          done.push(line);
          context.note(line);
        });
        const nothing = `${table} was isolated already, scope ${flags.scope}`;
        const line = done.length === 0 ? nothing : `${table} is isolated, scope ${flags.scope}`;
        context.print(json ? jsonText({ table, scope: flags.scope, done }) : line);
      }),
    ),
  );
}
