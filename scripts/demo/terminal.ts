import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** The stream that is written to; `process.stdout` and `process.stderr` are two. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Where the demo speaks. */
export interface Terminal {
  readonly out: Output;
  say(line?: string): void;
  /** Adds colour where a person looks at it; NO_COLOR and FORCE_COLOR are respected. */
  paint(style: Style, text: string): string;
}

export function createTerminal(out: Output): Terminal {
  out.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads may stop reading, as `head` does: the work goes on unseen.
    if (error.code !== 'EPIPE') {
      throw error;
    }
  });
  return {
    out,
    say: (line = '') => void out.write(`${line}\n`),
    paint: (style, text) => styleText(style, text, { stream: out }),
  };
}
