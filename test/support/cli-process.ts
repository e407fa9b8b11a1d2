import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The command as a process of its own, which may run for long. */
export interface CliProcess {
  out(): string;
  err(): string;
  /** Comes when so many lines were printed, or it has ended. */
  lines(count: number): Promise<string[]>;
  signal(name: NodeJS.Signals): void;
  /** Nobody reads any more what it prints. */
  hangUp(): void;
  readonly ended: Promise<number | null>;
}

const bin = join(import.meta.dirname, '../../src/cli/bin.ts');

export function startCli(argv: readonly string[], env: Readonly<Record<string, string>>): CliProcess {
  const { PATH } = process.env;
  const child = spawn(process.execPath, [bin, ...argv], {
    env: { PATH, XDG_CONFIG_HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended: Promise<number | null> = once(child, 'close').then(([code]) => code);
  const complete = () => out.split('\n').slice(0, -1);
  return {
    out: () => out,
    err: () => err,
    async lines(count) {
      let isOver = false;
      const over = ended.then(() => {
        isOver = true;
      });
      while (complete().length < count && !isOver) {
        await Promise.race([once(child.stdout, 'data'), over]);
      }
      return complete();
    },
    signal: (name) => void child.kill(name),
    hangUp: () => void child.stdout.destroy(),
    ended,
  };
}
