import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addCommand } from './add.ts';
import { checkCommand } from './check.ts';
import { scanCommand } from './scan.ts';
import { sqlCommand } from './sql.ts';

/** `stratum isolate`: keeps the rows of tenants apart in the tables of a product, on the database itself. */
export function isolateCommand(context: Context): Command {
  return new Command('isolate')
    .description('Keep the rows of tenants apart in tables of yours, by row-level security.')
    .addCommand(scanCommand(context))
    .addCommand(addCommand(context))
    .addCommand(sqlCommand(context))
    .addCommand(checkCommand(context));
}
