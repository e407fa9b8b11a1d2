import { setTimeout as sleep } from 'node:timers/promises';
import { developmentKey } from '../../src/config.ts';
import { type StratumOptions, type StratumSdk, stratum } from '../../src/sdk/index.ts';

/** The SDK in a program, and what it asks the control plane for. */
export interface SdkProgram extends Disposable {
  readonly sdk: StratumSdk;
  /** How many contexts it has asked for. */
  readonly reads: number;
  /** Holds back answers that have come from now on; gives what lets them through. */
  hold(): () => void;
  /** Reads a value of the config of a tenant. */
  value(tenantId: string, key: string): Promise<unknown>;
  /** Waits until it is told of changes in so many trees. */
  live(trees?: number): Promise<void>;
}

export function openProgram(url: string, options: Partial<StratumOptions> = {}): SdkProgram {
  let reads = 0;
  let gate: Promise<void> = Promise.resolve();
  const countingFetch: typeof fetch = async (input, init) => {
    const isRead = String(init?.body).includes('query ReadContext');
    reads += isRead ? 1 : 0;
    const answer = await fetch(input, init);
    if (isRead) {
      await gate;
    }
    return answer;
  };
  const sdk = stratum({ controlPlaneUrl: url, apiKey: developmentKey, fetch: countingFetch, ...options });
  return {
    sdk,
    get reads() {
      return reads;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    value: async (tenantId, key) => (await sdk.client.resolveTenant(tenantId)).resolved_config[key]?.value,
    live: (trees = 1) => until(() => sdk.client.cacheStatus.live === trees),
    [Symbol.dispose]: () => sdk.close(),
  };
}

/** Waits until something is so. */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  for (const end = performance.now() + withinMs; !(await isSo()); await sleep(2)) {
    if (performance.now() > end) {
      throw new Error(`it is not so after ${withinMs} ms: ${isSo}`);
    }
  }
}
