import { createRedisEventTarget } from '@graphql-yoga/redis-event-target';
import type { Redis } from 'ioredis';
import { z } from 'zod';

/** What is told to all processes when a ledger has grown. */
export interface Wakeup {
  readonly ledgerId: string;
  /** How far it has come; as text, since JSON has no whole numbers of that size. */
  readonly revision: string;
}

export interface Wakeups {
  /** Tells all processes, if Redis can be reached; those who are not told look by themselves. */
  announce(wakeup: Wakeup): void;
  close(): void;
}

const topic = 'stratum:events';

type WakeupEvent = CustomEvent<Wakeup>;

const wakeup = z.object({ ledgerId: z.guid(), revision: z.string().regex(/^\d{1,19}$/) });

/**
 * Wakes the processes of an installation through Redis, beside what the database does: for those that can't listen there, as behind a pooler in
 * transaction mode.
 */
export function openWakeups(redis: Redis, onWakeup: (wakeup: Wakeup) => void): Wakeups {
  // Nothing comes for as long as nothing happens: silence is no fault here.
  const listening = redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null, socketTimeout: 0 });
  listening.on('error', () => {}); // the other connection tells of it
  const target = createRedisEventTarget<WakeupEvent>({
    // The target waits for neither; what can't be done is no fault of anybody who would hear of it.
    publishClient: { publish: (...message: [string, string]) => redis.publish(...message).catch(() => 0) } as Redis,
    subscribeClient: {
      on: listening.on.bind(listening),
      subscribe: (name: string) => listening.subscribe(name).catch(() => {}),
    } as unknown as Redis,
    // Whoever may use Redis may say anything there.
    serializer: { stringify: JSON.stringify, parse: jsonOrNull },
  });
  target.addEventListener(topic, ({ detail }: CustomEvent<unknown>) => {
    const { success, data } = wakeup.safeParse(detail);
    if (success) {
      onWakeup(data);
    }
  });
  return {
    announce: (detail) => void target.dispatchEvent(new CustomEvent(topic, { detail })),
    close: () => listening.disconnect(),
  };
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
