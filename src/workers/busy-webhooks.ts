/** How many deliveries go on at a time to each webhook, in this process. */
export interface BusyWebhooks {
  /** Takes a place, as soon as one is free; false when none is before long. */
  enter(webhookId: string, places: number): Promise<boolean>;
  leave(webhookId: string): void;
  /** The flags of jobs that would find no place. */
  flags(): string[];
}

/**
 * How long to wait for a place. A worker takes many jobs before it knows that there are too many of one webhook: where the receiver answers they get
 * their places while it would take longer to put them off, and where it hangs they are put off before others miss them.
 */
const patienceMs = 250;

interface Busy {
  taken: number;
  /** In the order they came. */
  readonly waiting: Set<() => void>;
}

/** Keeps one receiver that hangs from taking all that a worker can do at a time. */
export function createBusyWebhooks(): BusyWebhooks {
  const busy = new Map<string, Busy>();
  const full = new Set<string>();
  return {
    enter: async (id, places) => {
      const webhook = busy.get(id) ?? { taken: 0, waiting: new Set() };
      busy.set(id, webhook);
      if (webhook.taken >= places) {
        return takeOver(webhook);
      }
      webhook.taken += 1;
      if (webhook.taken === places) {
        full.add(flagOf(id));
      }
      return true;
    },
    leave: (id) => {
      const webhook = busy.get(id) ?? { taken: 1, waiting: new Set() };
      const [next] = webhook.waiting;
      if (next !== undefined) {
        next();
        return;
      }
      full.delete(flagOf(id));
      webhook.taken -= 1;
      if (webhook.taken === 0) {
        busy.delete(id);
      }
    },
    flags: () => [...full],
  };
}

/** Waits for the place of one who leaves. */
function takeOver({ waiting }: Busy): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isIn: boolean): void => {
      clearTimeout(timer);
      waiting.delete(goOn);
      resolve(isIn);
    };
    const goOn = (): void => end(true);
    const timer = setTimeout(() => end(false), patienceMs);
    waiting.add(goOn);
  });
}

/** As the database flags the jobs of a webhook (`enqueue_deliveries`). */
function flagOf(id: string): string {
  return `webhook:${id}`;
}
