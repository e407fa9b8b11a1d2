import { setTimeout as sleep } from 'node:timers/promises';
import { clearOrphan } from './orphan.ts';
import { type PostmasterOptions, startPostmaster } from './postmaster.ts';

export interface Supervised {
  stop(): Promise<void>;
}

const pauseMs = 1_000;

/** Starts PostgreSQL and, whenever it ends without being asked to, starts it again; until it is stopped. */
export async function supervise(options: PostmasterOptions, log: (line: string) => void): Promise<Supervised> {
  let stopped = false;
  let current = await startPostmaster(options);

  const watch = async () => {
    await current.ended;
    while (!stopped) {
      log('PostgreSQL ended unexpectedly: starting it again');
      try {
        await clearOrphan(options.place.cluster, log);
        current = await startPostmaster(options);
        if (stopped) {
          await current.stop();
        }
        await current.ended;
      } catch (error) {
        log(error instanceof Error ? error.message : String(error));
        await sleep(pauseMs, undefined, { ref: false });
      }
    }
  };

  const watching = watch();
  return {
    stop: async () => {
      stopped = true;
      await current.stop();
      await watching;
    },
  };
}
