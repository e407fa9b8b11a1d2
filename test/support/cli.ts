import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import type { Input, Streams } from '../../src/cli/context.ts';
import { main } from '../../src/cli/main.ts';
import { captureStreams } from './captured-streams.ts';
import type { Json } from './rest-world.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What the person or the pipe around a command is like. */
export interface Around {
  readonly env?: Readonly<Record<string, string>>;
  /** What is typed, or piped in. */
  readonly input?: string;
  /** Whether a person sits there, before a screen of so many columns. */
  readonly columns?: number;
}

/** Nobody's own settings are to be read in a test. */
const nobody = { XDG_CONFIG_HOME: join(import.meta.dirname, 'no-such-folder') };

/** As Node asks a real screen, which is how NO_COLOR is heard. */
const { getColorDepth } = WriteStream.prototype;

/** Runs a command in this process. */
export async function runCli(argv: readonly string[], { env = {}, input, columns }: Around = {}): Promise<Ran> {
  const captured = captureStreams();
  const isTTY = columns !== undefined;
  const stdin: Input = Object.assign(new PassThrough(), { isTTY });
  (stdin as PassThrough).end(input ?? '');
  const { stdout, stderr } = captured;
  const streams: Streams = {
    stdin,
    stdout: isTTY ? Object.assign(stdout, { isTTY, columns, getColorDepth }) : stdout,
    stderr: isTTY ? Object.assign(stderr, { isTTY }) : stderr,
  };
  const code = await main(argv, { ...nobody, ...env }, streams);
  return { code, out: captured.out(), err: captured.err() };
}

/** The command against one server, as its programs and people use it. */
export function cliOf(url: string) {
  const env = { STRATUM_URL: url };
  const run = (...argv: string[]) => runCli(argv, { env });
  return {
    env,
    run,
    /** What it prints; fails when it fails. */
    out: async (...argv: string[]): Promise<string> => {
      const { code, out, err } = await run(...argv);
      if (code !== 0) {
        throw new Error(`stratum ${argv.join(' ')} ended with ${code}: ${err}`);
      }
      return out.trimEnd();
    },
    /** The same as JSON. */
    json: async (...argv: string[]): Promise<Json> => {
      const { code, out, err } = await run(...argv, '--json');
      if (code !== 0) {
        throw new Error(`stratum ${argv.join(' ')} ended with ${code}: ${err}`);
      }
      return JSON.parse(out);
    },
    /** The same as one JSON document a line. */
    lines: async (...argv: string[]): Promise<Json[]> => {
      const { out } = await run(...argv, '--json');
      return out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    },
    /** As JSON, of a command that is refused: its exit code and its error. */
    refused: async (...argv: string[]): Promise<{ code: number; error: Json }> => {
      const { code, out, err } = await run(...argv, '--json');
      if (out !== '') {
        throw new Error(`it printed ${out}`);
      }
      return { code, error: JSON.parse(err).error };
    },
  };
}
