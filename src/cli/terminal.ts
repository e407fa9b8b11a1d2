import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** The stream that is written to; `process.stdout` and `process.stderr` are two. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Where a person is spoken to. */
export interface Terminal {
  readonly out: Output;
  say(line?: string): void;
  /** Says one line after the other, no faster than they are taken, and asks for no more once nobody reads. */
  sayAll(lines: AsyncIterable<string>): Promise<void>;
  /** Adds colour where a person looks at it; NO_COLOR and FORCE_COLOR are respected. */
  paint(style: Style, text: string): string;
}

export function createTerminal(out: Output): Terminal {
  const gone = new AbortController();
  out.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads may stop reading, as `head` does: the work goes on unseen.
    if (error.code !== 'EPIPE') {
      throw error;
    }
    gone.abort();
  });
  return {
    out,
    say: (line = '') => void out.write(`${line}\n`),
    async sayAll(lines) {
      for await (const line of lines) {
        if (!out.write(`${line}\n`)) {
          await drained(out, gone.signal);
        }
        if (gone.signal.aborted) {
          return;
        }
      }
    },
    paint: (style, text) => styleText(style, text, { stream: out }),
  };
}

function drained(out: Output, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      out.removeListener('drain', go);
      gone.removeEventListener('abort', go);
      resolve();
    };
    out.once('drain', go);
    gone.addEventListener('abort', go);
  });
}
