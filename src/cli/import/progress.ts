import type { Terminal } from '../terminal.ts';

export interface Progress {
  update(done: number): void;
  /** Ends the line of a bar. */
  end(): void;
}

/** A bar that is drawn over itself where a person looks on, and a line at every tenth of the way otherwise. */
export function createProgress(terminal: Terminal, total: number): Progress {
  return terminal.out.isTTY === true ? createBar(terminal, total) : createLines(terminal, total);
}

const barWidth = 30;
const redrawMs = 100;

function createBar({ out, paint }: Terminal, total: number): Progress {
  const started = performance.now();
  let drawn = 0;
  let last = 0;
  const draw = (): void => {
    const filled = Math.floor((last / total) * barWidth);
    const bar = paint('cyan', '█'.repeat(filled)) + paint('dim', '░'.repeat(barWidth - filled));
    out.write(`\r  ${bar} ${describe(last, total)}${pace(last, total, performance.now() - started)}\u001B[K`);
  };
  return {
    update: (done) => {
      last = done;
      if (done === total || performance.now() - drawn > redrawMs) {
        drawn = performance.now();
        draw();
      }
    },
    end: () => void out.write('\n'),
  };
}

function createLines({ say }: Terminal, total: number): Progress {
  let tenths = 0;
  return {
    update: (done) => {
      const reached = Math.floor((done / total) * 10);
      if (reached > tenths) {
        tenths = reached;
        say(`  ${describe(done, total)}`);
      }
    },
    end: () => {},
  };
}

function describe(done: number, total: number): string {
  return `${Math.floor((done / total) * 100)} %  ${inThousands(done)} of ${inThousands(total)}`;
}

function pace(done: number, total: number, elapsedMs: number): string {
  const perSecond = done / (elapsedMs / 1_000);
  const left = perSecond > 0 ? `, ${Math.ceil((total - done) / perSecond)} s left` : '';
  return `  ${inThousands(Math.round(perSecond))} per second${done === total ? '' : left}`;
}

/** 1234567 → 1,234,567, whatever the machine's language. */
export function inThousands(number: number): string {
  return number.toLocaleString('en-US');
}
