import { SetConfigDocument } from '../../src/client/index.ts';
import type { Budget, Result } from './budget.ts';
import { type Child, startChild } from './child.ts';
import { costsOf } from './config-costs.ts';
import { makeConfigTree } from './config-tree.ts';
import type { Load, LoadResult } from './load.ts';
import { keyHeader, type Product, startProduct } from './product.ts';
import type { Served, ServedAt } from './served.ts';
import { byTurns, median, medianRatio } from './statistics.ts';

const rounds = 5;
const roundMs = 2_000;
const warmUpMs = 3_000;
const limit = 0.5;

/** As many as it takes that concurrent requests are about different ones, as those of a product with many customers are. */
const trees = 100;

/** Reads of resolved config over REST, against the same server answering a constant of the same size. */
export const configReads: Budget = async ({ postgres, note }) => {
  const databaseUrl = await postgres.create();
  await using product = await startProduct(databaseUrl);
  await using constant = startChild<Served, ServedAt>('served.ts');
  await using loader = startChild<Load, LoadResult>('load.ts');
  const ids = await makeTrees(product);
  const paths = ids.map((id) => `/api/v1/tenants/${id}/config`);
  const body = await (await fetch(product.url + paths[0], { headers: keyHeader })).text();
  note(`an answer has ${Object.keys(JSON.parse(body)).length} entries in ${Buffer.byteLength(body)} bytes`);

  const { url: constantUrl } = await constant.ask({ constantBody: body });
  const sides = {
    measured: measurer(loader, paths, product),
    baseline: measurer(loader, paths, { url: constantUrl, cpuMs: async () => (await constant.ask('usage')).cpuMs }),
  };
  const results = [await compare(sides, 50, note), { ...(await compare(sides, 1, note)), limit: '', ok: null }];
  note(await whileWriting(product, ids, () => sides.measured(50, roundMs)));
  for (const line of await costsOf(databaseUrl, ids, body)) {
    note(line);
  }
  return results;
};

interface Taken {
  readonly perSecond: number;
  readonly cpuPerAnswer: number;
}

type Measure = (connections: number, forMs: number) => Promise<Taken>;

function measurer(
  loader: Child<Load, LoadResult>,
  paths: readonly string[],
  { url, cpuMs }: Pick<Product, 'url' | 'cpuMs'>,
): Measure {
  return async (connections, forMs) => {
    const before = await cpuMs();
    const load: Load = { url, method: 'GET', paths, headers: keyHeader, connections, forMs };
    const { answers, perSecond } = await loader.ask(load);
    return { perSecond, cpuPerAnswer: ((await cpuMs()) - before) / answers };
  };
}

async function compare(
  { measured, baseline }: { measured: Measure; baseline: Measure },
  connections: number,
  note: (line: string) => void,
): Promise<Result> {
  const inWords = `${connections} connection${connections === 1 ? '' : 's'}`;
  await measured(connections, warmUpMs);
  await baseline(connections, warmUpMs);
  const taken = await byTurns(rounds, {
    measured: () => measured(connections, roundMs),
    baseline: () => baseline(connections, roundMs),
  });
  const ratio = medianRatio(taken, ({ perSecond }) => perSecond);
  note(
    `${inWords}: an answer costs the server ${cpuOf(taken.measured)} of CPU, a constant one ${cpuOf(taken.baseline)}`,
  );
  return {
    what: `GET /tenants/:id/config, depth 5, 20 keys per level, ${inWords}`,
    measured: rateOf(taken.measured),
    baseline: `${rateOf(taken.baseline)} constant body`,
    ratio: `${Math.round(ratio * 100)} %`,
    limit: `≥ ${limit * 100} %`,
    ok: ratio >= limit,
  };
}

async function makeTrees({ client }: Product): Promise<string[]> {
  const ids: string[] = [];
  for (let tree = 0; tree < trees; tree += 1) {
    ids.push(await makeConfigTree(client, `tree_${tree}`));
  }
  return ids;
}

/** The other end of what a cache is good for: somebody changes one tree after the other, without a pause. */
async function whileWriting({ client }: Product, ids: readonly string[], read: () => Promise<Taken>): Promise<string> {
  let reading = true;
  let writes = 0;
  const writer = async () => {
    for (; reading; writes += 1) {
      const tenantId = ids[writes % ids.length] ?? '';
      await client.mutate(SetConfigDocument, { tenantId, input: { key: 'feature.0', value: writes } });
    }
  };
  const writing = writer();
  const taken = await read();
  reading = false;
  await writing;
  return `50 connections while somebody writes config ${Math.round(writes / (roundMs / 1_000))} times a second: ${rateOf([taken])}`;
}

function rateOf(taken: readonly Taken[]): string {
  return `${Math.round(median(taken.map(({ perSecond }) => perSecond)))}/s`;
}

function cpuOf(taken: readonly Taken[]): string {
  return `${Math.round(median(taken.map(({ cpuPerAnswer }) => cpuPerAnswer)) * 1_000)} µs`;
}
