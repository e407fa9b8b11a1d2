import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { auditCommand } from './audit.ts';
import { completionCommand } from './completion.ts';
import { configCommand } from './config/config.ts';
import { createContext, type Environment, type Streams } from './context.ts';
import { devCommand } from './dev.ts';
import { doctorCommand } from './doctor.ts';
import { eventsCommand } from './events/events.ts';
import { exportCommand } from './export.ts';
import { healthCommand } from './health.ts';
import { importCommand } from './import/import.ts';
import { initCommand } from './init.ts';
import { isolateCommand } from './isolate/isolate.ts';
import { keysCommand } from './keys/keys.ts';
import { migrateCommand } from './migrate.ts';
import { permissionsCommand } from './permissions/permissions.ts';
import { tellFailure } from './tell-failure.ts';
import { tenantsCommand } from './tenants/tenants.ts';
import { webhooksCommand } from './webhooks/webhooks.ts';
import { workerCommand } from './worker.ts';

/** The `stratum` command. Resolves to the exit code: 0 done, 1 failed or found something, 2 called wrongly. */
export async function main(argv: readonly string[], env: Environment, streams: Streams = process): Promise<number> {
  const context = createContext(env, streams);
  const isJson = wantsJson(argv);
  const program = new Command('stratum')
    .description(
      'Works with a Stratum server (--url, STRATUM_URL), and operates an installation on its database (DATABASE_URL, or STRATUM_DATA_DIR).',
    )
    .version(readVersion())
    .showHelpAfterError('Try --help.')
    .configureOutput({
      writeOut: (text) => void streams.stdout.write(text),
      // A program is told in JSON, below.
      writeErr: (text) => void (isJson || streams.stderr.write(text)),
    })
    .exitOverride();
  for (const command of [
    initCommand(context),
    devCommand(context),
    tenantsCommand(context),
    configCommand(context),
    permissionsCommand(context),
    keysCommand(context),
    webhooksCommand(context),
    eventsCommand(context),
    importCommand(context),
    exportCommand(context),
    healthCommand(context),
    doctorCommand(context),
    migrateCommand(context),
    isolateCommand(context),
    auditCommand(context),
    workerCommand(context),
    completionCommand(context),
  ]) {
    program.addCommand(inheritSettings(command, program));
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    return tellFailure(error, context, isJson);
  }
}

/** Behind two dashes nothing is an option. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json');
}

/** Commander copies settings to a command it makes itself, not to one that is added. */
function inheritSettings(command: Command, from: Command): Command {
  command.copyInheritedSettings(from);
  for (const child of command.commands) {
    inheritSettings(child, command);
  }
  return command;
}

/** Of this package: the same way up from `src/cli` and from `dist/cli`. */
function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return String(version);
}
