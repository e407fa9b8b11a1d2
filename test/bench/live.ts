import type { Budget, Result } from './budget.ts';
import { type Followed, startFollowed } from './following.ts';
import { byTurns, medianRatio, quantile, type Rounds } from './statistics.ts';

const rounds = 3;
const commits = 20;
const limitMs = 100;
/** What is published costs by those who receive it: others may cost what they take of the caches, and no more. */
const bystandersLimit = 1.5;

/** How long it takes from a commit until it has reached those who follow the tree, against one who follows it alone. */
export const live: Budget = async ({ postgres, large, note }) => {
  await using alone = await startFollowed(await postgres.create());
  const [root = ''] = await alone.tree('alone', 0);
  await alone.follow({ tenantIds: [root], subtree: true, perSocket: 1 });
  const baseline = () => publishOften(alone, root, 1);
  await baseline();
  const scene = async (measure: (followed: Followed) => Promise<Result[]>) => {
    await using followed = await startFollowed(await postgres.create());
    return await measure(followed); // before what it measures is closed
  };
  const fanOut = (sockets: number, perSocket: number) =>
    scene((followed) => fanOutTo(followed, { sockets, perSocket }, baseline));
  return [
    ...(await fanOut(20, 50)),
    ...(await fanOut(1_000, 1)),
    ...(large ? await fanOut(200, 50) : []),
    ...(await scene((followed) => besideOthers(followed, baseline, note))),
  ];
};

async function publishOften(followed: Followed, tenantId: string, receivers: number): Promise<number[]> {
  const waits: number[] = [];
  for (let commit = 0; commit < commits; commit += 1) {
    waits.push(...(await followed.publish(tenantId, receivers)));
  }
  return waits;
}

async function fanOutTo(
  followed: Followed,
  { sockets, perSocket }: { sockets: number; perSocket: number },
  baseline: () => Promise<number[]>,
): Promise<Result[]> {
  const [root = '', leaf = ''] = await followed.tree('tree', 1);
  const { product } = followed;
  const count = sockets * perSocket;
  // What a server keeps from its first subscription on is not what each of them costs.
  await followed.follow({ tenantIds: [root], subtree: true, perSocket: 1 });
  await publishOften(followed, leaf, 1);
  const before = await product.memory();
  await followed.follow({ tenantIds: Array.from({ length: count - 1 }, () => root), subtree: true, perSocket });
  await publishOften(followed, leaf, count);
  const taken = await byTurns(rounds, { measured: () => publishOften(followed, leaf, count), baseline });
  const after = await product.memory();
  const p99 = quantile(taken.measured.flat(), 0.99);
  const what = `${count} subscribers over ${sockets} connections`;
  const isBudget = count === 1_000;
  return [
    {
      what: `commit → receipt, ${what}`,
      measured: timesOf(taken.measured),
      baseline: `${timesOf(taken.baseline)} of one alone`,
      ratio: inTimes(medianRatio(taken, (waits) => quantile(waits, 0.99))),
      limit: isBudget ? `p99 ≤ ${limitMs} ms` : '',
      ok: isBudget ? p99 <= limitMs : null,
    },
    {
      what: `memory of a subscriber, ${what}`,
      measured: `${kibPer(count, after.heap - before.heap)} of objects`,
      baseline: `${kibPer(count, after.resident - before.resident)} resident`,
      ratio: '',
      limit: '',
      ok: null,
    },
  ];
}

/** One that is told of everything, beside 1,000 that follow other tenants, of the same tree and of ten others. */
async function besideOthers(
  followed: Followed,
  baseline: () => Promise<number[]>,
  note: (line: string) => void,
): Promise<Result[]> {
  const [, changed = '', ...siblings] = await followed.tree('same', 11);
  const others = [...siblings];
  for (let tree = 0; tree < 10; tree += 1) {
    others.push(...(await followed.tree(`other_${tree}`, 0)));
  }
  const tenantIds = others.flatMap((id) => Array.from({ length: 1_000 / others.length }, () => id));
  note(`${tenantIds.length} follow ${others.length} tenants of eleven trees, which nothing happens to`);
  await followed.follow({ tenantIds, subtree: true, perSocket: 50 });
  await followed.follow({ tenantIds: [changed], subtree: true, perSocket: 1 });
  await publishOften(followed, changed, 1);
  const taken = await byTurns(rounds, { measured: () => publishOften(followed, changed, 1), baseline });
  const ratio = medianRatio(taken, (waits) => quantile(waits, 0.5));
  return [
    {
      what: 'commit → receipt, one subscriber beside 1000 of other tenants',
      measured: timesOf(taken.measured),
      baseline: `${timesOf(taken.baseline)} of one alone`,
      ratio: `${inTimes(ratio)} (medians)`,
      limit: `≤ ${bystandersLimit} ×`,
      ok: ratio <= bystandersLimit,
    },
  ];
}

function timesOf(taken: Rounds<readonly number[]>['measured']): string {
  const waits = taken.flat();
  const at = (share: number) => quantile(waits, share).toFixed(1);
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} ms`;
}

function kibPer(count: number, bytes: number): string {
  return `${Math.round(bytes / count / 1_024)} KiB`;
}

function inTimes(ratio: number): string {
  return `${ratio.toFixed(1)} ×`;
}
