import { Command } from 'commander';
import type { Context } from './context.ts';
import { withDatabaseUrl } from './database.ts';

interface Flags {
  readonly json?: boolean;
}

/** `stratum migrate`: brings the database to the state this version needs. */
export function migrateCommand(context: Context): Command {
  return new Command('migrate')
    .description('Apply the migrations the database lacks. Safe to run at any time and by several processes at once.')
    .option('--json', 'print the names of the applied migrations as JSON')
    .action((flags: Flags) =>
      withDatabaseUrl(context, async (url) => {
        const { migrate } = await import('../db/migrate.ts');
        const applied = await migrate(url);
        report(context, applied, flags);
      }),
    );
}

function report({ print }: Context, applied: readonly string[], { json }: Flags): void {
  if (json) {
    print(JSON.stringify({ applied }));
    return;
  }
  for (const name of applied) {
    print(`applied ${name}`);
  }
  if (applied.length === 0) {
    print('nothing to apply: the database is up to date');
  }
}
