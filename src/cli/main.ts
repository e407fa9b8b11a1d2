import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { auditCommand } from './audit.ts';
import { completionCommand } from './completion.ts';
import { createContext, type Environment, ExitError, type Streams } from './context.ts';
import { devCommand } from './dev.ts';
import { doctorCommand } from './doctor.ts';
import { sentenceOf } from './failures.ts';
import { healthCommand } from './health.ts';
import { initCommand } from './init.ts';
import { keysCommand } from './keys.ts';
import { migrateCommand } from './migrate.ts';
import { workerCommand } from './worker.ts';

/** The `stratum` command. Resolves to the exit code: 0 done, 1 failed or found something, 2 called wrongly. */
export async function main(argv: readonly string[], env: Environment, streams: Streams = process): Promise<number> {
  const context = createContext(env, streams);
  const program = new Command('stratum')
    .description(
      'Operates a Stratum installation: DATABASE_URL names its database, or STRATUM_DATA_DIR its data folder.',
    )
    .version(readVersion())
    .showHelpAfterError('Try --help.')
    .configureOutput({
      writeOut: (text) => void streams.stdout.write(text),
      writeErr: (text) => void streams.stderr.write(text),
    })
    .exitOverride();
  for (const command of [
    initCommand(context),
    devCommand(context),
    healthCommand(context),
    doctorCommand(context),
    migrateCommand(context),
    keysCommand(context),
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
    return exitCodeOf(error, context.note);
  }
}

/** Commander copies settings to a command it makes itself, not to one that is added. */
function inheritSettings(command: Command, from: Command): Command {
  command.copyInheritedSettings(from);
  for (const child of command.commands) {
    inheritSettings(child, command);
  }
  return command;
}

function exitCodeOf(error: unknown, note: (line: string) => void): number {
  if (error instanceof ExitError) {
    return error.exitCode;
  }
  // Commander has printed its help or its complaint already; its own code for misuse is 1.
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : 2;
  }
  note(`stratum: ${sentenceOf(error)}`);
  return 1;
}

/** Of this package: the same way up from `src/cli` and from `dist/cli`. */
function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return String(version);
}
