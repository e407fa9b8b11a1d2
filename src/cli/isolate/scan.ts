import { Command } from 'commander';
import { withSession } from '../../db/session.ts';
import { findTables, type TableState } from '../../domain/isolation/tables.ts';
import type { Context } from '../context.ts';
import { withDatabaseUrl } from '../database.ts';
import { showAll } from '../list.ts';

interface Flags {
  readonly json?: boolean;
}

/** `stratum isolate scan`: which tables keep tenants apart. */
export function scanCommand(context: Context): Command {
  return new Command('scan')
    .description('List your tables, and whether they keep tenants apart. Changes nothing.')
    .option('--json', 'print the tables as JSON')
    .action((flags: Flags) =>
      withDatabaseUrl(context, (url) =>
        withSession(url, async ({ query }) => {
          const tables = (await findTables(query)).map((table) => ({
            table: table.name,
            scope: table.scope,
            state: stateOf(table),
          }));
          showAll(
            context,
            flags,
            { name: 'tables', columns: ['TABLE', 'STATE'], row: ({ table, state }) => [table, state] },
            tables,
          );
        }),
      ),
    );
}

function stateOf({ scope, columnType, isNotNull, isIndexed, kind, isInherited }: TableState): string {
  if (scope !== null && isNotNull) {
    return `isolated, scope ${scope}${isIndexed ? '' : ', without an index'}`;
  }
  if (kind !== 'table' || isInherited) {
    return 'can not be isolated: has partitions or children, or is one';
  }
  return columnType === null ? 'shared by all' : 'not isolated: has a tenant_id, but not all that goes with it';
}
