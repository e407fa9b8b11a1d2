/** How many deliveries go on at a time to each webhook, in this process. */
export interface BusyWebhooks {
  /** Takes a place; false when all of the webhook's are taken. */
  enter(webhookId: string, places: number): boolean;
  leave(webhookId: string): void;
  /** The flags of jobs that would find no place. */
  flags(): string[];
}

/** Keeps one receiver that hangs from taking all that a worker can do at a time. */
export function createBusyWebhooks(): BusyWebhooks {
  const taken = new Map<string, number>();
  const full = new Set<string>();
  return {
    enter: (id, places) => {
      const count = taken.get(id) ?? 0;
      if (count >= places) {
        return false;
      }
      taken.set(id, count + 1);
      if (count + 1 === places) {
        full.add(`webhook:${id}`);
      }
      return true;
    },
    leave: (id) => {
      const count = (taken.get(id) ?? 1) - 1;
      full.delete(`webhook:${id}`);
      if (count === 0) {
        taken.delete(id);
      } else {
        taken.set(id, count);
      }
    },
    flags: () => [...full],
  };
}
