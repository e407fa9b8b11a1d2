import { harmlessLines } from './harmless.ts';
import { createTerminal, type Output, type Terminal } from './terminal.ts';

/** The environment a command is called in. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a person types on, or a pipe. */
export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** Where a command reads and writes; the process unless a test says otherwise. */
export interface Streams {
  readonly stdin?: Input;
  readonly stdout: Output;
  readonly stderr: Output;
}

/** What every command is given beside its own arguments. */
export interface Context {
  readonly env: Environment;
  readonly streams: Streams;
  /** Standard output, as a person looks at it. */
  readonly terminal: Terminal;
  /** The answer: what a pipe wants. */
  print(line: string): void;
  /** What happens meanwhile: for the person who waits. It is made harmless. */
  note(text: string): void;
}

export function createContext(env: Environment, streams: Streams): Context {
  const terminal = createTerminal(streams.stdout);
  return {
    env,
    streams,
    terminal,
    print: terminal.say,
    note: (text) => void streams.stderr.write(`${harmlessLines(text)}\n`),
  };
}

/** Thrown by a command that has said all there is to say: only the exit code remains. */
export class ExitError extends Error {
  override readonly name = 'ExitError';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** The command was called wrongly in a way that only shows while it runs: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
