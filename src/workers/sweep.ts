import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLevel } from 'graphile-worker';
import type { Call } from '../domain/call.ts';
import { sweepDeliveries } from '../domain/webhooks/attempt.ts';
import { forgetDeliveries, forgottenAtOnce } from '../domain/webhooks/forget.ts';

export interface SweepOptions {
  readonly call: Call;
  /** How long a job may be held. */
  readonly leaseMs: number;
  /** How long deliveries are kept after they are over. */
  readonly retentionMs: number;
  readonly log: (level: LogLevel, message: string, details?: object) => void;
}

const everyMs = 10_000;

/** How long between what is removed at once: others get their turn. */
const forgetPauseMs = 100;

/** Looks from time to time, until the signal, for deliveries that nobody cares for, and for those that nobody needs any more. */
export async function keepSweeping(options: SweepOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sweep(options, signal).catch((error: unknown) =>
      options.log('warning', 'what is due or over could not be looked for; it is tried again', { err: error }),
    );
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {});
  }
}

async function sweep({ call, leaseMs, retentionMs }: SweepOptions, signal: AbortSignal): Promise<void> {
  await sweepDeliveries(call, leaseMs);
  while (!signal.aborted && (await forgetDeliveries(call, retentionMs)) === forgottenAtOnce) {
    await sleep(forgetPauseMs);
  }
}
