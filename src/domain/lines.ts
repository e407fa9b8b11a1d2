import { StratumError } from './errors.ts';
import { type Principal, principalName } from './principal.ts';

/** What callers hold open for as long as they like: connections, and what they follow. */
export interface Lines {
  /**
   * Counts one more; gives what is to be called, once or more often, when it is over.
   * @throws {StratumError} `RATE_LIMITED` when it is one too many.
   */
  open(principal: Principal): () => void;
}

/** Keeps one caller from taking all of a process's memory: so many may be open at a time, over all its connections. */
export function createLines(most: number): Lines {
  const counts = new Map<string, number>();
  return {
    open: (principal) => {
      const name = principalName(principal);
      const count = counts.get(name) ?? 0;
      if (count >= most) {
        throw new StratumError('RATE_LIMITED', `${most} connections and subscriptions are open already; close some`, {
          details: { limit: most },
        });
      }
      counts.set(name, count + 1);
      let isOpen = true;
      return () => {
        const left = (counts.get(name) ?? 0) - Number(isOpen);
        isOpen = false;
        if (left > 0) {
          counts.set(name, left);
        } else {
          counts.delete(name);
        }
      };
    },
  };
}
