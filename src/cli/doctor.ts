import { Command } from 'commander';
import { type Context, ExitError } from './context.ts';
import { count } from './count.ts';
import { type Diagnosis, diagnose } from './doctor/diagnose.ts';
import { withPatient } from './doctor/patient.ts';
import { harmless, jsonText } from './harmless.ts';

interface Flags {
  readonly json?: boolean;
}

/** `stratum doctor`: looks for what is wrong, or soon will be, and says what to do. Changes nothing. */
export function doctorCommand(context: Context): Command {
  return new Command('doctor')
    .description('Examine an installation: its settings, database, tree, ledgers, keys and webhooks. Changes nothing.')
    .option('--json', 'print what was found as JSON')
    .action(({ json = false }: Flags) =>
      withPatient(context, async (patient) => {
        const checks = await diagnose(patient);
        const healthy = checks.every(({ status }) => status !== 'failure');
        const report = json ? [jsonText({ healthy, checks })] : [...checks.flatMap(describe), summary(checks)];
        report.forEach(context.print);
        if (!healthy) {
          throw new ExitError(1);
        }
      }),
    );
}

const width = Math.max(...['ok', 'warning', 'failure', 'skipped'].map(({ length }) => length));

function describe({ name, status, detail, advice }: Diagnosis): string[] {
  const line = `${status.padEnd(width)}  ${name.padEnd(18)}  ${harmless(detail)}`;
  return advice === null ? [line] : [line, `${' '.repeat(width)}  ${' '.repeat(18)}  -> ${advice}`];
}

function summary(checks: readonly Diagnosis[]): string {
  const of = (wanted: Diagnosis['status']) => checks.filter(({ status }) => status === wanted).length;
  return `${count(checks.length, 'check')}, ${count(of('failure'), 'failure')}, ${count(of('warning'), 'warning')}`;
}
