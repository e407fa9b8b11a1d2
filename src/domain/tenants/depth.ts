import type { Limits } from '../call.ts';
import { StratumError } from '../errors.ts';

/** Refuses a `depth` (number of ancestors) beyond the installation's limit. */
export function assertDepth({ maxDepth }: Limits, depth: number): void {
  if (depth > maxDepth) {
    throw new StratumError('TENANT_DEPTH_EXCEEDED', `A tree is at most ${maxDepth} levels deep beneath its root`, {
      details: { depth, max_depth: maxDepth },
    });
  }
}
