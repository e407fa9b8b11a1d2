import { Command, InvalidArgumentError } from 'commander';
import { isUuid } from '../domain/validation.ts';
import { type Context, ExitError } from './context.ts';
import { count } from './count.ts';
import { withDatabaseUrl } from './database.ts';

interface Flags {
  readonly ledger?: string;
  readonly json?: boolean;
}

/** `stratum audit`: questions to the ledgers. */
export function auditCommand(context: Context): Command {
  const verify = new Command('verify')
    .description('Recompute the hash chain of every ledger and name each event that was changed, removed or reordered.')
    .option('--ledger <id>', "only this ledger; a tree's has the id of its root", toUuid)
    .option('--json', 'print the findings as JSON')
    .action((flags: Flags) => withDatabaseUrl(context, (url) => verifyAll(context, url, flags)));
  return new Command('audit').description('Examine the ledger of changes.').addCommand(verify);
}

/** What was found in one ledger. */
interface LedgerReport {
  readonly ledgerId: string;
  readonly events: number;
  readonly faults: readonly { readonly revision: number; readonly kind: string; readonly message: string }[];
}

async function verifyAll(context: Context, url: string, { ledger, json = false }: Flags): Promise<void> {
  const { openDatabase } = await import('../db/database.ts');
  const { verifyLedgers } = await import('../domain/ledger/verify.ts');
  const database = openDatabase({ url, poolSize: 2 });
  const reports: LedgerReport[] = [];
  try {
    for await (const report of verifyLedgers(database, ledger === undefined ? {} : { ledgerId: ledger })) {
      reports.push(report);
      if (!json) {
        describe(report).forEach(context.print);
      }
    }
  } finally {
    await database.close();
  }
  conclude(context, reports, { ledger, json });
}

const installation = '00000000-0000-0000-0000-000000000000';

function describe({ ledgerId, events, faults }: LedgerReport): string[] {
  const name = ledgerId === installation ? `${ledgerId} (the installation)` : ledgerId;
  const heading = `${faults.length === 0 ? 'ok   ' : 'FAULT'} ${name}: ${count(events, 'event')}`;
  return [heading, ...faults.map(({ revision, kind, message }) => `      event ${revision} ${kind}: ${message}`)];
}

function conclude(
  { print }: Context,
  ledgers: readonly LedgerReport[],
  { ledger, json }: { ledger: string | undefined; json: boolean },
): void {
  if (ledger !== undefined && ledgers.length === 0) {
    throw new Error(`there is no ledger ${ledger}`);
  }
  const faults = ledgers.reduce((sum, report) => sum + report.faults.length, 0);
  const events = ledgers.reduce((sum, report) => sum + report.events, 0);
  const summary = `${count(ledgers.length, 'ledger')}, ${count(events, 'event')}, ${count(faults, 'fault')}`;
  print(json ? JSON.stringify({ intact: faults === 0, ledgers }) : summary);
  if (faults > 0) {
    throw new ExitError(1);
  }
}

function toUuid(text: string): string {
  if (!isUuid(text)) {
    throw new InvalidArgumentError('A ledger is named by a UUID.');
  }
  return text.toLowerCase();
}
