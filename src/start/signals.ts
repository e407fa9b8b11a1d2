import type { Running } from './start.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `npm start` passes on a Ctrl+C that the terminal has sent to this process already: that is not a second one. */
const echoMs = 500;

/** The first signal stops and ends the process with 0; one that comes while it is stopping ends it at once with 1. */
function endOnSignal(stop: () => void): void {
  let first: number | null = null;
  const onSignal = () => {
    if (first === null) {
      first = performance.now();
      stop();
    } else if (performance.now() - first > echoMs) {
      process.exit(1);
    }
  };
  for (const signal of signals) {
    process.on(signal, onSignal);
  }
}

/** Comes back when a signal has stopped what runs. @throws When it can't be started, or stopped. */
export async function runUntilSignal(starting: Promise<Running>, say: (line: string) => void): Promise<void> {
  const stopped = new Promise<void>((resolve, reject) => {
    endOnSignal(() => {
      say('stratum: stopping, when what runs has finished');
      starting.then((running) => running.stop()).then(resolve, reject);
    });
  });
  // A start that fails ends it; otherwise a signal does.
  await Promise.race([starting.then(() => stopped), stopped]);
}
