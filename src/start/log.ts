import type { WorkerOptions } from '../workers/worker.ts';

type Level = 'error' | 'warn' | 'info' | 'debug';

/** As much of a log as is written to here. */
export type Log = Readonly<Record<Level, (details: object, message: string) => void>>;

/** What a worker says, in the log of the process. Each job it begins and ends is no news. */
export function logInto(log: Log): WorkerOptions['log'] {
  return (level, message, details = {}) => {
    const quiet = level === 'info' ? 'debug' : level;
    log[quiet === 'warning' ? 'warn' : quiet](details, message);
  };
}
