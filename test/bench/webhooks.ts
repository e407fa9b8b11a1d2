import { CreateTenantsDocument, CreateWebhookDocument, SetConfigsDocument } from '../../src/client/index.ts';
import type { Budget, Result } from './budget.ts';
import { type Child, startChild } from './child.ts';
import { type Product, startProduct } from './product.ts';
import type { Received, Receiver } from './receiver.ts';
import { byTurns, median, medianRatio } from './statistics.ts';
import type { Worked, Working } from './worker.ts';

const rounds = 3;
const events = 2_000;
const batch = 200;

/** Deliveries of webhooks to a receiver that answers at once, against the same worker doing as many jobs that are nothing. */
export const webhooks: Budget = async ({ postgres, note }) => {
  await using receiver = startChild<Receiver, Received>('receiver.ts');
  const { url } = await receiver.ask('listen');
  const results: Result[] = [];
  for (const count of [1, 10]) {
    await using product = await startProduct(await postgres.create());
    await using worker = startChild<Working, Worked>('worker.ts');
    const tenants = await makeWebhooks(product, count, url);
    results.push(await compare({ product, worker, receiver, tenants }, note));
  }
  return results;
};

interface Delivering {
  readonly product: Product;
  readonly worker: Child<Working, Worked>;
  readonly receiver: Child<Receiver, Received>;
  /** Each has a webhook. */
  readonly tenants: readonly string[];
}

async function compare(delivering: Delivering, note: (line: string) => void): Promise<Result> {
  const { tenants } = delivering;
  await deliverAll(delivering);
  const taken = await byTurns(rounds, {
    measured: () => deliverAll(delivering),
    baseline: () => doNothing(delivering),
  });
  const inWords = `${tenants.length} webhook${tenants.length === 1 ? '' : 's'}`;
  note(
    `${inWords}: a delivery costs the worker ${cpuOf(taken.measured)} of CPU, a job that is nothing ${cpuOf(taken.baseline)}`,
  );
  return {
    what: `deliveries of ${events} events to ${inWords}`,
    measured: rateOf(taken.measured),
    baseline: `${rateOf(taken.baseline)} jobs that are nothing`,
    ratio: `${Math.round(medianRatio(taken, ({ perSecond }) => perSecond) * 100)} %`,
    limit: '',
    ok: null,
  };
}

interface Taken {
  readonly perSecond: number;
  readonly cpuEach: number;
}

/** Everything is due before the worker starts; what counts is the time between the first delivery and the last. */
async function deliverAll({ product, worker, receiver, tenants }: Delivering): Promise<Taken> {
  await writeEvents(product, tenants);
  await worker.ask({ deliverFrom: product.databaseUrl });
  const { ms } = await receiver.ask({ deliveries: events });
  return takenFrom(ms, (await worker.ask('stop')).cpuMs);
}

async function doNothing({ product, worker }: Delivering): Promise<Taken> {
  await product.sql.query(`select graphile_worker.add_job('nothing') from generate_series(1, $1::int)`, [events]);
  const { ms, cpuMs } = await worker.ask({ databaseUrl: product.databaseUrl, emptyJobs: events });
  return takenFrom(ms, cpuMs);
}

function takenFrom(ms: number, cpuMs: number): Taken {
  return { perSecond: events / (ms / 1_000), cpuEach: cpuMs / events };
}

/** A tenant for each webhook, which is told of that one alone. */
async function makeWebhooks({ client }: Product, count: number, url: string): Promise<string[]> {
  const tenants = Array.from({ length: count }, (_, index) => ({ slug: `told_${index}`, name: `Told ${index}` }));
  const { createTenants } = await client.mutate(CreateTenantsDocument, { tenants });
  const ids = createTenants!.map(({ id }) => id);
  for (const [index, tenantId] of ids.entries()) {
    await client.mutate(CreateWebhookDocument, {
      input: { tenantId, url: `${url}/${index}`, events: ['config.updated'] },
    });
  }
  return ids;
}

let turn = 0;

async function writeEvents({ client }: Product, tenants: readonly string[]): Promise<void> {
  for (let written = 0; written < events; written += batch) {
    turn += 1;
    const entries = Array.from({ length: batch }, (_, index) => ({ key: `feature.${index}`, value: turn }));
    await client.mutate(SetConfigsDocument, { tenantId: tenants[(written / batch) % tenants.length] ?? '', entries });
  }
}

function rateOf(taken: readonly Taken[]): string {
  return `${Math.round(median(taken.map(({ perSecond }) => perSecond)))}/s`;
}

function cpuOf(taken: readonly Taken[]): string {
  return `${Math.round(median(taken.map(({ cpuEach }) => cpuEach)) * 1_000)} µs`;
}
