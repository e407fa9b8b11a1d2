import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { runUntilSignal } from '../start/signals.ts';
import type { Context } from './context.ts';

/** `stratum worker`: what a server does behind requests, in a process of its own. */
export function workerCommand({ env, note }: Context): Command {
  return new Command('worker')
    .description(
      'Send webhooks, and nothing else, until a signal ends it. The servers beside it run with STRATUM_WORKER=off.',
    )
    .action(async () => {
      const { startWorkerAlone } = await import('../start/start-worker.ts');
      const running = await startWorkerAlone(readConfig(env), note);
      await runUntilSignal(Promise.resolve(running), note);
    });
}
