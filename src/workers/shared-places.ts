import type { PlacesWanted } from '../domain/webhooks/places.ts';

/** How many deliveries go on at a time to each webhook, over all workers together. */
export interface SharedPlaces {
  /** Takes one of `most` places, as soon as one is free; false when none is before long. */
  enter(webhookId: string, most: number, patienceMs?: number): Promise<boolean>;
  leave(webhookId: string): void;
  /** Webhooks at which this worker gets no more places for now. */
  full(): string[];
  /** Gives back what is held. */
  close(): Promise<void>;
}

export interface SharedPlacesOptions {
  /** Asks for places in the name of this worker; gives how many it has at each webhook now. */
  readonly hold: (wishes: readonly PlacesWanted[]) => Promise<ReadonlyMap<string, number>>;
  /** How long after it was asked for a place may be entered. */
  readonly enterWithinMs: number;
  /** Hears when it can't be asked, once until it can. */
  readonly onFault: (error: unknown) => void;
}

/**
 * How long to wait for a place. A worker takes many jobs before it knows that there are too many of one webhook: where the receiver answers they get
 * their places while it would take longer to put them off, and where it hangs they are put off before others miss them.
 */
const usualPatienceMs = 250;

/** How often it is looked whether more places are needed, or less. */
const lookEveryMs = 50;

/** How often a worker that has what it needs asks all the same: others may lack what it has. */
const askEveryMs = 500;

interface Webhook {
  most: number;
  taken: number;
  /** In the order they came. */
  readonly waiting: Set<() => void>;
  /** As many as were needed at a time since it was last looked. */
  peak: number;
  wanted: number;
  held: number;
  askedAt: number;
  /** Whether there were less than were wanted. */
  isShort: boolean;
}

/**
 * Keeps one receiver that hangs from taking all that workers can do at a time. A worker holds places for as long as it needs about as many, so that
 * most deliveries find one without asking anybody.
 */
export function createSharedPlaces({ hold, enterWithinMs, onFault }: SharedPlacesOptions): SharedPlaces {
  const webhooks = new Map<string, Webhook>();
  const askAbout = createAsking(webhooks, hold, onFault);
  const isFree = ({ taken, held, askedAt }: Webhook): boolean =>
    taken < held && performance.now() - askedAt < enterWithinMs;
  const letIn = (webhook: Webhook): void => {
    for (const enter of webhook.waiting) {
      if (!isFree(webhook)) {
        return;
      }
      webhook.taken += 1;
      enter();
    }
  };
  const want = (id: string, webhook: Webhook): void =>
    askAbout(id, () => {
      letIn(webhook);
      if (webhook.held + webhook.wanted + needOf(webhook) === 0) {
        webhooks.delete(id);
      }
    });
  const look = (): void => {
    for (const [id, webhook] of webhooks) {
      const need = Math.max(webhook.peak, needOf(webhook));
      webhook.wanted = Math.min(webhook.most, need);
      webhook.peak = needOf(webhook);
      if (webhook.wanted !== webhook.held || performance.now() - webhook.askedAt > askEveryMs) {
        want(id, webhook);
      }
    }
  };
  const timer = setInterval(look, lookEveryMs).unref();
  return {
    enter: async (id, most, patienceMs = usualPatienceMs) => {
      const webhook = webhooks.get(id) ?? newWebhook();
      webhooks.set(id, webhook);
      webhook.most = most;
      webhook.peak = Math.max(webhook.peak, needOf(webhook) + 1);
      if (webhook.waiting.size === 0 && isFree(webhook)) {
        webhook.taken += 1;
        return true;
      }
      if (webhook.wanted < Math.min(most, webhook.peak)) {
        webhook.wanted = Math.min(most, webhook.peak);
        want(id, webhook);
      }
      return waitFor(webhook, patienceMs);
    },
    leave: (id) => {
      const webhook = webhooks.get(id);
      if (webhook !== undefined) {
        webhook.taken -= 1;
        letIn(webhook);
      }
    },
    full: () =>
      [...webhooks].flatMap(([id, { taken, held, most, isShort }]) =>
        taken >= held && (held >= most || isShort) ? [id] : [],
      ),
    close: async () => {
      clearInterval(timer);
      const all = [...webhooks].map(([webhookId, { most }]) => ({ webhookId, wanted: 0, used: 0, most }));
      webhooks.clear();
      await hold(all).catch(onFault);
    },
  };
}

function newWebhook(): Webhook {
  return { most: 0, taken: 0, waiting: new Set(), peak: 0, wanted: 0, held: 0, askedAt: 0, isShort: false };
}

function needOf({ taken, waiting }: Webhook): number {
  return taken + waiting.size;
}

/** Comes back true when it was let in. */
function waitFor({ waiting }: Webhook, patienceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isIn: boolean): void => {
      clearTimeout(timer);
      waiting.delete(enter);
      resolve(isIn);
    };
    const enter = (): void => end(true);
    const timer = setTimeout(() => end(false), patienceMs);
    waiting.add(enter);
  });
}

/** Asks for what is wanted at webhooks, for all at once; while an answer is waited for, the next question gathers. */
function createAsking(
  webhooks: ReadonlyMap<string, Webhook>,
  hold: SharedPlacesOptions['hold'],
  onFault: SharedPlacesOptions['onFault'],
): (id: string, then: () => void) => void {
  const next = new Map<string, () => void>();
  let isAsking = false;
  let isFailing = false;
  const askOnce = async (): Promise<void> => {
    const asked = new Map(next);
    next.clear();
    const wishes = [...asked.keys()].flatMap((webhookId) => {
      const { wanted, taken: used, most } = webhooks.get(webhookId) ?? newWebhook();
      return most === 0 ? [] : [{ webhookId, wanted: Math.max(wanted, used), used, most }];
    });
    const askedAt = performance.now();
    const held = await hold(wishes);
    for (const { webhookId, wanted } of wishes) {
      const places = held.get(webhookId) ?? 0;
      Object.assign(webhooks.get(webhookId) ?? {}, { held: places, askedAt, isShort: places < wanted });
      asked.get(webhookId)?.();
    }
  };
  const askOn = async (): Promise<void> => {
    isAsking = true;
    try {
      while (next.size > 0) {
        await askOnce();
      }
      isFailing = false;
    } catch (error) {
      // Whoever waits goes on waiting: it is asked again at the next look.
      if (!isFailing) {
        onFault(error);
      }
      isFailing = true;
    } finally {
      isAsking = false;
    }
  };
  return (id, then) => {
    next.set(id, then);
    if (!isAsking) {
      void askOn();
    }
  };
}
