import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How PostgreSQL is asked to end, more and more firmly: SIGINT rolls back what runs and writes everything out, SIGQUIT ends at once
 * and leaves the rest to the recovery of the next start, SIGKILL needs no answer.
 */
const steps = [
  { signal: 'SIGINT', patienceMs: 20_000 },
  { signal: 'SIGQUIT', patienceMs: 5_000 },
  { signal: 'SIGKILL', patienceMs: 5_000 },
] as const;

/** Ends a PostgreSQL server and waits until it is gone. */
export async function endProcess(pid: number, ended: Promise<void>): Promise<void> {
  for (const { signal, patienceMs } of steps) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') {
        return;
      }
      throw error;
    }
    const patience = new AbortController();
    const gone = ended.then(() => true);
    const late = sleep(patienceMs, false, { signal: patience.signal }).catch(() => false);
    const done = await Promise.race([gone, late]);
    patience.abort();
    if (done) {
      return;
    }
  }
  throw new Error(`PostgreSQL (pid ${pid}) can't be ended`);
}
