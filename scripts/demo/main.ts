import { Command, CommanderError } from 'commander';
import { FileError } from '../../src/cli/import/formats.ts';
import { importHelp, toSlug } from '../../src/cli/import/import.ts';
import { runImport } from '../../src/cli/import/tell.ts';
import { ImportError } from '../../src/cli/import/writer.ts';
import { createTerminal, type Output, type Terminal } from '../../src/cli/terminal.ts';
import { ApiError, type Client, createClient, UnreachableError } from '../../src/client/index.ts';
import { developmentKey, settings } from '../../src/config.ts';
import { DemoError, play } from './play.ts';
import { quickStart } from './quick-start.ts';
import { showExplanation, showTree } from './show.ts';

interface Flags {
  readonly url: string;
  readonly apiKey?: string;
  readonly import?: string;
  readonly root?: string;
}

/** Where the demo writes; a process unless a test says otherwise. */
export interface Streams {
  readonly stdout: Output;
  readonly stderr: Output;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Plays the quick start or imports a file. Resolves to the exit code: 1 when it failed, 2 when it was called wrongly. */
export async function main(argv: readonly string[], env: Environment, streams: Streams = process): Promise<number> {
  const command = describeCommand(env, streams);
  try {
    command.parse(argv, { from: 'user' });
    const flags = command.opts<Flags>();
    if (flags.root !== undefined && flags.import === undefined) {
      command.error('error: --root belongs to --import');
    }
    if (!/^https?:/.test(flags.url) || !URL.canParse(flags.url)) {
      command.error(`error: "${flags.url}" is not an address like ${localUrl(env)}`);
    }
    const apiKey = flags.apiKey ?? (env['STRATUM_API_KEY'] || developmentKey);
    await run({ ...flags, apiKey }, createTerminal(streams.stdout));
    return 0;
  } catch (error) {
    return explainFailure(error, streams);
  }
}

function describeCommand(env: Environment, { stdout, stderr }: Streams): Command {
  return new Command('npm run demo --')
    .description('Plays the quick start against a running Stratum, or loads a hierarchy into it.')
    .option('--url <url>', 'where Stratum answers (STRATUM_URL)', env['STRATUM_URL'] || localUrl(env))
    .option('--api-key <key>', 'the key to use (STRATUM_API_KEY; the development key by default)')
    .option('--import <file>', 'a .csv or .ndjson file with the columns id, parent, name and, optionally, slug')
    .option('--root <slug>', 'with --import: the tenant to import beneath, created if need be', toSlug)
    .addHelpText('after', importHelp)
    .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: (text) => void stderr.write(text) })
    .exitOverride();
}

/** Where `npm start` listens in the same environment. */
function localUrl(env: Environment): string {
  return `http://127.0.0.1:${env[settings.port.name] || settings.port.fallback}`;
}

async function run(
  { url, apiKey, import: file, root }: Flags & { readonly apiKey: string },
  terminal: Terminal,
): Promise<void> {
  const client = createClient({ url, apiKey });
  if (file === undefined) {
    await runQuickStart(client, terminal, url);
  } else {
    await runImport({ client, terminal, file, root: root ?? null });
  }
}

async function runQuickStart(client: Client, terminal: Terminal, url: string): Promise<void> {
  const { say, paint } = terminal;
  say(paint('bold', `The quick start, played at ${url}`));
  await play({ client, terminal }, quickStart);
  say(paint('bold', '\nThe tree, and what applies to each tenant\n'));
  await showTree(client, terminal, 'acmesec');
  await showExplanation(client, terminal, { slug: 'blue_harbor_dental', key: 'max_users' });
}

/** Failures a person can do something about are a sentence; anything else is a fault of ours and keeps its stack. */
function explainFailure(error: unknown, { stderr }: Streams): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : 2;
  }
  stderr.write(`${sentence(error)}\n`);
  return 1;
}

function sentence(error: unknown): string {
  if (error instanceof UnreachableError) {
    return `${error.message}. Start Stratum with "npm start", or say where it is with --url or STRATUM_URL.`;
  }
  if (error instanceof ApiError && error.code === 'UNAUTHORIZED') {
    return `UNAUTHORIZED: ${error.message}. Say which key to use with --api-key or STRATUM_API_KEY.`;
  }
  if (error instanceof ApiError) {
    return `${error.code}: ${error.message}`;
  }
  if (error instanceof ImportError || error instanceof FileError || error instanceof DemoError) {
    return error.message;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
