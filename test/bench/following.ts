import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notification } from 'pg';
import { CreateApiKeyDocument, CreateTenantsDocument, SetConfigDocument } from '../../src/client/index.ts';
import { startChild } from './child.ts';
import { type Product, startProduct } from './product.ts';
import type { Heard, Subscribers } from './subscribers.ts';

/** What follows. Its revision comes first, where it is found without reading everything. */
const query = `subscription ($id: ID!, $subtree: Boolean!) {
  events(tenantId: $id, subtree: $subtree) { event { revision id type tenantId actorId occurredAt before after } cursor }
}`;

/** How long an event may take before the run has failed. */
const patienceMs = 60_000;

/** How long after a commit the next one comes. */
const pauseMs = 250;

/** Whom to follow, and over how many connections. */
export interface Follow {
  readonly tenantIds: readonly string[];
  readonly subtree: boolean;
  readonly perSocket: number;
}

/** A server with those who follow it in a process of their own. */
export interface Followed extends AsyncDisposable {
  readonly product: Product;
  /** Makes a root with so many children; gives their ids, root first. */
  tree(name: string, children: number): Promise<string[]>;
  /** Opens a subscription for each id, and comes back when all of them have been told of something. */
  follow(follow: Follow): Promise<void>;
  /** Changes config of a tenant, and gives how long each of so many subscriptions waited for it, in milliseconds. */
  publish(tenantId: string, receivers: number): Promise<number[]>;
}

export async function startFollowed(databaseUrl: string): Promise<Followed> {
  const product = await startProduct(databaseUrl);
  const { client, sql, url } = product;
  const subscribers = startChild<Subscribers, Heard>('subscribers.ts');
  const { issued } = await client.mutate(CreateApiKeyDocument, {
    input: { tenantId: null, scopes: ['read'], name: 'Benchmark' },
  });
  const apiKey = issued?.plaintext_key ?? '';
  await sql.query('listen stratum_events');
  let turn = 0;
  const change = async (tenantId: string): Promise<Commit> => {
    const told = once(sql, 'notification').then(([notification]) => commitOf(notification as Notification));
    await client.mutate(SetConfigDocument, { tenantId, input: { key: 'feature.limit', value: turn++ } });
    return told;
  };
  const publish = async (tenantId: string, count: number, withinMs = patienceMs): Promise<number[]> => {
    const { revision, at } = await change(tenantId);
    const heard = await subscribers.ask({ hear: { revision, count, withinMs } });
    return heard.at.map((receivedAt) => receivedAt - at);
  };
  return {
    product,
    tree: async (name, children) => {
      const slugs = Array.from({ length: children + 1 }, (_, index) => `${name}_${index}`);
      const ids: string[] = [];
      for (let start = 0; start < slugs.length; start += 100) {
        const tenants = slugs
          .slice(start, start + 100)
          .map((slug) => ({ slug, name: slug, ...(slug !== slugs[0] && { parentSlug: slugs[0] ?? '' }) }));
        const { createTenants } = await client.mutate(CreateTenantsDocument, { tenants });
        ids.push(...createTenants!.map(({ id }) => id));
      }
      return ids;
    },
    follow: async ({ tenantIds, subtree, perSocket }) => {
      const variables = tenantIds.map((id) => ({ id, subtree }));
      await subscribers.ask({ open: { url, apiKey, query, variables, perSocket } });
      // A subscription doesn't say when it has begun.
      for (const id of new Set(tenantIds)) {
        const count = tenantIds.filter((other) => other === id).length;
        const end = performance.now() + patienceMs;
        while ((await publish(id, count, 1_000)).length < count) {
          if (performance.now() > end) {
            throw new Error(`not all of ${count} subscriptions were told of anything`);
          }
        }
      }
    },
    publish: async (tenantId, receivers) => {
      const waits = await publish(tenantId, receivers);
      if (waits.length !== receivers) {
        throw new Error(`an event reached ${waits.length} subscriptions instead of ${receivers}`);
      }
      await sleep(pauseMs);
      return waits;
    },
    [Symbol.asyncDispose]: async () => {
      await subscribers[Symbol.asyncDispose]();
      await product[Symbol.asyncDispose]();
    },
  };
}

interface Commit {
  readonly revision: number;
  /** When it was there to see for everybody who listens to the database, this process too. */
  readonly at: number;
}

function commitOf({ payload = '' }: Notification): Commit {
  const at = performance.timeOrigin + performance.now();
  return { revision: Number(payload.split(':')[1]), at };
}
