import { Command } from 'commander';
import { withSession } from '../../db/session.ts';
import { plannedSteps } from '../../domain/isolation/add-table.ts';
import type { Step } from '../../domain/isolation/steps.ts';
import type { Context } from '../context.ts';
import { withDatabaseUrl } from '../database.ts';
import { type WantedFlags, wantedOf, wantedOptions } from './wanted.ts';

/** `stratum isolate sql`: for those who run their changes themselves. */
export function sqlCommand(context: Context): Command {
  const command = new Command('sql').description(
    'Print the statements that "isolate add" would run now, for psql. Changes nothing.',
  );
  return wantedOptions(command).action((table: string, flags: WantedFlags) =>
    withDatabaseUrl(context, (url) =>
      withSession(url, async ({ query }) => {
        const steps = await plannedSteps(query, table, await wantedOf(query, flags));
        context.print(steps.map(scriptOf).join('\n\n'));
      }),
    ),
  );
}

function scriptOf({ what, statements, how }: Step): string {
  const isWhole = how === 'shortly' || how === 'quietly';
  const lines = [
    ...(isWhole ? ['begin'] : []),
    ...(how === 'shortly' ? ["set local lock_timeout = '1s'"] : []),
    ...statements,
    ...(isWhole ? ['commit'] : []),
  ];
  return [`-- ${what}`, ...lines.map((line) => `${line};`)].join('\n');
}
