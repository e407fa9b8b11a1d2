import type { Client } from '../../client/index.ts';
import { harmless } from '../harmless.ts';
import type { Terminal } from '../terminal.ts';
import type { Plan } from './plan.ts';
import { createProgress, inThousands, type Progress } from './progress.ts';
import { type ImportObserver, type ImportResult, importTree } from './run.ts';

export interface RunImportOptions {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly file: string;
  readonly root: string | null;
}

/** Imports a file and tells a person about it: what was found, how far it is, what came of it. */
export async function runImport({ client, terminal, file, root }: RunImportOptions): Promise<void> {
  terminal.say(terminal.paint('bold', `Reading ${file}`));
  const { observer, end } = createObserver(terminal);
  const result = await importTree({ client, file, root, observer }).finally(end);
  summarize(terminal, result);
}

function createObserver(terminal: Terminal): { observer: ImportObserver; end: () => void } {
  let progress: Progress | null = null;
  const end = (): void => {
    progress?.end();
    progress = null;
  };
  const observer: ImportObserver = {
    planned: (plan) => {
      terminal.say(`  ${describePlan(plan)}`);
      progress = createProgress(terminal, plan.size);
    },
    continuing: ({ name }, slug, present) => {
      const what = `${inThousands(present)} tenants beneath it`;
      terminal.say(`  ${harmless(name)} (${slug}) exists, with ${what}: what is there is skipped`);
    },
    progress: (done) => progress?.update(done),
    stopped: (created) => {
      end();
      if (created > 0) {
        terminal.say(`  ${inThousands(created)} tenants were created and stay; run it again to continue`);
      }
    },
  };
  return { observer, end };
}

function describePlan({ size, depth, passes }: Plan): string {
  const again = passes > 1 ? `, children before their parents: the file is read ${passes + 1} times` : '';
  return `${inThousands(size)} rows, ${depth} levels${again}`;
}

function summarize({ say, paint }: Terminal, { rootSlug, created, present, depth, seconds }: ImportResult): void {
  const rate = created > 0 ? `, ${inThousands(Math.round(created / seconds))} per second` : '';
  say(
    `${paint('green', '✓')} ${paint('bold', `${inThousands(created)} tenants created`)} in ${seconds.toFixed(1)} s${rate}`,
  );
  say(`  tree ${rootSlug}, ${depth} levels in the file${present > 0 ? `, ${inThousands(present)} there before` : ''}`);
}

/** For a program, which reads the result alone. */
export const silent: ImportObserver = { planned() {}, continuing() {}, progress() {}, stopped() {} };
