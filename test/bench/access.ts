import { CreateApiKeyDocument } from '../../src/client/index.ts';
import type { Budget, Result } from './budget.ts';
import { type Child, startChild } from './child.ts';
import { makeConfigTree } from './config-tree.ts';
import type { Load, LoadResult } from './load.ts';
import { startProduct } from './product.ts';
import type { Served, ServedAt } from './served.ts';
import { byTurns, median, medianRatio } from './statistics.ts';

const rounds = 7;
const roundMs = 1_500;
const warmUpMs = 3_000;
const connections = 50;
/** At most this share of the rate may go into finding out who asks and whether they may. */
const limit = 0.85;

const trees = 100;

/** What it costs that every request is asked whose it is: with a key of the database, against the same server that lets everybody in. */
export const access: Budget = async ({ postgres }) => {
  const databaseUrl = await postgres.create();
  await using product = await startProduct(databaseUrl);
  await using open = startChild<Served, ServedAt>('served.ts');
  await using loader = startChild<Load, LoadResult>('load.ts');
  const ids: string[] = [];
  for (let tree = 0; tree < trees; tree += 1) {
    ids.push(await makeConfigTree(product.client, `tree_${tree}`));
  }
  const { issued } = await product.client.mutate(CreateApiKeyDocument, {
    input: { tenantId: null, scopes: ['read'], name: 'Benchmark' },
  });
  const headers = { 'X-API-Key': issued?.plaintext_key ?? '' };
  const { url: openUrl } = await open.ask({ databaseUrl, letsEverybodyIn: true });
  const config = { method: 'GET', paths: ids.map((id) => `/api/v1/tenants/${id}/config`), headers } as const;
  const viewer = {
    method: 'POST',
    paths: ['/graphql'],
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ query: '{ viewer { id type scopes } }' }),
  } as const;
  return [
    await compare(loader, 'GET /tenants/:id/config with a key', config, [product.url, openUrl]),
    await compare(loader, 'viewer with a key', viewer, [product.url, openUrl]),
  ];
};

type Asked = Pick<Load, 'method' | 'paths' | 'headers' | 'body'>;

async function compare(
  loader: Child<Load, LoadResult>,
  what: string,
  asked: Asked,
  [checked, open]: readonly [string, string],
): Promise<Result> {
  const rate = async (url: string, forMs: number) =>
    (await loader.ask({ ...asked, url, connections, forMs })).perSecond;
  await rate(checked, warmUpMs);
  await rate(open, warmUpMs);
  const taken = await byTurns(rounds, { measured: () => rate(checked, roundMs), baseline: () => rate(open, roundMs) });
  const ratio = medianRatio(taken, (perSecond) => perSecond);
  return {
    what,
    measured: `${Math.round(median(taken.measured))}/s`,
    baseline: `${Math.round(median(taken.baseline))}/s without access checks`,
    ratio: `${Math.round(ratio * 100)} %`,
    limit: `≥ ${limit * 100} %`,
    ok: ratio >= limit,
  };
}
