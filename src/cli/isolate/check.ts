import { Command } from 'commander';
import { withSession } from '../../db/session.ts';
import { checkIsolation, type IsolationReport } from '../../domain/isolation/check.ts';
import { readKey } from '../../domain/isolation/setting.ts';
import { type Context, ExitError, UsageError } from '../context.ts';
import { count } from '../count.ts';
import { withDatabaseUrl } from '../database.ts';
import { harmless, jsonText } from '../harmless.ts';

interface Flags {
  readonly json?: boolean;
  readonly tenantUrl?: string;
}

/** Where the address of the login is when it isn't told: a password doesn't belong on a command line. */
const variable = 'STRATUM_TENANT_DATABASE_URL';

/** `stratum isolate check`: as the login that serves tenants. */
export function checkCommand(context: Context): Command {
  return new Command('check')
    .description(
      'Prove that a login keeps tenants apart: what it may do, what the policies say, and two tenants that try. Changes nothing.',
    )
    .option('--tenant-url <url>', `how the program that serves tenants connects; ${variable} unless told`)
    .option('--json', 'print what was found as JSON')
    .action(({ json, tenantUrl = context.env[variable] }: Flags) =>
      withDatabaseUrl(context, async (url) => {
        if (tenantUrl === undefined || tenantUrl === '') {
          throw new UsageError(`say with --tenant-url or ${variable} how the program that serves tenants connects`);
        }
        const key = await withSession(url, ({ query }) => readKey(query));
        const report = await withSession(tenantUrl, ({ query }) => checkIsolation(query, key));
        const lines = json ? [jsonText(report)] : linesOf(report);
        lines.forEach(context.print);
        if (report.problems.length > 0) {
          throw new ExitError(1);
        }
      }),
    );
}

function linesOf({ isolated, problems, warnings }: IsolationReport): string[] {
  return [
    ...isolated.map((table) => `isolated  ${table}`),
    ...warnings.map((warning) => `warning   ${warning}`),
    ...problems.map((problem) => `problem   ${problem}`),
    `${count(isolated.length, 'isolated table')}, ${count(problems.length, 'problem')}, ${count(warnings.length, 'warning')}`,
  ].map(harmless);
}
