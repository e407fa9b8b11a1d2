import { createInterface } from 'node:readline/promises';
import { type Context, ExitError, UsageError } from './context.ts';
import { harmless } from './harmless.ts';

export interface Confirmation {
  /** What is going to happen, as a sentence. */
  readonly what: string;
  /** What has to be typed for it to happen. */
  readonly word: string;
  /** `--yes`: nobody is asked. */
  readonly yes: boolean | undefined;
}

/** Asks a person before something that can't be undone easily. Where nobody can be asked it takes `--yes`. */
export async function confirm({ streams, note }: Context, { what, word, yes }: Confirmation): Promise<void> {
  if (yes) {
    return;
  }
  const { stdin, stderr } = streams;
  if (stdin?.isTTY !== true || stderr.isTTY !== true) {
    throw new UsageError('nobody can be asked here whether this is meant: say --yes');
  }
  note(what);
  const typed = await ask(stdin, stderr, `Type ${harmless(word)} to go on: `);
  if (typed.trim() !== word) {
    note('nothing was changed');
    throw new ExitError(1);
  }
}

async function ask(input: NodeJS.ReadableStream, output: NodeJS.WritableStream, question: string): Promise<string> {
  const lines = createInterface({ input, output, terminal: false });
  // The end of the input is an answer too.
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  try {
    return await Promise.race([lines.question(question), ended]);
  } finally {
    lines.close();
  }
}
