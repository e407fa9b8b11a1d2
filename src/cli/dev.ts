import { Command, InvalidArgumentError } from 'commander';
import { readConfig, settings } from '../config.ts';
import { runUntilSignal } from '../start/signals.ts';
import { start } from '../start/start.ts';
import type { Context } from './context.ts';

interface Flags {
  readonly port?: string;
}

/** `stratum dev`: the server on a developer's own machine, with a PostgreSQL of its own. */
export function devCommand({ env, note }: Context): Command {
  return new Command('dev')
    .description(
      'Start a server for development, with its own PostgreSQL unless DATABASE_URL names one, until a signal ends it.',
    )
    .option(
      '-p, --port <number>',
      `the port to listen on; ${settings.port.name}, or ${settings.port.fallback}, unless told`,
      toPort,
    )
    .action(async ({ port }: Flags) => {
      const config = readConfig(port === undefined ? env : { ...env, [settings.port.name]: port });
      if (config.nodeEnv === 'production') {
        throw new Error(`this is a server for development, but ${settings.nodeEnv.name} is production`);
      }
      await runUntilSignal(start(config, note), note);
    });
}

/** The text, as a variable of the environment has it. */
function toPort(text: string): string {
  if (!settings.port.schema.safeParse(text).success) {
    throw new InvalidArgumentError('A port is a whole number from 0 to 65535; 0 is any that is free.');
  }
  return text;
}
