import { once } from 'node:events';
import { setTimeout as sleep, setImmediate as soon } from 'node:timers/promises';
import { CreateTenantDocument, SetConfigDocument, SetConfigsDocument } from '../../src/client/index.ts';
import { developmentKey } from '../../src/config.ts';
import { type StratumClient, stratum } from '../../src/sdk/index.ts';
import type { Budget, Result } from './budget.ts';
import { keyHeader, type Product, startProduct } from './product.ts';
import { byTurns, medianRatio, quantile } from './statistics.ts';

const depth = 5;
const keysPerTenant = 20;
const leaves = 200;
const rounds = 5;
const roundMs = 500;
const changes = 200;
const limitMs = 100;

/** What it costs a program to ask for the context of a tenant, and how long it takes until it sees a change that was made far above. */
export const sdk: Budget = async ({ postgres }) => {
  await using product = await startProduct(await postgres.create());
  const { root, tenantIds } = await grow(product);
  using program = stratum({ controlPlaneUrl: product.url, apiKey: developmentKey });
  await Promise.all(tenantIds.map((id) => program.client.resolveTenant(id)));
  while (program.client.cacheStatus.live < 1) {
    await sleep(10);
  }
  return [
    ...(await reads(product, program.client, tenantIds)),
    await changesSeen(product, program.client, { root, tenantIds }),
  ];
};

interface Grown {
  readonly root: string;
  readonly tenantIds: readonly string[];
}

/** A line of tenants with config each, and many beneath the last. */
async function grow({ client }: Product): Promise<Grown> {
  const line: string[] = [];
  const create = async (slug: string) => {
    const input = { name: slug, slug, parentId: line.at(-1) ?? null };
    return (await client.mutate(CreateTenantDocument, { input })).createTenant?.id ?? '';
  };
  for (let level = 0; level < depth; level += 1) {
    const tenantId = await create(`level_${level}`);
    line.push(tenantId);
    const entries = Array.from({ length: keysPerTenant }, (_, n) => ({ key: `level${level}.key${n}`, value: n }));
    await client.mutate(SetConfigsDocument, { tenantId, entries });
  }
  const tenantIds: string[] = [];
  for (let leaf = 0; leaf < leaves; leaf += 1) {
    tenantIds.push(await create(`leaf_${leaf}`));
  }
  return { root: line[0] ?? '', tenantIds };
}

async function reads({ url }: Product, client: StratumClient, tenantIds: readonly string[]): Promise<Result[]> {
  const contexts = await Promise.all(tenantIds.map((id) => client.resolveTenant(id)));
  const bare = new Map(contexts.map((context) => [context.tenant_id, context]));
  const fromMap = () => ratePerSecond(tenantIds, async (id) => bare.get(id));
  const live = () => ratePerSecond(tenantIds, (id) => client.resolveTenant(id));
  const overHttp = () =>
    ratePerSecond(tenantIds, async (id) =>
      (await fetch(`${url}/api/v1/tenants/${id}/context`, { headers: keyHeader })).json(),
    );
  const against = async (name: string, baseline: () => Promise<number>): Promise<Result> => {
    const taken = await byTurns(rounds, { measured: live, baseline });
    return {
      what: `context reads from the live copy, of ${tenantIds.length} tenants`,
      measured: `${rateOf(taken.measured)} awaited`,
      baseline: `${rateOf(taken.baseline)} ${name}`,
      ratio: `${medianRatio(taken, (rate) => rate).toFixed(2)} ×`,
      limit: '',
      ok: null,
    };
  };
  return [
    await against('from a bare Map, awaited', fromMap),
    await against('over HTTP, one after the other', overHttp),
  ];
}

async function ratePerSecond(ids: readonly string[], read: (id: string) => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  let count = 0;
  for (; performance.now() - startedAt < roundMs; ) {
    for (const id of ids) {
      await read(id);
      count += 1;
      if (performance.now() - startedAt > 2 * roundMs) {
        break;
      }
    }
  }
  return (count / (performance.now() - startedAt)) * 1_000;
}

/** From the moment when a commit is known of in this process until a context of a tenant far below shows it. */
async function changesSeen(
  { client: writer, sql }: Product,
  client: StratumClient,
  { root, tenantIds }: Grown,
): Promise<Result> {
  await sql.query('listen stratum_events');
  const waits: number[] = [];
  const trips: number[] = [];
  for (let n = 0; n < changes; n += 1) {
    const id = tenantIds[n % tenantIds.length] ?? '';
    await client.resolveTenant(id);
    const sentAt = performance.now();
    const committed = once(sql, 'notification').then(() => performance.now());
    const answered = writer.mutate(SetConfigDocument, { tenantId: root, input: { key: 'turn', value: n } });
    while ((await client.resolveTenant(id)).resolved_config['turn']?.value !== n) {
      await soon();
    }
    const seenAt = performance.now();
    waits.push(Math.max(0, seenAt - (await committed)));
    await answered;
    trips.push(performance.now() - sentAt);
    await sleep(20);
  }
  const at = (values: readonly number[], share: number) => quantile(values, share).toFixed(1);
  return {
    what: `commit at the root → seen ${depth} levels below, ${changes} times`,
    measured: `p50 ${at(waits, 0.5)}, p99 ${at(waits, 0.99)}, max ${at(waits, 1)} ms`,
    baseline: `p50 ${at(trips, 0.5)}, p99 ${at(trips, 0.99)} ms for the change itself`,
    ratio: `${(quantile(waits, 0.5) / quantile(trips, 0.5)).toFixed(2)} × (medians)`,
    limit: `p99 ≤ ${limitMs} ms`,
    ok: quantile(waits, 0.99) <= limitMs,
  };
}

function rateOf(rates: readonly number[]): string {
  return `${Math.round(quantile(rates, 0.5)).toLocaleString('en')}/s`;
}
