import { join } from 'node:path';
import { npmStart } from '../support/npm-start.ts';
import type { Budget, Result } from './budget.ts';
import { timed } from './product.ts';
import { median } from './statistics.ts';

const rounds = 3;
const limitSeconds = 5;

/** `npm start` until it says it is ready: where no data is yet, and where there is some. */
export const coldStart: Budget = async ({ folder }) => {
  const first: number[] = [];
  const second: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const dataDir = join(folder, `data-${round}`);
    first.push(await start(dataDir));
    second.push(await start(dataDir));
  }
  return [
    resultOf('npm start with no data yet, to ready', median(first)),
    resultOf('npm start with data, to ready', median(second)),
  ];
};

async function start(dataDir: string): Promise<number> {
  await using stack = new AsyncDisposableStack();
  return await timed(async () => stack.use(await npmStart({ STRATUM_DATA_DIR: dataDir })));
}

function resultOf(what: string, ms: number): Result {
  const ok = ms <= limitSeconds * 1_000;
  return { what, measured: `${(ms / 1_000).toFixed(1)} s`, baseline: '', ratio: '', limit: `≤ ${limitSeconds} s`, ok };
}
