/** The environment a command is called in. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a command writes; the process unless a test says otherwise. */
export interface Streams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** What every command is given beside its own arguments. */
export interface Context {
  readonly env: Environment;
  /** The answer: what a pipe wants. */
  print(line: string): void;
  /** What happens meanwhile: for the person who waits. */
  note(line: string): void;
}

export function createContext(env: Environment, { stdout, stderr }: Streams): Context {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads may stop reading, as `head` does: the exit code still counts.
    if (error.code !== 'EPIPE') {
      throw error;
    }
  });
  return {
    env,
    print: (line) => void stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${line}\n`),
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
